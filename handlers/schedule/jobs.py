"""The clock: named jobs that never overlap."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import time
from zoneinfo import ZoneInfo

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from bot.domain.clock import Clock
from bot.domain.faults import DatabaseDown
from bot.domain.timekeeping import STEP
from bot.services.alerts.reporting import Reporting
from bot.services.own_health.timekeeping import Timekeeping
from bot.services.own_health.upkeep import Upkeep
from bot.services.own_health.watching import Watching

log = structlog.get_logger(__name__)

SWEEP_SECONDS = 60
HEALTH_SECONDS = 15  # four looks before a trouble of a minute is told
LOOK_SECONDS = 1.0
LATE_BY = 3600  # seconds: a job that was due while the machine slept still runs, once


@dataclass(frozen=True, slots=True)
class Job:
    """`work` returns what it found, for the log. `trigger` makes it anew, as seen from now."""

    name: str
    trigger: Callable[[], BaseTrigger]
    work: Callable[[], Awaitable[object]]

    async def run(self) -> None:
        """A job that fails must not stop the clock: recorded, and run again when it is due."""
        try:
            found = await self.work()
        except DatabaseDown as error:
            log.warning("job put off", job=self.name, reason=str(error))
        except Exception:  # the job runner's catch-all: DESIGN section 4
            log.exception("job failed", job=self.name)
        else:
            log.debug("job done", job=self.name, found=str(found))


def build_jobs(
    upkeep: Upkeep, reporting: Reporting, watching: Watching, digest_at: time
) -> tuple[Job, ...]:
    """All jobs of the bot; times of day are the shop's."""

    async def sweep() -> object:
        found = await upkeep.sweep()
        if found.alerts or found.restocks:
            log.warning(
                "sweep found unannounced changes", alerts=found.alerts, restocks=found.restocks
            )
        return found

    zone: ZoneInfo = reporting.zone
    return (
        Job("sweep", _each(SWEEP_SECONDS), sweep),
        Job("imports", _each(SWEEP_SECONDS), upkeep.bulk.finish),
        clock_job(upkeep.timekeeping),
        Job("health", _each(HEALTH_SECONDS), watching.look),
        Job("digest", _daily(digest_at, zone), reporting.queue_digest),
        Job("expiry", _daily(time(3, 10), zone), upkeep.expire_subscriptions),
        Job("retention", _daily(time(3, 40), zone), upkeep.forget_old),
    )


def clock_job(timekeeping: Timekeeping) -> Job:
    """Compares the clocks; besides each minute it runs when a step was seen."""
    return Job("clock", _each(SWEEP_SECONDS), timekeeping.look)


def _each(seconds: int) -> Callable[[], BaseTrigger]:
    return lambda: IntervalTrigger(seconds=seconds)


def _daily(at: time, zone: ZoneInfo) -> Callable[[], BaseTrigger]:
    return lambda: CronTrigger(hour=at.hour, minute=at.minute, timezone=zone)


@dataclass(frozen=True, slots=True)
class Clockwork:
    """A supervised part: the scheduler runs until it is told to stop.

    It plans by the wall clock, which somebody may set under it: set back, the next time of a job
    lies as far ahead as the clock was wrong. `stepped` is run when that is seen.
    """

    jobs: tuple[Job, ...]
    clock: Clock
    stepped: Job

    async def run(self, stop: asyncio.Event) -> None:
        scheduler = AsyncIOScheduler()
        for job in self.jobs:
            scheduler.add_job(
                job.run,
                job.trigger(),
                id=job.name,
                name=job.name,
                max_instances=1,
                coalesce=True,
                misfire_grace_time=LATE_BY,
            )
        scheduler.start()
        try:
            await self._watch(scheduler, stop)
        finally:
            scheduler.shutdown(wait=False)

    async def _watch(self, scheduler: AsyncIOScheduler, stop: asyncio.Event) -> None:
        """Until `stop`; each second the wall clock is held against the loop's, which nobody sets
        and which stands still while the machine sleeps."""
        before = self._apart()
        while not await _stopped_within(stop, LOOK_SECONDS):
            now = self._apart()
            if abs(now - before) > STEP.total_seconds():
                self._plan_anew(scheduler, went_back=now < before)
                await self.stepped.run()
            before = now

    def _apart(self) -> float:
        return self.clock().timestamp() - asyncio.get_running_loop().time()

    def _plan_anew(self, scheduler: AsyncIOScheduler, *, went_back: bool) -> None:
        """Ahead, what fell due meanwhile still runs, once; a time that comes again is none."""
        if went_back:
            for job in self.jobs:
                scheduler.reschedule_job(job.name, trigger=job.trigger())
        else:
            scheduler.wakeup()


async def _stopped_within(stop: asyncio.Event, seconds: float) -> bool:
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
    return stop.is_set()
