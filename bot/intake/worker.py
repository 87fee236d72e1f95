"""The inbox worker: claims what arrived, hands it to its dispatcher, writes down what became of it.

One transaction a turn does both, for all that were finished since the turn before: the more there
is to do, the fewer commits it takes for each.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import structlog

from bot.domain.faults import DatabaseDown
from bot.domain.sending import NotSent, RetryAfter
from bot.domain.telemetry import SILENT, Telemetry
from bot.services.engine.bell import Bell
from bot.services.inbox.arriving import LEASE, Arriving, Failed, Json, Later, Outcome, Worked
from storage.inbox import Claimed

log = structlog.get_logger(__name__)

AT_ONCE = 16  # different senders at the same time; one sender's arrivals stay in order
LOOK_AGAIN = 1.0  # seconds: what another process stored is seen at the latest by then
RENEW = LEASE.total_seconds() / 4  # seconds; the database may be down for a while then
WAIT = 2.0  # seconds between tries while a platform cannot be reached
DATABASE_AGAIN = 0.5  # seconds between tries to write an outcome while the database is down

Dispatch = Callable[[Json], Awaitable[None]]


@dataclass(slots=True)
class _Hands:
    """What one worker holds: in work, and finished but not written down yet."""

    busy: dict[asyncio.Task[Outcome], Claimed] = field(default_factory=dict)
    outcomes: list[Outcome] = field(default_factory=list)
    renewed: float = 0.0  # of the loop's time; when the leases of what is in work began at most

    @property
    def empty(self) -> bool:
        return not self.busy and not self.outcomes

    @property
    def free(self) -> int:
        return AT_ONCE - len(self.busy)

    def to_renew(self, after: float) -> list[Claimed]:
        """What is in work, once its leases have run for so many seconds."""
        now = asyncio.get_running_loop().time()
        if self.busy and now - self.renewed >= after:
            return list(self.busy.values())
        self.renewed = self.renewed if self.busy else now
        return []

    def collect(self) -> None:
        """Take what is finished."""
        for task in [task for task in self.busy if task.done()]:
            del self.busy[task]
            self.outcomes.append(task.result())

    async def cancel(self) -> None:
        for task in self.busy:
            task.cancel()
        await asyncio.gather(*self.busy, return_exceptions=True)


@dataclass(frozen=True, slots=True)
class InboxWorker:
    """`dispatchers` maps a source to what works its payloads off; it may see a payload twice.

    Work may take as long as it likes: its lease is renewed after each `renew` seconds.
    """

    arriving: Arriving
    dispatchers: Mapping[str, Dispatch]
    bell: Bell
    renew: float = RENEW
    telemetry: Telemetry = SILENT

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop`; what is in work then is finished."""
        hands = _Hands()
        try:
            while not stop.is_set() or not hands.empty:
                heard = self.bell.rings
                if not await self._turn(hands, 0 if stop.is_set() else hands.free):
                    await self._wait(hands, stop, heard)
                hands.collect()
        finally:
            await hands.cancel()

    async def _turn(self, hands: _Hands, limit: int) -> bool:
        """Whether something new is in work.

        While the database is down all stays in these hands: let go, it would stay away until its
        lease ends and then be answered a second time.
        """
        held = hands.to_renew(self.renew)
        try:
            claimed = await self.arriving.turn(hands.outcomes, limit, held)
        except DatabaseDown as error:
            log.debug("the inbox has to wait", reason=str(error))
            await asyncio.sleep(DATABASE_AGAIN)
            return False
        for outcome in hands.outcomes:
            self._count(outcome)
        hands.outcomes.clear()
        if held:
            hands.renewed = asyncio.get_running_loop().time()
        hands.busy |= {asyncio.create_task(self.work(one)): one for one in claimed}
        return bool(claimed)

    def _count(self, outcome: Outcome) -> None:
        """It is written down."""
        match outcome:
            case Worked():
                ended = "done"
            case Failed():
                ended = "dead" if outcome.last else "failed"
            case _:
                ended = "later"
        claimed = outcome.claimed
        took = self.arriving.ground.now() - claimed.received_at
        self.telemetry.worked_off(claimed.source, ended, took)

    async def _wait(self, hands: _Hands, stop: asyncio.Event, heard: int) -> None:
        """Until there may be something to do."""
        if not stop.is_set():
            await self.bell.wait(stop, heard, LOOK_AGAIN, hands.busy)
        elif hands.busy:
            await asyncio.wait(hands.busy, return_when=asyncio.FIRST_COMPLETED)

    async def work(self, claimed: Claimed) -> Outcome:
        """One arrival that cannot be handled must not stop the others: kept, and tried again."""
        try:
            await self.dispatchers[claimed.source](self.arriving.payload(claimed))
        except (NotSent, RetryAfter, DatabaseDown) as error:
            tell = log.debug if isinstance(error, DatabaseDown) else log.warning
            tell("answer has to wait", source=claimed.source, reason=str(error))
            wait = error.seconds if isinstance(error, RetryAfter) else WAIT
            return Later(claimed, error, wait)
        except Exception as error:  # the inbox worker's catch-all: DESIGN section 4
            failed = Failed(claimed, error)
            again = not failed.last
            log.exception("arrival failed", source=claimed.source, key=claimed.key, again=again)
            return failed
        return Worked(claimed)
