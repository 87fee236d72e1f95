"""Whatever is asked for and whatever is held: the promises of the pacer hold."""

import asyncio
import math
import random
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.lines import PATIENT, PATIENT_REPLY, Lines, Waiting
from bot.channels.pacer import Pacer
from bot.channels.rates import Account, Bucket, Rate
from bot.domain.notices import Lane
from bot.domain.sending import RetryAfter
from tests.bot.channels.crowd import Hours, most_in

LIMIT = 5  # turns a second: a small one is reached sooner
CHATS = 4
NEAR = 0.02  # seconds: timers are no finer


@dataclass
class Asked:
    """One who wants a turn: after `wait` seconds for `chat`."""

    wait: float
    chat: int
    lane: Lane
    gives_up_after: float | None = None
    asked_at: float = 0.0
    got_at: float | None = None
    gave_up: bool = False
    sent_away: bool = False


@dataclass
class Held:
    """After `wait` seconds the platform says "later" for `chat`."""

    wait: float
    chat: int
    seconds: float
    began: float = 0.0


@dataclass
class Day:
    hours: Hours
    pacer: Pacer
    asked: list[Asked] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)
    over: bool = False

    async def ask(self, one: Asked) -> None:
        one.asked_at = self.hours.now
        try:
            await self.pacer.turn(str(one.chat), one.lane)
        except RetryAfter:
            one.sent_away = True
        except asyncio.CancelledError:
            one.gave_up = not self.over
            raise
        else:
            one.got_at = self.hours.now

    async def live(self, events: list[Asked | Held]) -> None:
        tasks = []
        for event in events:
            await self.hours.pass_by(event.wait)
            if isinstance(event, Held):
                event.began = self.hours.now
                self.held.append(event)
                self.pacer.hold(str(event.chat), event.seconds)
                continue
            self.asked.append(event)
            tasks.append(asyncio.create_task(self.ask(event)))
            if event.gives_up_after is not None:
                tasks.append(asyncio.create_task(self.give_up(tasks[-1], event.gives_up_after)))
        await self.hours.pass_by(200)
        self.over = True
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def give_up(self, task: asyncio.Task[None], seconds: float) -> None:
        await self.hours.sleep(seconds)
        task.cancel()

    def held_at(self, chat: int, moment: float) -> bool:
        return any(
            held.chat == chat and held.began < moment < held.began + held.seconds - 1e-6
            for held in self.held
        )


waits = st.sampled_from([0.0, 0.0, 0.0, 0.003, 0.05, 0.3, 1.1])
asked = st.builds(
    Asked,
    wait=waits,
    chat=st.integers(1, CHATS),
    lane=st.sampled_from(Lane),
    gives_up_after=st.sampled_from([None, None, None, 0.001, 0.2, 1.0]),
)
held = st.builds(
    Held, wait=waits, chat=st.integers(1, CHATS), seconds=st.sampled_from([0.3, 2.0, 10.0, 40.0])
)
days = st.lists(st.one_of(asked, asked, asked, held), max_size=60)


def lived(events: list[Asked | Held], rate: Rate) -> Day:
    hours = Hours()
    day = Day(hours, Pacer(LIMIT, rate_of=lambda _: rate, clock=hours, sleep=hours.sleep))
    asyncio.run(day.live(events))
    return day


def turns_of(day: Day) -> list[tuple[float, Asked]]:
    return [(one.got_at, one) for one in day.asked if one.got_at is not None and not one.gave_up]


def the_account_is_within_its_limit(day: Day) -> None:
    assert most_in([at for at, _ in turns_of(day)], 1.0) <= LIMIT


def no_chat_is_asked_before_its_hold_ends(day: Day) -> None:
    for at, one in turns_of(day):
        assert not day.held_at(one.chat, at), one


def each_chat_is_within_its_limit(day: Day) -> None:
    for chat in range(1, CHATS + 1):
        here = [(at, one) for at, one in turns_of(day) if one.chat == chat]
        assert most_in([at for at, _ in here], 1.0) <= 4, "a burst of 3 and one a second"
        assert most_in([at for at, one in here if one.lane is not Lane.REPLY], 0.99) <= 1


def everybody_gets_a_turn_or_hears_how_long_it_will_take(day: Day) -> None:
    for one in day.asked:
        assert one.got_at is not None or one.sent_away or one.gave_up, one
        if one.sent_away:
            patience = PATIENT_REPLY if one.lane is Lane.REPLY else PATIENT
            holds = [held.seconds for held in day.held if held.chat == one.chat]
            assert max(holds, default=0) > patience, one


