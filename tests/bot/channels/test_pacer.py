import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from bot.channels.pacer import UNLIMITED, Pacer, Rate, telegram_rate
from bot.domain.notices import Lane


class Hours:
    """A clock that `pass_by` moves, and the sleep that wakes by it."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self._sleeping: list[tuple[float, asyncio.Future[None]]] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleeping.append((self.now + seconds, woken))
        await woken

    async def settle(self) -> None:
        """Let everything run that can run without time passing."""
        for _ in range(8):
            await asyncio.sleep(0)

    async def pass_by(self, seconds: float) -> None:
        end = self.now + seconds
        await self.settle()
        while due := self._due_before(end):
            self.now, woken = due
            woken.set_result(None)
            await self.settle()
        self.now = end

    def _due_before(self, end: float) -> tuple[float, asyncio.Future[None]] | None:
        self._sleeping = [(at, woken) for at, woken in self._sleeping if not woken.done()]
        due = min((one for one in self._sleeping if one[0] <= end), default=None, key=at_of)
        return due and (max(due[0], self.now), due[1])


def at_of(sleeper: tuple[float, Any]) -> float:
    return sleeper[0]


class Crowd:
    """Senders that note when their turn came, in seconds from the start."""

    def __init__(self, hours: Hours, pacer: Pacer) -> None:
        self.hours, self.pacer = hours, pacer
        self.start = hours.now
        self.turns: list[tuple[str, float]] = []
        self.tasks: list[asyncio.Task[None]] = []

    def ask(self, name: str, lane: Lane = Lane.RESTOCK, *also: str) -> asyncio.Task[None]:
        async def one() -> None:
            await self.pacer.turn(name, lane, *also)
            self.turns.append((name, self.hours.now - self.start))

        self.tasks.append(asyncio.create_task(one()))
        return self.tasks[-1]

    def when(self, name: str) -> list[float]:
        return [round(at, 3) for who, at in self.turns if who == name]

    def most_in(self, seconds: float) -> int:
        """The busiest window of that length."""
        times = sorted(at for _, at in self.turns)
        return max(sum(1 for t in times if at <= t < at + seconds - 1e-6) for at in times)


Crowds = Callable[..., Crowd]


@pytest.fixture
def hours() -> Hours:
    return Hours()


@pytest.fixture
async def crowd_of(hours: Hours) -> AsyncIterator[Crowds]:
    crowds: list[Crowd] = []

    def make(rate: float, burst: int = 1, **more: Any) -> Crowd:
        pacer = Pacer(rate, burst, clock=hours, sleep=hours.sleep, **more)
        crowds.append(Crowd(hours, pacer))
        return crowds[-1]

    yield make
    for task in (task for crowd in crowds for task in crowd.tasks):
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def test_a_broadcast_is_spread_evenly_and_never_bursts(
    crowd_of: Crowds, hours: Hours
) -> None:
    crowd = crowd_of(30)
    for number in range(300):
        crowd.ask(f"chat {number}")
    await hours.pass_by(10.01)
    assert len(crowd.turns) == 300
    assert crowd.most_in(1.0) == 30
    assert [name for name, _ in crowd.turns] == [f"chat {n}" for n in range(300)]


async def test_ten_thousand_take_no_longer_than_the_rate_asks(
    crowd_of: Crowds, hours: Hours
) -> None:
    crowd = crowd_of(29.5, 4, reserved=3)
    waiting = iter(range(10_000))

    async def sender() -> None:
        for number in waiting:
            await crowd.pacer.turn(str(number), Lane.RESTOCK)
            crowd.turns.append((str(number), hours.now - crowd.start))

    crowd.tasks += [asyncio.create_task(sender()) for _ in range(8)]
    await hours.pass_by(340)
    assert len(crowd.turns) == 10_000


async def test_an_answer_goes_at_once_in_the_middle_of_a_broadcast(
    crowd_of: Crowds, hours: Hours
) -> None:
    crowd = crowd_of(10, 3, reserved=2)
    for number in range(100):
        crowd.ask(f"chat {number}")
    await hours.pass_by(2.05)
    crowd.ask("person one", Lane.REPLY)
    crowd.ask("person two", Lane.REPLY)
    await hours.settle()
    assert crowd.when("person one") == crowd.when("person two") == [2.05]
    await hours.pass_by(8)
    assert crowd.most_in(1.0) <= 12
    assert len(crowd.turns) == pytest.approx(101, abs=1)


async def test_more_answers_than_the_reserve_go_before_the_broadcast(
    crowd_of: Crowds, hours: Hours
) -> None:
    crowd = crowd_of(10)
    for number in range(50):
        crowd.ask(f"chat {number}")
    await hours.pass_by(0.05)
    for number in range(5):
        crowd.ask(f"person {number}", Lane.REPLY)
    await hours.pass_by(0.5)
    assert [name for name, _ in crowd.turns[1:6]] == [f"person {n}" for n in range(5)]


async def test_lanes_are_served_in_their_order(crowd_of: Crowds, hours: Hours) -> None:
    crowd = crowd_of(1)
    crowd.ask("first", Lane.DIGEST)
    await hours.settle()
    for lane in (Lane.DIGEST, Lane.EDIT, Lane.RESTOCK, Lane.ALERT, Lane.REPLY):
        crowd.ask(lane.name, lane)
    await hours.pass_by(10)
    assert [name for name, _ in crowd.turns[1:]] == [lane.name for lane in Lane]


async def test_a_chat_gets_a_short_burst_and_then_one_a_second(
    crowd_of: Crowds, hours: Hours
) -> None:
    crowd = crowd_of(100, rate_of=telegram_rate)
    for _ in range(6):
        crowd.ask("42", Lane.REPLY)
    await hours.pass_by(4)
    assert crowd.when("42") == [0, 0.01, 0.02, 1.0, 2.0, 3.0]


async def test_a_group_gets_at_most_twenty_a_minute(crowd_of: Crowds, hours: Hours) -> None:
    crowd = crowd_of(30, rate_of=telegram_rate)
    for _ in range(60):
        crowd.ask("-100123")
    await hours.pass_by(180)
    assert crowd.most_in(60) <= 20
    assert len(crowd.turns) >= 51


async def test_a_slow_chat_delays_nobody_else(crowd_of: Crowds, hours: Hours) -> None:
    crowd = crowd_of(10, rate_of=lambda key: Rate(0.1) if key == "slow" else UNLIMITED)
    for _ in range(3):
        crowd.ask("slow")
    for number in range(5):
        crowd.ask(f"chat {number}")
    await hours.pass_by(1)
    assert len(crowd.turns) == 6


async def test_a_held_chat_waits_to_the_end_and_others_do_not(
    crowd_of: Crowds, hours: Hours
) -> None:
    crowd = crowd_of(10)
    crowd.pacer.hold("held", 30)
    crowd.ask("held")
    crowd.ask("other")
    await hours.pass_by(29.9)
    assert [name for name, _ in crowd.turns] == ["other"]
    await hours.pass_by(0.2)
    assert crowd.when("held") == [30]


async def test_a_hold_of_the_account_stops_everybody(crowd_of: Crowds, hours: Hours) -> None:
    crowd = crowd_of(10, 3, reserved=2)
    crowd.ask("before")
    await hours.settle()
    crowd.pacer.hold(None, 5)
    crowd.ask("person", Lane.REPLY)
    await hours.pass_by(4.9)
    assert [name for name, _ in crowd.turns] == ["before"]
    await hours.pass_by(0.2)
    assert crowd.when("person") == [5]


async def test_a_shorter_hold_does_not_lift_a_longer_one(crowd_of: Crowds, hours: Hours) -> None:
    crowd = crowd_of(10)
    crowd.pacer.hold("chat", 30)
    crowd.pacer.hold("chat", 1)
    crowd.ask("chat")
    await hours.pass_by(60)
    assert crowd.when("chat") == [30]


async def test_a_method_has_a_rate_beside_the_chat(crowd_of: Crowds, hours: Hours) -> None:
    crowd = crowd_of(100, rate_of=lambda key: Rate(1) if key == "edit" else UNLIMITED)
    for number in range(3):
        crowd.ask(f"chat {number}", Lane.EDIT, "edit")
    crowd.ask("chat 9", Lane.EDIT)
    await hours.pass_by(0.5)
    assert len(crowd.turns) == 2
    await hours.pass_by(2)
    assert len(crowd.turns) == 4


async def test_who_is_cancelled_uses_no_turn(crowd_of: Crowds, hours: Hours) -> None:
    crowd = crowd_of(1)
    crowd.ask("first")
    await hours.settle()
    gone = [crowd.ask("gone") for _ in range(10)]
    crowd.ask("last")
    await hours.settle()
    for task in gone:
        task.cancel()
    await hours.pass_by(1)
    assert crowd.turns == [("first", 0), ("last", 1)]
    assert crowd.pacer.waiting == 0


async def test_two_turns_that_come_at_the_same_moment_as_a_cancellation_are_not_lost(
    crowd_of: Crowds, hours: Hours
) -> None:
    crowd = crowd_of(1)
    crowd.ask("first")
    await hours.settle()
    gone, last = crowd.ask("gone"), crowd.ask("last")
    await hours.settle()
    gone.cancel()
    crowd.pacer.hold("nobody", 0)  # serves the queue before the cancelled task has run
    await hours.pass_by(1)
    assert last.done()


async def test_idle_chats_are_forgotten_and_busy_ones_are_not(
    crowd_of: Crowds, hours: Hours
) -> None:
    crowd = crowd_of(1e6, rate_of=lambda _: Rate(1))
    crowd.pacer.hold("held", 600)
    for number in range(6_000):
        await crowd.pacer.turn(str(number), Lane.RESTOCK)
        hours.now += 0.01
    assert len(crowd.pacer._buckets) < 6_000
    crowd.ask("held")
    await hours.pass_by(500)
    assert crowd.when("held") == []


def test_a_reserve_that_leaves_nothing_for_others_is_refused() -> None:
    with pytest.raises(ValueError, match="burst"):
        Pacer(30, 2, reserved=2)
