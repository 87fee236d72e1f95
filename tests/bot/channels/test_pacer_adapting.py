"""A platform that gives less than it documents, and one that refuses single chats by chance."""

import asyncio
import random
from collections.abc import Iterator

import pytest

from bot.channels.pacer import Pacer, telegram_rate
from bot.domain.notices import Lane
from bot.domain.pacing import PaceReason
from bot.domain.sending import RetryAfter
from tests.bot.channels.crowd import Hours


class Strict:
    """A platform that gives `rate` a second, `burst` at once, and refuses some by chance."""

    def __init__(self, hours: Hours, rate: float, burst: float = 20, chance: float = 0.0) -> None:
        self.hours, self.rate, self.burst, self.chance = hours, rate, burst, chance
        self.random = random.Random(7)
        self.level, self.at = 0.0, hours.now
        self.taken = self.refused = 0

    def takes(self) -> bool:
        now = self.hours.now
        self.level, self.at = max(0.0, self.level - (now - self.at) * self.rate), now
        full = self.level + 1 > self.burst
        if full or self.random.random() < self.chance:
            self.refused += 1
            return False
        self.level += 1
        self.taken += 1
        return True

    def share_refused(self) -> float:
        share = self.refused / (self.taken + self.refused)
        self.taken = self.refused = 0
        return share


async def broadcast(pacer: Pacer, platform: Strict, chats: Iterator[int]) -> None:
    for chat in chats:
        try:
            await pacer.turn(str(chat), Lane.RESTOCK)
        except RetryAfter:
            continue
        if not platform.takes():
            await pacer.refused(str(chat), platform.random.randint(1, 60))


async def stop(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@pytest.mark.parametrize("really", [12.0, 20.0, 27.0])
async def test_it_settles_below_what_a_stricter_platform_really_gives(really: float) -> None:
    hours = Hours()
    platform = Strict(hours, really)
    pacer = Pacer(30, rate_of=telegram_rate, clock=hours, sleep=hours.sleep)
    chats = iter(range(1_000_000))
    tasks = [asyncio.create_task(broadcast(pacer, platform, chats)) for _ in range(8)]
    await hours.pass_by(30)
    platform.share_refused()
    await hours.pass_by(300)
    assert platform.taken > 0.85 * really * 300
    assert platform.share_refused() <= 0.02
    platform.rate = platform.burst = 1_000  # it gives again what it documents
    await hours.pass_by(360)
    assert pacer.rate == 30
    await stop(tasks)


async def test_chats_that_are_refused_by_chance_slow_nobody_down() -> None:
    hours = Hours()
    platform = Strict(hours, 30, 30, chance=0.02)
    pacer = Pacer(30, rate_of=telegram_rate, clock=hours, sleep=hours.sleep)
    tasks = [
        asyncio.create_task(broadcast(pacer, platform, iter(range(n, 10**6, 8)))) for n in range(8)
    ]
    slowest = pacer.rate
    for _ in range(60):
        await hours.pass_by(1)
        slowest = min(slowest, pacer.rate)
    assert slowest == 30
    assert platform.refused > 20
    await stop(tasks)


async def test_one_chat_that_is_always_refused_slows_nobody_down() -> None:
    hours = Hours()
    pacer = Pacer(30, clock=hours, sleep=hours.sleep)
    for _ in range(50):
        await pacer.turn("1", Lane.REPLY)
        await pacer.refused("1", 1)
        await hours.pass_by(1)
        assert pacer.rate == 30


async def test_who_asked_for_little_and_was_refused_asks_for_less_than_that() -> None:
    hours = Hours()
    pacer = Pacer(30, clock=hours, sleep=hours.sleep)
    for number in range(12):
        await pacer.turn(str(number), Lane.RESTOCK)
        hours.now += 0.1
    reasons = [await pacer.refused(str(number), 5) for number in range(5)]
    assert reasons == [PaceReason.CHANCE] * 4 + [PaceReason.STRICTER]
    assert 7 <= pacer.rate <= 9