def nobody_goes_before_one_who_comes_first_and_could_go(day: Day) -> None:
    """By lane, then in order; for days in which only holds keep a chat back."""
    turns = turns_of(day)
    for number, (at, one) in enumerate(turns):
        for other_number, (other_at, other) in enumerate(turns):
            first = (other.lane, other_number) < (one.lane, number)
            if first and other.asked_at + NEAR < at < other_at - NEAR:
                assert day.held_at(other.chat, at - NEAR), (one, other)


CHECKS = (
    the_account_is_within_its_limit,
    no_chat_is_asked_before_its_hold_ends,
    each_chat_is_within_its_limit,
    everybody_gets_a_turn_or_hears_how_long_it_will_take,
)
LIKE_TELEGRAM, UNHURRIED = Rate(1.0, 3), Rate(1e9)


@settings(deadline=None, max_examples=100)
@given(days)
def test_the_limits_hold_and_nobody_is_forgotten(events: list[Asked | Held]) -> None:
    day = lived(events, LIKE_TELEGRAM)
    for check in CHECKS:
        check(day)


@settings(deadline=None, max_examples=100)
@given(days)
def test_lanes_are_served_in_their_order_and_first_come_first_served(
    events: list[Asked | Held],
) -> None:
    nobody_goes_before_one_who_comes_first_and_could_go(lived(events, UNHURRIED))


def a_busy_day(seed: int) -> list[Asked | Held]:
    chance = random.Random(seed)
    events: list[Asked | Held] = []
    for _ in range(150):
        wait, chat = chance.choice([0, 0, 0.05, 0.3]), chance.randint(1, CHATS)
        if chance.random() < 0.1:
            events.append(Held(wait, chat, chance.choice([0.3, 5.0, 20.0])))
        else:
            events.append(Asked(wait, chat, chance.choice(list(Lane))))
    return events


def hold_a_little_less(self: Bucket, until: float) -> None:
    self.held_until = max(self.held_until, until - 0.1)


def hold_anew(self: Bucket, until: float) -> None:
    self.held_until = until  # a shorter hold lifts a longer one


def forget_who_is_next(self: Lines, waiting: Waiting) -> None:
    """The line of a chat stands still after its first turn."""


def ready_at_once(self: Account, lane: Lane) -> float:
    return self._even if lane is not Lane.REPLY else -math.inf


def leave_at_once(self: Account, now: float) -> float:
    del self, now
    return 0.0


def all_alike(self: Bucket, lane: Lane) -> float:
    return max(self.used_until - self._replies, self.held_until)


def last_come_first_served(self: Lines, waiting: Waiting, now: float) -> None:
    self._enter((waiting.lane, -next(self._numbers), waiting), now)


def one_lane(self: Lines, waiting: Waiting, now: float) -> None:
    waiting.lane = Lane.REPLY
    self._enter((waiting.lane, next(self._numbers), waiting), now)


MISTAKES = [
    (Bucket, "hold", hold_a_little_less),
    (Bucket, "hold", hold_anew),
    (Lines, "go_on", forget_who_is_next),
    (Account, "ready_at", ready_at_once),
    (Bucket, "ready_at", all_alike),
    (Lines, "join", last_come_first_served),
    (Lines, "join", one_lane),
]


@pytest.mark.parametrize(
    ("kind", "name", "mistake"), MISTAKES, ids=[mistake.__name__ for _, _, mistake in MISTAKES]
)
def test_a_planted_mistake_is_found(
    kind: type, name: str, mistake: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def found() -> list[str]:
        wrong = []
        for rate, checks in ((LIKE_TELEGRAM, CHECKS), (UNHURRIED, (*CHECKS[:2], ORDER))):
            day = lived(a_busy_day(11), rate)
            for check in checks:
                try:
                    check(day)
                except AssertionError:
                    wrong.append(check.__name__)
        return wrong

    assert found() == []
    monkeypatch.setattr(kind, name, mistake)
    if name == "ready_at" and kind is Account:  # the second count, at the very end, would mend it
        monkeypatch.setattr(Account, "leave", leave_at_once)
    assert found() != []


ORDER = nobody_goes_before_one_who_comes_first_and_could_go
