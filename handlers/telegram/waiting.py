"""Waiting that ends at once when the bot is to stop."""

import asyncio
import contextlib
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar

T = TypeVar("T")


class TokenRefused(Exception):
    """Telegram does not accept the token: trying again is no use, and only Telegram stops."""

    def __init__(self) -> None:
        super().__init__(
            "Telegram does not accept TELEGRAM_BOT_TOKEN: copy it again from @BotFather"
        )


@dataclass
class Backoff:
    """Pauses that double from `first` to `most` seconds, and start anew after a success."""

    first: float = 0.5
    most: float = 5.0
    failures: int = field(default=0, init=False)

    def next(self) -> float:
        self.failures += 1
        return min(self.most, self.first * 2.0 ** min(self.failures - 1, 30))

    def reset(self) -> bool:
        """True when there had been failures."""
        failed, self.failures = self.failures > 0, 0
        return failed


async def pause(stop: asyncio.Event, seconds: float) -> None:
    """Wait so long, or until `stop`."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)


async def until_stopped(work: Coroutine[Any, Any, T], stop: asyncio.Event) -> T | None:
    """The result of `work`, or None when `stop` came first: then it is cancelled."""
    task = asyncio.ensure_future(work)
    stopped = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait((task, stopped), return_when=asyncio.FIRST_COMPLETED)
        return task.result() if task.done() else None
    finally:
        for one in (task, stopped):
            one.cancel()
        await asyncio.gather(task, stopped, return_exceptions=True)
