"""Turns inside a platform's limits: who may speak next, and when."""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

from bot.channels.adapting import Adapting
from bot.channels.lines import Key, Lines, Waiting
from bot.channels.rates import EARLY, UNLIMITED, Account, Rate, telegram_rate
from bot.domain.notices import Lane
from bot.domain.pacing import PaceReason

__all__ = ["UNLIMITED", "Memory", "Pacer", "Rate", "before_wire", "telegram_rate"]

KEPT = 5_000  # so many keys are remembered before idle ones are swept out
TICK = 0.004  # seconds; at 1000/s four turns come at once, and the loop wakes a quarter as often

_BEFORE_WIRE: ContextVar[Callable[[], Awaitable[None]] | None] = ContextVar(
    "before_wire", default=None
)


@contextmanager
def before_wire(call: Callable[[], Awaitable[None]]) -> Iterator[None]:
    """Inside this block `call` runs when a turn has come, just before the request leaves.

    When it raises, the request must not leave, and the turn is given back.
    """
    token = _BEFORE_WIRE.set(call)
    try:
        yield
    finally:
        _BEFORE_WIRE.reset(token)


class Memory(Protocol):
    """What a restart must not forget of an account's keys; times are seconds from now."""

    async def load(self) -> None:
        """Read what is stored; `recall` knows it then."""
        ...

    def recall(self, key: str) -> tuple[float, float]:
        """For how long the key's turns are used up, and for how long it is held; 0: not at all."""
        ...

    def note(self, key: str, used_for: float, held_for: float) -> None:
        """To be stored soon."""
        ...

    async def keep(self) -> None:
        """Returns when what was noted is stored, or is sure to be tried again."""
        ...


