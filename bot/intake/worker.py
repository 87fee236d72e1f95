"""The inbox worker: claims what arrived, hands it to its dispatcher, marks it done."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import structlog

from bot.domain.sending import NotSent, RetryAfter
from bot.services.arriving import Arriving, Json
from bot.services.bell import Bell
from storage.inbox import Claimed

log = structlog.get_logger(__name__)

AT_ONCE = 8  # different senders at the same time; one sender's arrivals stay in order
LOOK_AGAIN = 1.0  # seconds: what another process stored is seen at the latest by then

WAIT = 2.0  # seconds between tries while a platform cannot be reached

Dispatch = Callable[[Json], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class InboxWorker:
    """`dispatchers` maps a source to what works its payloads off; it may see a payload twice."""

    arriving: Arriving
    dispatchers: Mapping[str, Dispatch]
    bell: Bell

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop`; what is in work then is finished."""
        busy: set[asyncio.Task[None]] = set()
        while not stop.is_set():
            heard = self.bell.rings
            claimed = await self.arriving.claim() if len(busy) < AT_ONCE else None
            if claimed is None:
                await self.bell.wait(stop, heard, LOOK_AGAIN, busy)
            else:
                busy.add(asyncio.create_task(self.work(claimed)))
            for task in {task for task in busy if task.done()}:
                busy.discard(task)
                task.result()
        if busy:
            await asyncio.gather(*busy)

    async def work(self, claimed: Claimed) -> None:
        """One arrival that cannot be handled must not stop the others: kept, and tried again."""
        try:
            await self.dispatchers[claimed.source](self.arriving.payload(claimed))
        except (NotSent, RetryAfter) as error:
            wait = error.seconds if isinstance(error, RetryAfter) else WAIT
            await self.arriving.later(claimed, repr(error), wait)
            log.warning("answer has to wait", source=claimed.source, reason=str(error))
        except Exception as error:  # the inbox worker's catch-all: DESIGN section 4
            again = await self.arriving.failed(claimed, repr(error))
            log.exception("arrival failed", source=claimed.source, key=claimed.key, again=again)
        else:
            await self.arriving.done(claimed)
