"""Wakes the workers when something was committed."""

import asyncio
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any


class Bell:
    """`ring()` after each commit; a worker that waits goes on at once.

    A worker notes `rings` before it looks for work, so that a ring in between is not missed.
    """

    def __init__(self) -> None:
        self.rings = 0
        self._waiting: set[asyncio.Future[None]] = set()
        self._followers: list[Bell] = []

    @contextmanager
    def follow(self, other: "Bell") -> Iterator[None]:
        """Inside this block it also rings whenever `other` rings."""
        other._followers.append(self)
        try:
            yield
        finally:
            other._followers.remove(self)

    def ring(self) -> None:
        self.rings += 1
        for follower in self._followers:
            follower.ring()
        for future in self._waiting:
            if not future.done():  # two rings before the waiter runs are one
                future.set_result(None)

    async def wait(
        self,
        stop: asyncio.Event,
        heard: int,
        seconds: float,
        tasks: Collection[asyncio.Task[Any]] = (),
    ) -> None:
        """Return when it rang since `heard`, a task ended, `stop` is set, or `seconds` are over."""
        if self.rings != heard or stop.is_set():
            return
        # A future for each who waits, not one Event: that would have to be cleared, and whoever
        # clears it takes the ring from another worker.
        future = asyncio.get_running_loop().create_future()
        self._waiting.add(future)
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait(
                {future, stopping, *tasks}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            self._waiting.discard(future)
            stopping.cancel()
