"""The row of the bench tells a transport that is cheap enough from one that is not."""

from bot.channels.telegram_transport import AiohttpRequest
from tests.bench.transport import BAR, Figures, cheap, rounds, server_elsewhere
from tests.faults.rows import failed


def test_the_bar_is_the_processor_time_of_the_least_disturbed_round() -> None:
    disturbed, quiet = Figures(300, 0.9), Figures(1_500, 0.4)
    assert not failed([cheap([disturbed, quiet])], timing=True)
    assert failed([cheap([disturbed, Figures(900, BAR + 0.01)])], timing=True)


async def test_it_measures_messages_that_were_sent() -> None:
    async with server_elsewhere() as root:
        found = await rounds(AiohttpRequest, root, 50)
    assert all(one.a_second > 0 and one.cpu > 0 for one in found)
