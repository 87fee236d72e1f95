"""One process leads on a database; on PostgreSQL others stand by until it is gone."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import structlog

from bot.domain.faults import DatabaseDown
from storage import trouble
from storage.lock import RunLock

log = structlog.get_logger(__name__)

TRY_AGAIN = 1.0  # seconds between two tries of a process that stands by
# Seconds that a process which takes over leaves to the one before: when only its lock was cut, that
# one writes down what was on the wire (LOST_WITHIN) and stops, so that no two work at a time.
GRACE = 3.0
LOST_WITHIN = 1.5
LOOK_AGAIN = 1.0  # seconds between two looks at the lock; a cut that is told of is seen at once


@dataclass(slots=True)
class Leading:
    """`may_wait`: on PostgreSQL a second process stands by; on SQLite it is refused.

    `failing`: it may lead, but the database lets it write nothing; that is said once.
    """

    lock: RunLock
    stop: asyncio.Event
    may_wait: bool
    failing: bool = False

    async def begin(self) -> bool:
        """Whether this process leads at once. Raises AlreadyRunning when it may not wait."""
        if not self.may_wait:
            await self.lock.acquire()
            return True
        return await self.lock.try_acquire()

    async def stand_by(self) -> bool:
        """Wait until the process that leads is gone; False when told to stop before.

        It lasts through any trouble of the database.
        """
        if not self.failing:
            log.info("standing by: another Stockbell leads on this database")
        while not await self._stopped_within(TRY_AGAIN):
            if await self._try():
                if not self.failing:
                    log.info("taking over")
                return not await self._stopped_within(GRACE)
        return False

    async def _try(self) -> bool:
        try:
            return await self.lock.try_acquire()
        except trouble.ERRORS as error:
            if trouble.down(error) is None:
                raise
            log.debug("the lock cannot be asked for", reason=trouble.down(error))
            return False

    async def _stopped_within(self, seconds: float) -> bool:
        with suppress(TimeoutError):
            await asyncio.wait_for(self.stop.wait(), seconds)
        return self.stop.is_set()

    @asynccontextmanager
    async def term(self) -> AsyncIterator["Term"]:
        """While this process leads. Whoever loses the lock stands by again, it is given back."""
        term = Term()
        watches = [asyncio.create_task(watch(term)) for watch in (self._obey, self._watch)]
        try:
            yield term
        except DatabaseDown:
            if not self.may_wait:
                raise
            if not self.failing:
                log.warning("cannot lead: the database cannot be used; it is tried again")
            self.failing = True
        else:
            self.failing = False
        finally:
            for watch in watches:
                watch.cancel()
            await asyncio.gather(*watches, return_exceptions=True)
            if not self.stop.is_set():
                await self.lock.release()

    async def _obey(self, term: "Term") -> None:
        await self.stop.wait()
        term.over.set()

    async def _watch(self, term: "Term") -> None:
        """End the term as soon as the lock is lost."""
        while await self.lock.held():
            with suppress(TimeoutError):
                await asyncio.wait_for(self.lock.lost.wait(), LOOK_AGAIN)
        if not term.over.is_set():
            log.error("the database cut the connection that made this Stockbell the leader")
            term.lost = True
            term.over.set()


@dataclass(slots=True)
class Term:
    """`over` is set when this process must lead no longer; `lost`: because another one may."""

    over: asyncio.Event = field(default_factory=asyncio.Event)
    lost: bool = False
