"""The clock: named jobs that never overlap."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import time
from zoneinfo import ZoneInfo

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from bot.domain.faults import DatabaseDown
from bot.services.alerts.reporting import Reporting
from bot.services.own_health.upkeep import Upkeep
from bot.services.own_health.watching import Watching

log = structlog.get_logger(__name__)

SWEEP_SECONDS = 60
HEALTH_SECONDS = 15  # four looks before a trouble of a minute is told
LATE_BY = 3600  # seconds: a job that was due while the machine slept still runs, once


@dataclass(frozen=True, slots=True)
class Job:
    """`work` returns what it found, for the log."""

    name: str
    trigger: BaseTrigger
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
        Job("sweep", IntervalTrigger(seconds=SWEEP_SECONDS), sweep),
        Job("imports", IntervalTrigger(seconds=SWEEP_SECONDS), upkeep.bulk.finish),
        Job("health", IntervalTrigger(seconds=HEALTH_SECONDS), watching.look),
        Job("digest", _daily(digest_at, zone), reporting.queue_digest),
        Job("expiry", _daily(time(3, 10), zone), upkeep.expire_subscriptions),
        Job("retention", _daily(time(3, 40), zone), upkeep.forget_old),
    )


def _daily(at: time, zone: ZoneInfo) -> BaseTrigger:
    return CronTrigger(hour=at.hour, minute=at.minute, timezone=zone)


@dataclass(frozen=True, slots=True)
class Clockwork:
    """A supervised part: the scheduler runs until it is told to stop."""

    jobs: tuple[Job, ...]

    async def run(self, stop: asyncio.Event) -> None:
        scheduler = AsyncIOScheduler()
        for job in self.jobs:
            scheduler.add_job(
                job.run,
                job.trigger,
                id=job.name,
                name=job.name,
                max_instances=1,
                coalesce=True,
                misfire_grace_time=LATE_BY,
            )
        scheduler.start()
        try:
            await stop.wait()
        finally:
            scheduler.shutdown(wait=False)
