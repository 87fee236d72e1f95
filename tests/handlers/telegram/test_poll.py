"""Polling: what arrives is stored before Telegram forgets it, whatever happens on the way."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from bot.channels.pacer import Pacer
from bot.channels.telegram_limits import PacedRequests
from bot.channels.telegram_transport import AiohttpRequest
from bot.domain.faults import DatabaseDown
from bot.sandbox.server import Sandbox
from handlers.telegram.arrivals import Arrival
from handlers.telegram.build import (
    AnyApplication,
    Transport,
    build_application,
    httpx_transport,
)
from handlers.telegram.connection import Connection
from handlers.telegram.poll import Poller
from handlers.telegram.waiting import TokenRefused
from tests.handlers.telegram.conftest import Kept, running
from tests.handlers.telegram.live import quick


@pytest.fixture(params=[httpx_transport, AiohttpRequest], ids=["httpx", "aiohttp"])
def transport(request: pytest.FixtureRequest) -> Transport:
    found: Transport = request.param
    return found


def poller(application: AnyApplication, kept: Kept) -> Poller:
    return Poller(application.bot, kept.accept_many, quick())


async def pending(sandbox: Sandbox) -> int:
    return int((await sandbox.driver.state())["telegram"]["pending_updates"])


async def test_updates_are_stored_with_their_key_and_sender(
    sandbox: Sandbox, application: AnyApplication, kept: Kept
) -> None:
    ann = await sandbox.telegram.customer("Ann", id=501)
    sent = await ann.say("/list")
    async with running(poller(application, kept)):
        (arrival,) = await kept.wait_for(1)
    assert arrival == Arrival("telegram", str(sent["update_id"]), "501", arrival.payload)
    assert arrival.payload["message"]["text"] == "/list"


async def test_an_update_is_not_confirmed_before_it_is_stored(
    sandbox: Sandbox, application: AnyApplication
) -> None:
    ann = await sandbox.telegram.customer()
    await ann.say("/list")
    seen_pending: list[int] = []

    class Looking(Kept):
        async def accept_many(self, arrivals: Sequence[Arrival]) -> None:
            seen_pending.append(await pending(sandbox))
            await super().accept_many(arrivals)

    kept = Looking()
    async with running(poller(application, kept)):
        await kept.wait_for(1)
    assert seen_pending == [1]


async def test_a_batch_that_could_not_be_stored_comes_again(
    sandbox: Sandbox, application: AnyApplication, kept: Kept
) -> None:
    ann = await sandbox.telegram.customer()
    await ann.say("/list")

    class FullDisk(Exception):
        pass

    async def refuse(_: Sequence[Arrival]) -> None:
        raise FullDisk

    with pytest.raises(FullDisk):
        await Poller(application.bot, refuse, quick()).run(asyncio.Event())
    async with running(poller(application, kept)):
        assert len(await kept.wait_for(1)) == 1


async def test_a_backlog_is_stored_in_one_commit_and_then_confirmed(
    sandbox: Sandbox, application: AnyApplication, kept: Kept
) -> None:
    ann = await sandbox.telegram.customer()
    for number in range(30):
        await ann.say(f"/stock {number}")
    async with running(poller(application, kept)):
        await kept.wait_for(30)
        await sandbox.driver.wait(lambda state: state["telegram"]["pending_updates"] == 0)
    assert kept.commits == 1


@pytest.mark.parametrize(
    "failure",
    [
        {"status": 409, "description": "Conflict: terminated by other getUpdates request"},
        {"status": 502, "description": "Bad Gateway"},
        {"drop_before": True},
        {"drop_after": True},
        {"status": 429, "retry_after": 1},
    ],
    ids=["409", "502", "cut before", "cut after", "429"],
)
async def test_it_goes_on_after(
    failure: dict[str, Any], sandbox: Sandbox, application: AnyApplication, kept: Kept
) -> None:
    planned = [{"method": "getUpdates"} | failure]
    await sandbox.driver.faults(telegram={"fail_next": planned})
    ann = await sandbox.telegram.customer()
    await ann.say("/list")
    async with running(poller(application, kept)):
        assert len(await kept.wait_for(1)) == 1


async def test_a_web_hook_of_earlier_days_is_removed_and_what_waits_there_is_kept(
    sandbox: Sandbox, application: AnyApplication, kept: Kept
) -> None:
    await application.bot.set_webhook("http://127.0.0.1:9/gone")
    ann = await sandbox.telegram.customer()
    await ann.say("/list")
    async with running(poller(application, kept)):
        assert len(await kept.wait_for(1)) == 1


async def test_an_update_that_nobody_can_read_does_not_hold_up_the_others(
    sandbox: Sandbox, application: AnyApplication, kept: Kept
) -> None:
    sandbox._telegram.push("message", {"chat": {"id": 7}})  # no date, no message_id
    ann = await sandbox.telegram.customer("Ann", id=501)
    await ann.say("/list")
    async with running(poller(application, kept)):
        odd, good = await kept.wait_for(2)
    assert (odd.sender, good.sender) == ("7", "501")


async def test_a_refused_token_stops_it_with_words_that_do_not_quote_the_token(
    sandbox: Sandbox, kept: Kept, transport: Transport
) -> None:
    limits = PacedRequests(Pacer(1000, burst=1000))
    application = build_application("999:WRONG", sandbox.telegram_api_url, limits, transport)
    connection = Connection(application, quick())
    with pytest.raises(TokenRefused):
        await connection.connect(asyncio.Event())
    with pytest.raises(TokenRefused) as refused:
        await poller(application, kept).run(asyncio.Event())
    await connection.close()
    assert "TELEGRAM_BOT_TOKEN" in str(refused.value)
    assert "WRONG" not in str(refused.value)


async def test_it_stops_within_a_second_in_the_middle_of_a_long_poll(
    sandbox: Sandbox, application: AnyApplication, kept: Kept
) -> None:
    async with running(poller(application, kept)):
        await sandbox.driver.wait_until_listening(slack=False)


async def test_what_could_not_be_stored_is_fetched_again(
    sandbox: Sandbox, application: AnyApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("handlers.telegram.poll.NOT_STORED", 0.0)
    await (await sandbox.telegram.customer()).say("/list")
    refusals = [DatabaseDown("the disk is full")] * 3
    pending_then: list[int] = []

    class Full(Kept):
        async def accept_many(self, arrivals: Sequence[Arrival]) -> None:
            pending_then.append(await pending(sandbox))
            if refusals:
                raise refusals.pop()
            await super().accept_many(arrivals)

    kept = Full()
    async with running(poller(application, kept)):
        await kept.wait_for(1)
    assert pending_then == [1, 1, 1, 1]
