"""A virtual clock for the pacer, and senders that note when their turn came."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from heapq import heappop, heappush
from itertools import count
from typing import Any

from bot.channels.pacer import Pacer
from bot.domain.notices import Lane
from bot.domain.sending import RetryAfter


class Hours:
    """A clock that `pass_by` moves, and the sleep that wakes by it."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self._sleeping: list[tuple[float, int, asyncio.Future[None]]] = []
        self._numbers = count()

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heappush(self._sleeping, (self.now + seconds, next(self._numbers), woken))
        await woken

    async def settle(self) -> None:
        """Let everything run that can run without time passing."""
        for _ in range(8):
            await asyncio.sleep(0)

    async def pass_by(self, seconds: float) -> None:
        end = self.now + seconds
        await self.settle()
        while self._sleeping and self._sleeping[0][0] <= end:
            at, _, woken = heappop(self._sleeping)
            if not woken.done():
                self.now = max(at, self.now)
                woken.set_result(None)
                await self.settle()
        self.now = end


class Crowd:
    """`turns`: who had one, and when in seconds from the start; `sent_away`: by a hold."""

    def __init__(self, hours: Hours, pacer: Pacer) -> None:
        self.hours, self.pacer = hours, pacer
        self.start = hours.now
        self.turns: list[tuple[str, float]] = []
        self.sent_away: list[tuple[str, float, float]] = []
        self.tasks: list[asyncio.Task[None]] = []

    def ask(self, name: str, lane: Lane = Lane.RESTOCK, *also: str) -> asyncio.Task[None]:
        """One who wants a turn of the chat `name`."""

        async def one() -> None:
            try:
                await self.pacer.turn(name, lane, *also)
            except RetryAfter as later:
                self.sent_away.append((name, self.since_start, later.seconds))
            else:
                self.turns.append((name, self.since_start))

        self.tasks.append(asyncio.create_task(one()))
        return self.tasks[-1]

    @property
    def since_start(self) -> float:
        return self.hours.now - self.start

    def when(self, name: str) -> list[float]:
        return [round(at, 3) for who, at in self.turns if who == name]

    def most_in(self, seconds: float) -> int:
        """The busiest window of that length."""
        return most_in([at for _, at in self.turns], seconds)


def most_in(times: list[float], seconds: float) -> int:
    """How many of these moments the busiest window of that length holds."""
    most, first = 0, 0
    times = sorted(times)
    for last, at in enumerate(times):
        while at - times[first] >= seconds - 1e-6:
            first += 1
        most = max(most, last - first + 1)
    return most


@asynccontextmanager
async def crowd_at(hours: Hours, rate: float, burst: int = 1, **more: Any) -> AsyncIterator[Crowd]:
    """A crowd before a pacer of its own; whoever still waits at the end is sent home."""
    crowd = Crowd(hours, Pacer(rate, burst, clock=hours, sleep=hours.sleep, **more))
    try:
        yield crowd
    finally:
        for task in crowd.tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
