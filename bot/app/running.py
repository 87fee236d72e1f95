"""The bot from its start to its stop."""

import asyncio
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from functools import partial

import structlog

from bot.app.front import Front
from bot.app.greeting import greet
from bot.app.leading import LOST_WITHIN, Leading
from bot.app.opening import Base
from bot.app.platforms import Platforms
from bot.domain.faults import DatabaseDown
from bot.intake.dirty import DirtyLoop
from bot.intake.worker import InboxWorker
from bot.services.engine.bell import Bell
from bot.supervisor import STOP_WITHIN, Supervisor
from handlers.schedule.jobs import Clockwork, build_jobs, clock_job
from storage.lock import RunLock
from storage.topics import Topic

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class App:
    """One running bot. `run` returns when `stop` is set and everything has been put down."""

    base: Base
    stop: asyncio.Event
    bells: dict[Topic, Bell] = field(default_factory=lambda: {topic: Bell() for topic in Topic})

    async def run(self) -> None:
        """Take web hooks, and lead whenever no other process does.

        Raises AlreadyRunning when another bot runs on this SQLite file, SettingsError when the port
        is taken or no platform takes its token. It stops in this order: nothing more is taken or
        claimed; what is on the wire is waited for and settled; then the connections are closed.
        """
        database = self.base.database
        async with AsyncExitStack() as stack:
            lock = RunLock(database)
            stack.push_async_callback(lock.release)
            leading = Leading(lock, self.stop, may_wait=not database.is_sqlite)
            leads = await leading.begin()
            for topic, bell in self.bells.items():
                database.on_commit(topic, bell.ring)
            database.after_trouble.append(_tell_of_database)
            front = Front(self.base, self.stop)
            await front.open(stack)
            while not self.stop.is_set() and (leads or await leading.stand_by()):
                await self._lead(leading, front)
                leads = False
        log.info("stopped")

    async def _lead(self, leading: Leading, front: Front) -> None:
        """Until `stop`, or until another process may lead."""
        async with leading.term() as term:
            supervisor = Supervisor(term.over, fatal=front.platforms.fatal, passing=(DatabaseDown,))
            await self._prepare()
            self._start_parts(supervisor, front.platforms)
            with front.led_by(supervisor):
                greeting = asyncio.create_task(greet(front, term.over))
                greeting.add_done_callback(partial(_end_if_failed, self.stop))
                await term.over.wait()
                log.info("stopping")
                await supervisor.finish(LOST_WITHIN if term.lost else STOP_WITHIN)
            await _heard(greeting)

    async def _prepare(self) -> None:
        """What must be true before the first part of a leader starts."""
        services, settings = self.base.services, self.base.settings
        await services.people.add_admins(self.base.named.admins)
        await services.routes.follow_settings(self.base.named.alerts)
        await services.upkeep.timekeeping.begin()
        orphans = (
            await services.settling.release_orphans(), await services.arriving.release_orphans()
        )  # fmt: skip
        log.info("starting", shop=settings.shop_name, taken_up_again=sum(orphans))

    def _start_parts(self, supervisor: Supervisor, platforms: Platforms) -> None:
        settings, services = self.base.settings, self.base.services
        for name, part in platforms.parts.items():
            supervisor.start(name, part)
        inbox = InboxWorker(
            services.arriving, platforms.dispatchers, self.bells[Topic.ARRIVAL],
            telemetry=platforms.telemetry,
        )  # fmt: skip
        rules = DirtyLoop(
            services.alerting, services.endings, self.bells[Topic.STOCK], self.bells[Topic.NOTICE]
        )
        supervisor.start("inbox", inbox.run)
        supervisor.start("rules", rules.run)
        self.start_outbox(supervisor, platforms)
        jobs = build_jobs(
            services.upkeep, services.reporting, services.watching, settings.digest_time
        )
        clockwork = Clockwork(jobs, services.ground.clock, clock_job(services.upkeep.timekeeping))
        supervisor.start("clock", clockwork.run)

    def start_outbox(self, supervisor: Supervisor, platforms: Platforms) -> None:
        """Without these nothing leaves that must arrive; answers to people go out by themselves."""
        for name, worker in platforms.workers(self.bells[Topic.NOTICE]).items():
            supervisor.start(f"outbox {name}", worker.run)


def _end_if_failed(stop: asyncio.Event, greeting: asyncio.Task[None]) -> None:
    if not greeting.cancelled() and greeting.exception() is not None:
        stop.set()


async def _heard(greeting: asyncio.Task[None]) -> None:
    """Raises what it ended with, unless it was still on its way."""
    greeting.cancel()
    with suppress(asyncio.CancelledError):
        await greeting


def _tell_of_database(reason: str) -> None:
    """One line when it goes and one when it is back; the parts wait in silence between them."""
    if reason:
        log.error("the database cannot be used", reason=reason)
    else:
        log.info("the database can be used again")
