"""How much a worker takes at a time, and what it gives back when it stops."""

import asyncio
from datetime import UTC, datetime

from bot.delivery.hands import AT_FIRST, HANGS, Ask, Hands, Window
from bot.domain.delivery import in_doubt_at_most
from bot.domain.notices import LAST_LANE, Claimed, Lane, NoticeKind

WINDOW = Window(ahead=8, most=20, staff=4)
WIDE = Window(ahead=256, most=1024)


def notice(number: int, lane: Lane = Lane.RESTOCK, *, long_line: bool = True) -> Claimed:
    return Claimed(
        id=number,
        kind=NoticeKind.RESTOCK,
        contact_id=number,
        lane=lane,
        subject=f"s{number}",
        payload={"long_line": long_line},
        product_id=None,
        restock_id=None,
        subscription_id=None,
        attempts=0,
        doubtful=0,
        wired_at=None,
        created_at=datetime(2026, 3, 2, tzinfo=UTC),
    )


async def forever() -> None:
    await asyncio.Event().wait()


async def take(hands: Hands, count: int, *, start: int = 0, leave: bool = False) -> None:
    for number in range(start, start + count):
        hands.hold(notice(number), asyncio.create_task(forever()))
        if leave:
            await hands.leaves(notice(number))


async def test_it_starts_with_a_few_and_takes_twice_as_many_each_time() -> None:
    hands, asked = Hands(), []
    for _ in range(4):
        ask = hands.room(WIDE)
        assert ask is not None
        asked.append(ask.limit)
        await take(hands, ask.limit, start=sum(asked) - ask.limit)
    assert asked == [AT_FIRST, AT_FIRST, 2 * AT_FIRST, 4 * AT_FIRST]
    await hands.let_go()


async def test_with_enough_ahead_only_staff_alerts_are_taken() -> None:
    hands = Hands()
    await take(hands, 8)
    assert hands.room(WINDOW) == Ask(4, Lane.ALERT)
    await take(hands, 4, start=8)
    assert hands.room(WINDOW) is None
    await hands.let_go()


async def test_what_is_on_the_wire_does_not_count_as_ahead_but_is_bounded() -> None:
    hands = Hands()
    await take(hands, 15, leave=True)
    assert hands.room(WINDOW) == Ask(5, LAST_LANE)
    await take(hands, 5, start=15, leave=True)
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
    await hands.leaves(notice(1))
    await take(hands, 2, start=2)
    stopping = asyncio.create_task(hands.let_go())
    await asyncio.sleep(0)
    assert not stopping.done()
    answer.set()
    assert sorted(item.id for item in await stopping) == [2, 3]
    assert answered == [True]


async def test_of_a_usual_line_one_at_a_time_is_in_doubt() -> None:
    hands = Hands()
    await hands.leaves(notice(1, long_line=False))
    second = asyncio.create_task(hands.leaves(notice(2, long_line=False)))
    third = asyncio.create_task(hands.leaves(notice(3, long_line=False)))
    alert = asyncio.create_task(hands.leaves(notice(4, Lane.ALERT)))
    await alert  # staff and answers wait for nobody
    hands.answered(notice(4), well=True)
    assert not second.done()
    hands.answered(notice(1), well=True)
    await second
    assert not third.done()  # the order of the line
    hands.answered(notice(2), well=False)
    await third


async def test_whose_turn_comes_just_as_the_wire_is_free_does_not_pass_who_waits() -> None:
    hands = Hands()
    await hands.leaves(notice(1, long_line=False))
    second = asyncio.create_task(hands.leaves(notice(2, long_line=False)))
    await asyncio.sleep(0)
    hands.answered(notice(1), well=True)
    third = asyncio.create_task(hands.leaves(notice(3, long_line=False)))
    await second
    assert not third.done()
    hands.answered(notice(2), well=True)
    await third


async def test_an_answer_that_hangs_holds_the_others_up_for_a_second_at_most() -> None:
    hands = Hands()
    await hands.leaves(notice(1, long_line=False))
    second = asyncio.create_task(hands.leaves(notice(2, long_line=False)))
    await asyncio.wait([second], timeout=HANGS / 2)
    assert not second.done()  # it is held up, by an answer that never comes
    await asyncio.wait([second], timeout=10)
    assert second.done()


async def test_a_platform_that_takes_longer_has_more_in_doubt_and_stays_as_fast() -> None:
    for seconds, most in ((0, 1), (0.1, 1), (0.101, 2), (0.22, 3)):
        assert in_doubt_at_most(long_line=False, round_trip=seconds) == most
    assert in_doubt_at_most(long_line=True, round_trip=0.1) is None
