"""An event loop with a clock of its own, on which a process can die at any moment.

Time stands still while anything is left to do and then jumps to the next timer, so that minutes
pass in milliseconds and a run depends on nothing but its seed. No thread is involved: storage
answers inside the call (see driver.py).
"""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from contextvars import Context, ContextVar, copy_context
from inspect import CORO_CREATED, getcoroutinestate
from itertools import count
from typing import Any, TypeVar, TypeVarTuple

T = TypeVar("T")
Ts = TypeVarTuple("Ts")
LAST_WORDS = 20  # things that a task may still want to wait for when it is unwound
SPINS = 5_000  # turns of the loop in one instant: far more than any work takes


class Stalled(Exception):
    """Everybody waits for something that will never happen."""


class Spinning(Exception):
    """Somebody works and works, and time does not pass."""


class Dead(BaseException):
    """Whoever acts here is dead."""


class Life:
    """One life of the process: from its start to its death, which nothing of it survives."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.dead = False
        self.tasks: list[tuple[asyncio.Task[Any], Context]] = []

    def bury(self) -> None:
        """Unwind what was left hanging. It can do no more: its storage and its wire are cut."""
        for task, context in self.tasks:  # unwinding may start others
            task._log_destroy_pending = False  # type: ignore[attr-defined]
            if not task.done():
                context.run(_unwind, task.get_coro())
        self.tasks.clear()


def _unwind(coroutine: Any) -> None:
    if getcoroutinestate(coroutine) == CORO_CREATED:
        with suppress(BaseException):  # it may give something back
            coroutine.send(None)
    for _ in range(LAST_WORDS):
        try:
            coroutine.close()
        except RuntimeError:  # it waits for something more before it ends: not any more
            continue
        except BaseException:  # noqa: BLE001
            return
        else:
            return


LIFE: ContextVar[Life | None] = ContextVar("life", default=None)


class _Numbered(asyncio.Future[T]):
    """Sets of futures are walked in an order that memory addresses do not decide."""

    number: int

    def __hash__(self) -> int:
        return self.number


class _NumberedTask(asyncio.Task[T]):
    number: int

    def __hash__(self) -> int:
        return self.number


class VirtualLoop(asyncio.BaseEventLoop):
    """Raises Stalled out of `run_until_complete` when nothing is left that could happen."""

    def __init__(self) -> None:
        self._numbers = count(1)  # before anything else makes a future
        self._now = 0.0
        super().__init__()
        self._clock_resolution = 1e-9
        self._selector = self  # BaseEventLoop asks it for events, and for how long to wait
        self._graves = 0
        self._spins = 0
        self.world = Life(0)  # what belongs to no process
        self.set_task_factory(_new_task)

    def time(self) -> float:
        return self._now

    def select(self, timeout: float | None) -> list[Any]:
        """Nothing is ready: the next timer is."""
        if timeout is None:
            raise Stalled
        if timeout > 0:
            self._now += timeout
            self._spins = 0
        self._spins += 1
        if self._spins > SPINS:
            self._spins = 0
            raise Spinning
        return []

    def _process_events(self, event_list: list[Any]) -> None:
        """No events but timers."""

    def _write_to_self(self) -> None:
        """Nobody else wakes it."""

    def _asyncgen_finalizer_hook(self, agen: Any) -> None:
        """What the dead left behind is not run when it is swept up."""
        self._asyncgens.discard(agen)  # type: ignore[attr-defined]

    def create_future(self) -> asyncio.Future[Any]:
        future: _Numbered[Any] = _Numbered(loop=self)
        future.number = next(self._numbers)
        return future

    def call_soon(
        self, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        return self._unless_dead(super().call_soon(callback, *args, context=context))

    def call_at(
        self,
        when: float,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        handle = super().call_at(when, callback, *args, context=context)
        self._unless_dead(handle)
        return handle

    def _unless_dead(self, handle: asyncio.Handle) -> asyncio.Handle:
        if self._graves:
            life = handle._context.get(LIFE)  # type: ignore[attr-defined]
            if life is not None and life.dead:
                handle.cancel()
        return handle

    def within(self, life: Life | None, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Run `work`, and all that it starts, as a part of this life (None: of the world)."""
        context = copy_context()
        context.run(LIFE.set, life)
        return self.create_task(work, context=context)

    def kill(self, life: Life) -> None:
        """From now on nothing of this life runs: no callback, no `except`, no `finally`."""
        life.dead = True
        self._graves += 1
        for handle in (*self._ready, *self._scheduled):  # type: ignore[attr-defined]
            if handle._context is not None:
                self._unless_dead(handle)


def _new_task(
    loop: asyncio.AbstractEventLoop, coroutine: Any, context: Context | None = None
) -> asyncio.Task[Any]:
    assert isinstance(loop, VirtualLoop)
    number = next(loop._numbers)
    context = context or copy_context()
    task: _NumberedTask[Any] = _NumberedTask.__new__(_NumberedTask)
    task.number = number
    task.__init__(coroutine, loop=loop, context=context)  # type: ignore[misc]
    life = context.get(LIFE)
    (life or loop.world).tasks.append((task, context))
    return task
