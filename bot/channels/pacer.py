"""Turns inside a platform's limits: who may speak next, and when."""

import asyncio
import math
import time
from bisect import insort
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from itertools import count

from bot.domain.notices import Lane

EARLY = 1e-6  # seconds; a timer may fire this much before its time
KEPT = 5_000  # so many keys are remembered before idle ones are swept out


_BEFORE_WIRE: ContextVar[Callable[[], Awaitable[None]] | None] = ContextVar(
    "before_wire", default=None
)


@contextmanager
def before_wire(call: Callable[[], Awaitable[None]]) -> Iterator[None]:
    """Inside this block `call` runs when a turn has come, just before the request leaves."""
    token = _BEFORE_WIRE.set(call)
    try:
        yield
    finally:
        _BEFORE_WIRE.reset(token)


@dataclass(frozen=True, slots=True)
class Rate:
    """`burst` turns at once, then `per_second`: T seconds hold at most burst + T * per_second."""

    per_second: float
    burst: int = 1


UNLIMITED = Rate(math.inf)


def telegram_rate(chat: str) -> Rate:
    """About 1 message a second in a private chat, short bursts allowed; 20 a minute in a group.

    core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this. Groups and channels
    have negative ids or @names; 3 + 17 keeps every minute at 20.
    """
    if chat.startswith(("-", "@")):
        return Rate(17 / 60, 3)
    return Rate(1.0, 3)


class _Bucket:
    """A generic cell rate: one number, the time up to which the turns are used up."""

    def __init__(self, rate: Rate) -> None:
        self._interval = 1 / rate.per_second
        self._burst = rate.burst
        self._used_up_to = -math.inf
        self._held_until = -math.inf

    def ready_at(self, kept: int) -> float:
        """When a turn is free that leaves `kept` turns of the burst untouched."""
        spare = max(self._burst - 1 - kept, 0) * self._interval
        return max(self._used_up_to - spare, self._held_until)

    def spend(self, now: float) -> None:
        self._used_up_to = max(now, self._used_up_to) + self._interval

    def hold(self, until: float) -> None:
        self._held_until = max(self._held_until, until)

    def idle(self, now: float) -> bool:
        return max(self._used_up_to, self._held_until) <= now


@dataclass(order=True, slots=True)
class _Waiting:
    lane: Lane
    number: int
    keys: tuple[str, ...] = field(compare=False)
    turn: asyncio.Future[None] = field(compare=False)


class Pacer:
    """Hands out turns: one account rate, and a rate for each key that `rate_of` names.

    Waiting turns are served by lane, then in order. Only answers to people (Lane.REPLY) may use
    the last `reserved` turns of the account's burst, so an answer goes at once in the middle of a
    broadcast; the broadcast then waits a little longer and the long-run rate holds. Use one loop.
    """

    def __init__(
        self,
        rate: float,
        burst: int = 1,
        *,
        reserved: int = 0,
        rate_of: Callable[[str], Rate] = lambda _: UNLIMITED,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        if not 0 <= reserved < burst:
            raise ValueError("at least one turn of the burst must be open to everybody")
        self._account = _Bucket(Rate(rate, burst))
        self._reserved = reserved
        self._rate_of = rate_of
        self._clock = clock
        self._sleep = sleep
        self._buckets: dict[str, _Bucket] = {}
        self._sweep_at = KEPT
        self._queue: list[_Waiting] = []
        self._numbers = count()
        self._timer: asyncio.Task[None] | None = None
        self._wake_at = math.inf

    async def turn(self, chat: str, lane: Lane, *also: str) -> None:
        """Wait for the next turn of `chat` (and of the keys in `also`, e.g. an API method).

        A caller that is cancelled while it waits uses no turn.
        """
        keys = tuple(key for key in (chat, *also) if key)
        waiting = _Waiting(
            lane, next(self._numbers), keys, asyncio.get_running_loop().create_future()
        )
        insort(self._queue, waiting)
        self._serve()
        try:
            await waiting.turn
        finally:
            if waiting.turn.cancelled():
                self._serve()
        if (call := _BEFORE_WIRE.get()) is not None:
            await call()

    def hold(self, chat: str | None, seconds: float) -> None:
        """No turn for `chat` (None: for nobody) for so long, because the platform said so."""
        bucket = self._account if chat is None else self._bucket(chat)
        bucket.hold(self._clock() + seconds)
        self._serve()

    @property
    def waiting(self) -> int:
        """How many wait for their turn."""
        return len(self._queue)

    def _serve(self) -> None:
        """Give every turn that is free now, and set the timer for the next one."""
        now, wake_at, left = self._clock(), math.inf, []
        queue = [waiting for waiting in self._queue if not waiting.turn.cancelled()]
        for position, waiting in enumerate(queue):
            account = self._account.ready_at(self._kept_from(waiting.lane))
            if account > now + EARLY:  # nobody further back may go before this one
                left += queue[position:]
                wake_at = min(wake_at, account)
                break
            ready = max((bucket.ready_at(0) for bucket in self._of(waiting.keys)), default=now)
            if ready > now + EARLY:
                left.append(waiting)
                wake_at = min(wake_at, ready)
            else:
                self._grant(waiting, now)
        self._queue = left
        self._wake(wake_at)

    def _kept_from(self, lane: Lane) -> int:
        return 0 if lane is Lane.REPLY else self._reserved

    def _grant(self, waiting: _Waiting, now: float) -> None:
        self._account.spend(now)
        for bucket in self._of(waiting.keys):
            bucket.spend(now)
        waiting.turn.set_result(None)

    def _of(self, keys: Iterable[str]) -> list[_Bucket]:
        return [self._bucket(key) for key in keys]

    def _bucket(self, key: str) -> _Bucket:
        bucket = self._buckets.get(key)
        if bucket is None:
            if len(self._buckets) >= self._sweep_at:
                self._sweep()
            bucket = self._buckets[key] = _Bucket(self._rate_of(key))
        return bucket

    def _sweep(self) -> None:
        now = self._clock()
        self._buckets = {key: b for key, b in self._buckets.items() if not b.idle(now)}
        self._sweep_at = max(KEPT, 2 * len(self._buckets))

    def _wake(self, at: float) -> None:
        if at == self._wake_at and self._timer is not None:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._wake_at = None, at
        if at < math.inf:
            self._timer = asyncio.get_running_loop().create_task(self._after(at - self._clock()))

    async def _after(self, seconds: float) -> None:
        await self._sleep(max(seconds, 0))
        self._timer = None
        self._serve()
