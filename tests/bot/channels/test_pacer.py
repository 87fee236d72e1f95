import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest

from bot.channels.pacer import UNLIMITED, Pacer, Rate, before_wire, telegram_rate
from bot.domain.notices import Lane
from bot.domain.sending import RetryAfter, Withdrawn
from tests.bot.channels.crowd import Crowd, Hours, crowd_at

Crowds = Callable[..., Any]


@pytest.fixture
def hours() -> Hours:
    return Hours()


@pytest.fixture
async def crowd_of(hours: Hours) -> AsyncIterator[Crowds]:
    async with AsyncExitStack() as stack:

        async def make(rate: float, burst: int = 1, **more: Any) -> Crowd:
            return await stack.enter_async_context(crowd_at(hours, rate, burst, **more))

        yield make


async def test_a_broadcast_is_spread_evenly_and_never_bursts(
    crowd_of: Crowds, hours: Hours
) -> None:
    crowd = await crowd_of(30)
    for number in range(300):
        crowd.ask(f"chat {number}")
    await hours.pass_by(10.3)
    assert len(crowd.turns) == 300
    assert crowd.most_in(1.0) == 30
    assert crowd.most_in(0.1) <= 4
    assert [name for name, _ in crowd.turns] == [f"chat {n}" for n in range(300)]


@pytest.mark.parametrize(("rate", "within"), [(30, 340), (1000, 11)])
async def test_ten_thousand_take_hardly_longer_than_the_limit_asks(
    crowd_of: Crowds, hours: Hours, rate: float, within: float
) -> None:
    crowd = await crowd_of(rate, rate_of=telegram_rate)
    waiting = iter(range(10_000))

    async def sender() -> None:
        for number in waiting:
            await crowd.pacer.turn(str(number), Lane.RESTOCK)
            crowd.turns.append((str(number), crowd.since_start))

    crowd.tasks += [asyncio.create_task(sender()) for _ in range(64)]
    await hours.pass_by(within)
    assert len(crowd.turns) == 10_000
    assert crowd.most_in(1.0) <= rate


async def test_timers_that_fire_late_neither_slow_it_down_nor_let_more_through(
    crowd_of: Crowds, hours: Hours
) -> None:
    crowd = await crowd_of(30)
    for number in range(900):
        crowd.ask(f"chat {number}")
    on_time = hours.sleep

    async def late(seconds: float) -> None:
        await on_time(seconds + 0.005)

    crowd.pacer._sleep = late
    await hours.pass_by(30.4)
    assert len(crowd.turns) == 900
    assert crowd.most_in(1.0) == 30


async def test_answers_may_burst_up_to_the_limit_and_no_further(
    crowd_of: Crowds, hours: Hours
) -> None:
    crowd = await crowd_of(30)
    for number in range(90):
        crowd.ask(f"person {number}", Lane.REPLY)
    await hours.settle()
    assert len(crowd.turns) == 30
    await hours.pass_by(3)
    assert crowd.most_in(1.0) == 30
    assert len(crowd.turns) == 90


async def test_an_answer_takes_the_next_slot_in_the_middle_of_a_broadcast(
    crowd_of: Crowds, hours: Hours
) -> None:
    crowd = await crowd_of(30)
    for number in range(200):
        crowd.ask(f"chat {number}")
    await hours.pass_by(2.05)
    for number in range(3):
        crowd.ask(f"person {number}", Lane.REPLY)
    before = len(crowd.turns)
    await hours.pass_by(0.11)
    assert [name for name, _ in crowd.turns[before:][:3]] == ["person 0", "person 1", "person 2"]
    await hours.pass_by(4)
    assert crowd.most_in(1.0) == 30


async def test_lanes_are_served_in_their_order(crowd_of: Crowds, hours: Hours) -> None:
    crowd = await crowd_of(1)
    crowd.ask("first", Lane.DIGEST)
    await hours.settle()
    for lane in reversed(Lane):
        crowd.ask(lane.name, lane)
    await hours.pass_by(10)
    assert [name for name, _ in crowd.turns[1:]] == [lane.name for lane in Lane]


async def test_a_chat_gets_a_short_burst_of_answers_and_then_one_a_second(
    crowd_of: Crowds, hours: Hours
) -> None:
    crowd = await crowd_of(100, rate_of=telegram_rate)
    for _ in range(6):
        crowd.ask("42", Lane.REPLY)
    await hours.pass_by(4)
    assert crowd.when("42") == [0, 0, 0, 1, 2, 3]


async def test_what_is_no_answer_never_uses_the_burst_of_a_chat(
    crowd_of: Crowds, hours: Hours
) -> None:
    crowd = await crowd_of(100, rate_of=telegram_rate)
    for _ in range(3):
        crowd.ask("42")
    await hours.pass_by(0.5)
    crowd.ask("42", Lane.REPLY)
    await hours.pass_by(4)
    assert crowd.when("42") == [0, 0.5, 2, 3]  # the answer's turn was one of the others'