class Pacer:
    """Hands out turns: one account rate, and a rate for each key that `rate_of` names.

    Waiting turns are served by lane, then in order; who must wait for a key lets the others pass.
    A hold ends when the platform said, and not before. Use one loop.
    """

    def __init__(
        self,
        rate: float,
        burst: int = 1,
        *,
        rate_of: Callable[[str], Rate] = lambda _: UNLIMITED,
        memory: Memory | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._account = Account(rate, burst)
        self._lines = Lines(self._account)
        self._adapting = Adapting()
        self._rate_of, self._memory = rate_of, memory
        self._clock, self._sleep = clock, sleep
        self._keys: dict[str, Key] = {}
        self._sweep_at = KEPT
        self._loaded = memory is None
        self._loading = asyncio.Lock()
        self._timer: asyncio.Task[None] | None = None
        self._wake_at = math.inf
        self.waiting = 0  # how many wait for their turn
        self.on_refused: Callable[[float], None] = lambda _: None  # told the seconds of each 429

    @property
    def rate(self) -> float:
        """Turns a second that the account is asked for now."""
        return self._account.per_second * self._account.share

    async def load(self) -> None:
        """Take up what another run left. The first turn does it by itself; whoever stood by while
        another process spoke does it again."""
        if self._memory is not None:
            await self._memory.load()
            for key in self._keys.values():
                self._recall(key)
        self._loaded = True

    async def turn(self, chat: str, lane: Lane, *also: str) -> None:
        """Wait for the next turn of `chat` (and of the keys in `also`, e.g. an API method).

        When the call returns the request may leave at once. A caller that is cancelled while it
        waits uses no turn. Raises RetryAfter when a hold lasts longer than the lane is patient.
        """
        if not self._loaded:
            await self._load_once()
        waiting = Waiting(lane, tuple([self._key(name) for name in (chat, *also) if name]))
        for key in waiting.keys:
            key.users += 1
        try:
            if not self._at_once(waiting):
                await self._stand_in_line(waiting)
            if (call := _BEFORE_WIRE.get()) is not None:
                await call()
            while (rest := self._rest(waiting)) > 0:
                await self._sleep(rest)
            waiting.left = True
        finally:
            self._out(waiting)

    def hold(self, chat: str | None, seconds: float) -> None:
        """No turn for `chat` (None: for nobody) for so long, because the platform said so."""
        now = self._clock()
        if chat is None:
            self._account.held_until = max(self._account.held_until, now + seconds)
            self._lines.held(self._lines.ready, now)
        else:
            key = self._key(chat)
            key.hold(now + seconds)
            self._lines.held(key.parked, now)
            self._note(key, now)
        self._serve()

    async def refused(self, chat: str, seconds: float) -> PaceReason:
        """The platform said "later" to a request of `chat`: hold it, and see what that says.

        The hold is stored when this returns: not even a restart lifts it.
        """
        self.on_refused(seconds)
        self.hold(chat, seconds)
        now = self._clock()
        reason = self._adapting.refused(chat, self._account.used(now), now)
        self._account.share = self._adapting.share
        if self._memory is not None:
            await self._memory.keep()
        return reason

    async def _load_once(self) -> None:
        async with self._loading:
            if not self._loaded:
                await self.load()

    def _at_once(self, waiting: Waiting) -> bool:
        """Take the turn if it is free and nobody stands before. Raises RetryAfter."""
        now = self._clock()
        if (later := waiting.too_long(self._account, now)) is not None:
            raise later
        if self._lines.ready or self._lines.wakes_at <= now + EARLY:
            return False
        if self._account.ready_at(waiting.lane) > now + EARLY or not waiting.free(now):
            return False
        self._grant(waiting, now)
        return True

    async def _stand_in_line(self, waiting: Waiting) -> None:
        waiting.turn = asyncio.get_running_loop().create_future()
        self._lines.join(waiting, self._clock())
        self.waiting += 1
        try:
            self._serve()
            await waiting.turn
        finally:
            self.waiting -= 1

    def _serve(self) -> None:
        """Give every turn that is free now, and set the timer for the next one."""
        now, lines = self._clock(), self._lines
        lines.wake(now)
        while lines.ready:
            lane, _, waiting = lines.ready[0]
            if not waiting.over:
                if (at := self._account.ready_at(lane)) > now + EARLY:
                    self._wake(at, now)
                    break
                if waiting.free(now):
                    self._grant(waiting, now)
            lines.step_back(now)
            lines.wake(now)
        if lines.wakes_at < math.inf:
            self._wake(lines.wakes_at, now)

    def _grant(self, waiting: Waiting, now: float) -> None:
        self._adapting.requests += 1
        if self._account.share < 1:
            self._account.share = self._adapting.grow(now)
        waiting.due = self._account.spend(now, waiting.lane)
        for key in waiting.keys:
            key.spend(now)
            if key.slow:
                self._note(key, now)
        self._lines.go_on(waiting)
        if waiting.turn is not None:
            waiting.turn.set_result(None)

    def _rest(self, waiting: Waiting) -> float:
        """Seconds until the request may leave; a hold may have come since its turn did."""
        now = self._clock()
        if (later := waiting.too_long(self._account, now)) is not None:
            raise later
        held = max(waiting.held(now), self._account.held_until - now)
        return held if held > EARLY else self._account.leave(now)

    def _out(self, waiting: Waiting) -> None:
        """Behind a turn: what was granted and not used is given back, and the next may come."""
        for key in waiting.keys:
            key.users -= 1
        if waiting.left:
            return
        if waiting.due is not None:
            self._account.give_back(waiting.due, waiting.lane)
            for key in waiting.keys:
                key.give_back()
        self._lines.go_on(waiting)
        self._serve()

    def _key(self, name: str) -> Key:
        key = self._keys.get(name)
        if key is None:
            if len(self._keys) >= self._sweep_at:
                self._sweep()
            key = self._keys[name] = Key(name, self._rate_of(name))
            self._recall(key)
        return key

    def _recall(self, key: Key) -> None:
        if self._memory is None:
            return
        used_for, held_for = self._memory.recall(key.name)
        now = self._clock()
        if used_for > 0:
            key.used_until = max(key.used_until, now + used_for)
        if held_for > 0:
            key.hold(now + held_for)

    def _note(self, key: Key, now: float) -> None:
        if self._memory is not None:
            self._memory.note(key.name, key.used_until - now, key.held_until - now)

    def _sweep(self) -> None:
        now = self._clock()
        kept = self._keys.items()
        self._keys = {name: key for name, key in kept if key.users or not key.idle(now)}
        self._sweep_at = max(KEPT, 2 * len(self._keys))

    def _wake(self, at: float, now: float) -> None:
        """Serve again at that time, or earlier if that is planned."""
        at = max(at, now + TICK)
        if self._timer is not None:
            if self._wake_at <= at:
                return
            self._timer.cancel()
        self._wake_at = at
        self._timer = asyncio.get_running_loop().create_task(self._after(at - now))

    async def _after(self, seconds: float) -> None:
        await self._sleep(seconds)
        self._timer = None
        self._serve()
