"""One process leads on a database; on PostgreSQL others stand by until it is gone."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass

import structlog

from storage.lock import LockLost, RunLock

log = structlog.get_logger(__name__)

STANDING_BY = 0.5  # seconds without the lock until the log says why nothing happens
LOCK_LOOK_AGAIN = 1.0  # seconds: so long two may lead after the database cut our connection


@dataclass(frozen=True, slots=True)
class Leading:
    lock: RunLock
    stop: asyncio.Event

    async def begin(self) -> bool:
        """Wait for the lock (on PostgreSQL a second process stands by); False if told to stop.

        Raises AlreadyRunning on SQLite when another process leads.
        """
        taking = asyncio.create_task(self.lock.acquire(wait=True))
        stopping = asyncio.create_task(self.stop.wait())
        try:
            either = {taking, stopping}
            await asyncio.wait(either, timeout=STANDING_BY, return_when=asyncio.FIRST_COMPLETED)
            if not any(task.done() for task in either):
                log.info("standing by: another Stockbell leads on this database")
                await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if not taking.done():
                return False
            await taking
            return True
        finally:
            stopping.cancel()
            taking.cancel()
            await asyncio.gather(taking, stopping, return_exceptions=True)

    async def watch(self) -> None:
        """Stop as soon as the lock is lost: whoever stood by leads now. Raises LockLost then."""
        while not self.stop.is_set():
            if not await self.lock.held():
                self.stop.set()
                raise LockLost
            with suppress(TimeoutError):
                await asyncio.wait_for(self.stop.wait(), LOCK_LOOK_AGAIN)