async def test_a_group_gets_at_most_twenty_a_minute(crowd_of: Crowds, hours: Hours) -> None:
    crowd = await crowd_of(30, rate_of=telegram_rate)
    for _ in range(60):
        crowd.ask("-100123", Lane.REPLY)
    await hours.pass_by(180)
    assert crowd.most_in(60) <= 20
    assert len(crowd.turns) >= 51


async def test_a_slow_chat_delays_nobody_else(crowd_of: Crowds, hours: Hours) -> None:
    crowd = await crowd_of(10, rate_of=lambda key: Rate(0.1) if key == "slow" else UNLIMITED)
    for _ in range(3):
        crowd.ask("slow")
    for number in range(5):
        crowd.ask(f"chat {number}")
    await hours.pass_by(1)
    assert len(crowd.turns) == 6
    assert crowd.sent_away == []


async def test_who_waits_for_a_held_chat_is_sent_away_at_once_and_others_are_not(
    crowd_of: Crowds, hours: Hours
) -> None:
    crowd = await crowd_of(10)
    crowd.ask("first")
    crowd.ask("held")
    crowd.ask("other")
    await hours.settle()
    crowd.pacer.hold("held", 30)
    await hours.pass_by(2)
    crowd.ask("held")
    await hours.pass_by(1)
    assert [name for name, _ in crowd.turns] == ["first", "other"]
    assert [name for name, _, _ in crowd.sent_away] == ["held", "held"]
    assert [round(left, 1) for _, _, left in crowd.sent_away] == [29.9, 28.0]


async def test_the_end_of_a_hold_is_waited_for(crowd_of: Crowds, hours: Hours) -> None:
    crowd = await crowd_of(10)
    crowd.pacer.hold("held", 30)
    await hours.pass_by(29.1)
    crowd.ask("held")
    await hours.pass_by(2)
    assert crowd.when("held") == [30]


@pytest.mark.parametrize(("seconds", "waits"), [(15, True), (15.1, False)])
async def test_an_answer_waits_a_quarter_of_a_minute_for_a_held_chat(
    crowd_of: Crowds, hours: Hours, seconds: float, waits: bool
) -> None:
    crowd = await crowd_of(10)
    crowd.pacer.hold("held", seconds)
    crowd.ask("held", Lane.REPLY)
    await hours.pass_by(20)
    assert crowd.when("held") == ([15] if waits else [])
    assert [name for name, _, _ in crowd.sent_away] == ([] if waits else ["held"])


async def test_a_hold_of_the_account_stops_everybody(crowd_of: Crowds, hours: Hours) -> None:
    crowd = await crowd_of(10)
    crowd.ask("before")
    crowd.ask("news")
    await hours.settle()
    crowd.pacer.hold(None, 5)
    crowd.ask("person", Lane.REPLY)
    await hours.pass_by(4.9)
    assert [name for name, _ in crowd.turns] == ["before"]
    assert [name for name, _, _ in crowd.sent_away] == ["news"]
    await hours.pass_by(0.2)
    assert crowd.when("person") == [5]


async def test_a_shorter_hold_does_not_lift_a_longer_one(crowd_of: Crowds, hours: Hours) -> None:
    crowd = await crowd_of(10)
    crowd.pacer.hold("chat", 10)
    crowd.pacer.hold("chat", 1)
    crowd.ask("chat", Lane.REPLY)
    await hours.pass_by(60)
    assert crowd.when("chat") == [10]


async def test_a_hold_that_comes_between_the_turn_and_the_request_stops_it(
    crowd_of: Crowds, hours: Hours
) -> None:
    crowd = await crowd_of(10)

    async def commit() -> None:
        crowd.pacer.hold("chat", 60)

    with before_wire(commit), pytest.raises(RetryAfter):
        await crowd.pacer.turn("chat", Lane.RESTOCK)


async def test_a_commit_that_takes_long_does_not_let_more_through_a_second(
    crowd_of: Crowds, hours: Hours
) -> None:
    crowd = await crowd_of(30)

    async def slow_disk() -> None:
        if crowd.since_start < 1:
            await hours.sleep(1 - crowd.since_start)

    with before_wire(slow_disk):
        for number in range(90):
            crowd.ask(f"chat {number}")
        await hours.settle()
    await hours.pass_by(5)
    assert len(crowd.turns) == 90
    assert crowd.most_in(1.0) == 30


