"""Watches the machine's clock, and mends what a wrong one left."""

import json
from dataclasses import dataclass
from datetime import datetime

import structlog

from bot.domain import subjects
from bot.domain.delivery import LONGEST_WAIT
from bot.domain.timekeeping import (
    LONGEST_LEASE,
    STEP,
    ClockReason,
    Elapsed,
    Moment,
    doubted_until,
    judge,
)
from bot.services.ground import Ground
from bot.services.routing.routes import Routes
from storage import inbox, notices, settings
from storage.tx import Tx

log = structlog.get_logger(__name__)

NAME = "clock"


@dataclass(frozen=True, slots=True)
class Kept:
    """What the database knows of the clock: when it was looked at, and whether to doubt it."""

    seen: datetime
    doubted: datetime | None

    @classmethod
    def of(cls, text: str | None) -> "Kept | None":
        if text is None:
            return None
        stored = json.loads(text)
        doubted = stored["doubted"]
        seen = datetime.fromisoformat(stored["seen"])
        return cls(seen, datetime.fromisoformat(doubted) if doubted else None)

    def as_text(self) -> str:
        doubted = self.doubted.isoformat() if self.doubted else None
        return json.dumps({"seen": self.seen.isoformat(), "doubted": doubted})


class Timekeeping:
    """`elapsed` None: no time passes but what the clock says, as in tests that move it."""

    def __init__(self, ground: Ground, routes: Routes, elapsed: Elapsed | None = None) -> None:
        self.ground, self.routes, self.elapsed = ground, routes, elapsed
        self._last: Moment | None = None

    async def begin(self) -> None:
        """At the start of a leader: mends whatever a clock that was ahead left behind."""
        async with self.ground.write() as tx:
            await self._mend(tx)
        await self.look()

    async def look(self) -> ClockReason:
        """Compare the clocks, mend and tell; each minute, and when somebody saw a step."""
        if self.elapsed is None:
            return ClockReason.STEADY
        async with self.ground.write() as tx:
            now = Moment(self.ground.now(), self.elapsed())
            kept = Kept.of(await settings.get(tx, NAME))
            before = self._last or (Moment(kept.seen, None) if kept else None)
            reason = judge(before, now)
            if reason is ClockReason.WENT_BACK:
                await self._mend(tx)
            doubted = doubted_until(kept.doubted if kept else None, reason, now.at)
            if reason is ClockReason.JUMPED and before is not None and doubted is not None:
                await self._tell(tx, before.at, now.at)
            await settings.put(tx, NAME, Kept(now.at, doubted).as_text())
        self._last = now
        if reason is not ClockReason.STEADY:
            log.warning("the clock of this machine was set", reason=reason.value)
        return reason

    async def believed(self) -> bool:
        """Whether things may be ended and erased for their age now."""
        await self.look()
        async with self.ground.read() as tx:
            kept = Kept.of(await settings.get(tx, NAME))
        return kept is None or kept.doubted is None or kept.doubted <= self.ground.now()

    async def _mend(self, tx: Tx) -> None:
        """What is due, or held, later than it ever could be is so because of the clock."""
        now = self.ground.now()
        longest, leased = now + LONGEST_WAIT + STEP, now + LONGEST_LEASE
        await notices.mend_times(tx, now, longest, leased)
        await inbox.mend_times(tx, now, longest, leased)

    async def _tell(self, tx: Tx, before: datetime, now: datetime) -> None:
        subject = subjects.of_fault("clock", now.isoformat())
        payload = {"what": "fault.clock", "since": before.isoformat()}
        await notices.queue(tx, await self.routes.fault(tx, subject, subject, payload), now)
