"""Keeps the parts of the bot running: one that fails is restarted, the others go on."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import Enum, auto

import structlog

log = structlog.get_logger(__name__)

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
PASSING_PAUSE = 1.0  # seconds until a part tries again that met a passing trouble
STOP_WITHIN = 8.0  # seconds that parts get to finish what they hold; the bot is gone after 10

Part = Callable[[asyncio.Event], Awaitable[None]]


class _End(Enum):
    """How one run of a part ended."""

    DONE = auto()
    FOR_GOOD = auto()
    PASSING = auto()
    FAILED = auto()


@dataclass(slots=True)
class Supervisor:
    """`fatal` errors end their part for good (a refused token); all else restarts it.

    `passing` errors say that something outside is down and was told already: no traceback each
    time, and the part is back within a second of the end of it.
    """

    stop: asyncio.Event
    fatal: tuple[type[Exception], ...] = ()
    passing: tuple[type[Exception], ...] = ()
    states: dict[str, str] = field(default_factory=dict)
    _tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict)

    def start(self, name: str, part: Part) -> None:
        """Run `part(stop)` until `stop` is set."""
        self.states[name] = "running"
        self._tasks[name] = asyncio.create_task(self._keep(name, part), name=name)

    async def _keep(self, name: str, part: Part) -> None:
        pause = FIRST_PAUSE
        while not self.stop.is_set():
            began = asyncio.get_running_loop().time()
            end = await self._once(name, part)
            if end is _End.FOR_GOOD:
                return
            if end is _End.DONE:
                break
            if end is _End.PASSING:
                await self._pause(PASSING_PAUSE)
            else:
                if asyncio.get_running_loop().time() - began > LONGEST_PAUSE:
                    pause = FIRST_PAUSE
                await self._pause(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
            self.states[name] = "running"
        self.states[name] = "stopped"

    async def _once(self, name: str, part: Part) -> _End:
        try:
            await part(self.stop)
        except self.fatal as error:
            self.states[name] = f"stopped: {error}"
            log.error("part stopped for good", part=name, reason=str(error))  # noqa: TRY400  # the reason is for the owner, not a traceback
            return _End.FOR_GOOD
        except self.passing as error:
            self.states[name] = f"waiting: {error}"
            log.debug("part waits", part=name, reason=str(error))
            return _End.PASSING
        except Exception as error:  # the supervisor's catch-all: DESIGN section 4
            self.states[name] = f"failed: {type(error).__name__}"
            log.exception("part failed, restarting", part=name)
            return _End.FAILED
        return _End.DONE

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self.stop.wait(), seconds)
        except TimeoutError:
            return

    async def finish(self, within: float = STOP_WITHIN) -> None:
        """After `stop` is set: wait for every part; what does not end in time is cancelled."""
        if not self._tasks:
            return
        _, late = await asyncio.wait(self._tasks.values(), timeout=within)
        for task in late:
            log.warning("part did not stop in time", part=task.get_name())
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    @property
    def healthy(self) -> bool:
        return all(state == "running" for state in self.states.values())
