"""How much a worker takes at a time, and what it gives back when it stops."""

import asyncio
from datetime import UTC, datetime

from bot.delivery.hands import AT_FIRST, Ask, Hands, Window
from bot.domain.notices import LAST_LANE, Claimed, Lane, NoticeKind

WINDOW = Window(ahead=8, most=20, staff=4)
WIDE = Window(ahead=256, most=1024)


def notice(number: int) -> Claimed:
    return Claimed(
        id=number, kind=NoticeKind.RESTOCK, contact_id=number, lane=Lane.RESTOCK,
        subject=f"s{number}", payload={}, product_id=None, restock_id=None, subscription_id=None,
        attempts=0, doubtful=0, wired_at=None, created_at=datetime(2026, 3, 2, tzinfo=UTC),
    )  # fmt: skip


async def forever() -> None:
    await asyncio.Event().wait()


def take(hands: Hands, count: int, *, start: int = 0, leave: bool = False) -> None:
    for number in range(start, start + count):
        hands.hold(notice(number), asyncio.create_task(forever()))
        if leave:
            hands.leaves(notice(number))


async def test_it_starts_with_a_few_and_takes_twice_as_many_each_time() -> None:
    hands, asked = Hands(), []
    for _ in range(4):
        ask = hands.room(WIDE)
        assert ask is not None
        asked.append(ask.limit)
        take(hands, ask.limit, start=sum(asked) - ask.limit)
    assert asked == [AT_FIRST, AT_FIRST, 2 * AT_FIRST, 4 * AT_FIRST]
    await hands.let_go()


async def test_with_enough_ahead_only_staff_alerts_are_taken() -> None:
    hands = Hands()
    take(hands, 8)
    assert hands.room(WINDOW) == Ask(4, Lane.ALERT)
    take(hands, 4, start=8)
    assert hands.room(WINDOW) is None
    await hands.let_go()


async def test_what_is_on_the_wire_does_not_count_as_ahead_but_is_bounded() -> None:
    hands = Hands()
    take(hands, 15, leave=True)
    assert hands.room(WINDOW) == Ask(5, LAST_LANE)
    take(hands, 5, start=15, leave=True)
    assert hands.room(WINDOW) == Ask(12, Lane.ALERT)
    await give_up(hands)


async def give_up(hands: Hands) -> None:
    """End the test's tasks, those on the wire too."""
    for task in list(hands._held):
        task.cancel()
    await asyncio.gather(*hands._held, return_exceptions=True)


async def test_a_stop_gives_back_what_waits_and_waits_for_what_left() -> None:
    hands, answer, answered = Hands(), asyncio.Event(), []

    async def on_wire() -> None:
        await answer.wait()
        answered.append(True)

    hands.hold(notice(1), asyncio.create_task(on_wire()))
    hands.leaves(notice(1))
    take(hands, 2, start=2)
    stopping = asyncio.create_task(hands.let_go())
    await asyncio.sleep(0)
    assert not stopping.done()
    answer.set()
    assert sorted(item.id for item in await stopping) == [2, 3]
    assert answered == [True]