async def test_a_turn_that_is_not_used_is_given_back(crowd_of: Crowds, hours: Hours) -> None:
    crowd = await crowd_of(1, rate_of=telegram_rate)

    async def withdrawn() -> None:
        raise Withdrawn

    with before_wire(withdrawn):
        tasks = [crowd.ask("chat") for _ in range(3)]
    crowd.ask("chat")
    await hours.settle()
    assert crowd.when("chat") == [0]
    for task in tasks:
        crowd.tasks.remove(task)
        with pytest.raises(Withdrawn):
            await task


async def test_a_method_has_a_rate_beside_the_chat(crowd_of: Crowds, hours: Hours) -> None:
    crowd = await crowd_of(100, rate_of=lambda key: Rate(1) if key == "edit" else UNLIMITED)
    for number in range(3):
        crowd.ask(f"chat {number}", Lane.EDIT, "edit")
    crowd.ask("chat 9", Lane.EDIT)
    await hours.pass_by(0.5)
    assert len(crowd.turns) == 2
    await hours.pass_by(2)
    assert len(crowd.turns) == 4


async def test_who_stands_in_two_lines_holds_up_neither(crowd_of: Crowds, hours: Hours) -> None:
    rates = {"edit": Rate(1), "chat": Rate(0.1)}
    crowd = await crowd_of(100, rate_of=lambda key: rates.get(key, UNLIMITED))
    crowd.ask("chat", Lane.EDIT, "edit")
    crowd.ask("chat", Lane.EDIT, "edit")  # waits for its chat, then for the method
    crowd.ask("other", Lane.EDIT, "edit")
    crowd.ask("third", Lane.EDIT, "edit")
    await hours.pass_by(3)
    assert crowd.when("other") + crowd.when("third") == [1, 2]
    await hours.pass_by(8)
    assert crowd.when("chat") == [0, 10]


async def test_who_must_wait_once_more_lets_those_behind_pass(
    crowd_of: Crowds, hours: Hours
) -> None:
    rates = {"edit": Rate(1), "chat": Rate(0.1)}
    crowd = await crowd_of(100, rate_of=lambda key: rates.get(key, UNLIMITED))
    crowd.ask("first", Lane.EDIT, "edit")
    crowd.ask("chat", Lane.EDIT, "edit")  # waits for the method, and then its chat is used up
    crowd.ask("last", Lane.EDIT, "edit")
    await hours.pass_by(0.5)
    crowd.ask("chat", Lane.ALERT)
    await hours.pass_by(1)
    assert crowd.when("last") == [1]


async def test_who_is_cancelled_uses_no_turn(crowd_of: Crowds, hours: Hours) -> None:
    crowd = await crowd_of(1)
    crowd.ask("first")
    await hours.settle()
    gone = [crowd.ask("gone") for _ in range(10)]
    crowd.ask("last")
    await hours.settle()
    for task in gone:
        task.cancel()
    await hours.pass_by(1.1)
    assert [name for name, _ in crowd.turns] == ["first", "last"]
    assert crowd.pacer.waiting == 0


async def test_who_is_cancelled_in_the_moment_of_the_turn_gives_it_back(
    crowd_of: Crowds, hours: Hours
) -> None:
    crowd = await crowd_of(1)
    crowd.ask("first")
    await hours.settle()
    gone, last = crowd.ask("gone"), crowd.ask("last")
    await hours.settle()
    hours.now += 1.012
    crowd.pacer.hold("nobody", 0)  # grants the turn, and its task has not run yet
    gone.cancel()
    await hours.pass_by(0.1)
    assert last.done()
    assert crowd.when("last") == [1.012]


async def test_who_is_cancelled_first_in_the_line_of_a_chat_holds_up_nobody(
    crowd_of: Crowds, hours: Hours
) -> None:
    crowd = await crowd_of(100, rate_of=telegram_rate)
    crowd.ask("42")
    await hours.settle()
    gone = crowd.ask("42")
    crowd.ask("42")
    await hours.pass_by(0.5)
    gone.cancel()
    await hours.pass_by(1)
    assert crowd.when("42") == [0, 1]


async def test_idle_chats_are_forgotten_and_busy_ones_are_not(
    crowd_of: Crowds, hours: Hours
) -> None:
    crowd = await crowd_of(1e6, rate_of=lambda _: Rate(1))
    crowd.pacer.hold("held", 600)
    for number in range(6_000):
        await crowd.pacer.turn(str(number), Lane.RESTOCK)
        hours.now += 0.01
    assert len(crowd.pacer._keys) < 6_000
    crowd.ask("held")
    await hours.settle()
    assert [name for name, _, _ in crowd.sent_away] == ["held"]


async def test_no_limit_at_all() -> None:
    pacer = Pacer(float("inf"))
    for number in range(1_000):
        await pacer.turn(str(number), Lane.RESTOCK)
    assert pacer.waiting == 0
