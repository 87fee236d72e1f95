"""What both platforms of the sandbox share: the clock, the changes, the log of requests."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from bot.sandbox.faults import Faults

Json = dict[str, Any]
KEPT = 50_000  # requests in the log; a fan-out of 10,000 and its answers fit, about 100 MB
Clock = Callable[[], float]


def wall_clock() -> float:
    """Unix seconds, as the platforms stamp them."""
    return time.time_ns() / 10**9


class Refused(Exception):
    """The sandbox's own control API was asked for what no client could do; `status` is HTTP."""

    def __init__(self, message: str, status: int = 409) -> None:
        super().__init__(message)
        self.status = status


class Changes:
    """A version number that can be awaited, and the toasts that the page shows."""

    def __init__(self) -> None:
        self.version = 1
        self._next = asyncio.Event()
        self.toasts: set[asyncio.Queue[Json]] = set()

    def bump(self) -> None:
        self.version += 1
        self._next.set()
        self._next = asyncio.Event()

    async def beyond(self, version: int) -> int:
        """The first version after `version`."""
        while self.version <= version:
            await self._next.wait()
        return self.version

    def toast(self, toast: Json) -> None:
        for queue in self.toasts:
            queue.put_nowait(toast)


@dataclass
class RequestLog:
    """Every API request that the bot made, in the order in which the platforms dealt with them.

    `t` is when a request came, `t_end` when it was dealt with; the answer may still be on its way.
    Only the last ones are kept.
    """

    started: float = field(default_factory=time.monotonic)
    entries: deque[Json] = field(default_factory=lambda: deque(maxlen=KEPT))
    count: int = 0

    def add(self, entry: Json) -> None:
        self.count += 1
        self.entries.append({"n": self.count, "t_end": time.monotonic(), **entry})

    def after(self, n: int) -> list[Json]:
        """Those with a higher number, oldest first."""
        new = min(max(self.count - n, 0), len(self.entries))
        return list(islice(reversed(self.entries), new))[::-1]


class World:
    """The part of the state that does not belong to one platform."""

    def __init__(self, clock: Clock | None = None) -> None:
        self.clock: Clock = clock or wall_clock
        self.url = ""
        self.platforms_url = ""  # the same, unless the platforms have a port of their own
        self.changes = Changes()
        self.log = RequestLog()
        self.faults = Faults()
        self.closing = asyncio.Event()
        self.tour: Json | None = None  # what the page's guided tour talks about
        self.before_tour: Callable[[], Awaitable[None]] | None = None

    def now(self) -> int:
        return int(self.clock())
