"""The bot from its start to its stop."""

import asyncio
import socket
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import structlog

from bot.app.leading import Leading
from bot.app.opening import Base
from bot.app.platforms import Platforms
from bot.delivery.worker import OutboxWorker
from bot.domain.faults import DatabaseDown
from bot.intake.dirty import DirtyLoop
from bot.intake.worker import InboxWorker
from bot.services.bell import Bell
from bot.settings import SettingsError
from bot.supervisor import Supervisor
from handlers.http.server import Health, HttpServer, bind, build_http
from handlers.schedule.jobs import Clockwork, build_jobs
from handlers.slack.socket import SlackTokenRefused
from handlers.telegram.waiting import TokenRefused
from storage.lock import RunLock

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class App:
    """One running bot. `run` returns when `stop` is set and everything has been put down."""

    base: Base
    stop: asyncio.Event
    bell: Bell = field(default_factory=Bell)

    async def run(self) -> None:
        """Raises AlreadyRunning when another bot runs on this database, or LockLost."""
        lock = RunLock(self.base.database)
        leading = Leading(lock, self.stop)
        if not await leading.begin():
            return
        watch = asyncio.create_task(leading.watch())
        try:
            await self._run()
            await watch
        finally:
            watch.cancel()
            await asyncio.gather(watch, return_exceptions=True)
            await lock.release()

    async def _run(self) -> None:
        await self._prepare()
        async with AsyncExitStack() as stack:
            http = stack.enter_context(self._http_socket())
            supervisor = Supervisor(
                self.stop, fatal=(TokenRefused, SlackTokenRefused), passing=(DatabaseDown,)
            )
            platforms = Platforms(self.base, stack)
            await platforms.add_all()
            for name, part in platforms.parts.items():
                supervisor.start(name, part)
            self._start_parts(supervisor, platforms)
            self._start_http(supervisor, platforms, http)
            await self.stop.wait()
            log.info("stopping")
            await supervisor.finish()
        log.info("stopped")

    async def _prepare(self) -> None:
        """What must be true before the first part starts."""
        services, settings = self.base.services, self.base.settings
        self.base.database.after_commit.append(self.bell.ring)
        self.base.database.after_trouble.append(_tell_of_database)
        await services.people.add_admins(settings.admins)
        services.alerting.destinations = await services.people.add_channels(
            settings.alert_addresses
        )
        orphans = (
            await services.settling.release_orphans(), await services.arriving.release_orphans()
        )  # fmt: skip
        log.info("starting", shop=settings.shop_name, taken_up_again=sum(orphans))

    def _http_socket(self) -> socket.socket:
        settings = self.base.settings
        try:
            return bind(settings.http_host, settings.http_port)
        except OSError as error:
            raise SettingsError(
                f"HTTP_PORT: cannot listen on {settings.http_host}:{settings.http_port} "
                f"({error.strerror}); is another program there? Set another port"
            ) from None

    def _start_parts(self, supervisor: Supervisor, platforms: Platforms) -> None:
        settings, services = self.base.settings, self.base.services
        inbox = InboxWorker(services.arriving, platforms.dispatchers, self.bell)
        supervisor.start("inbox", inbox.run)
        supervisor.start("rules", DirtyLoop(services.alerting, services.endings, self.bell).run)
        self.start_outbox(supervisor, platforms)
        jobs = build_jobs(
            services.upkeep, services.reporting, services.watching, settings.digest_time
        )
        supervisor.start("clock", Clockwork(jobs).run)

    def start_outbox(self, supervisor: Supervisor, platforms: Platforms) -> None:
        """Without these nothing leaves that must arrive; answers to people go out by themselves."""
        services = self.base.services
        for platform, channel in platforms.channels.items():
            worker = OutboxWorker(
                platform, channel, services.settling, services.composing, platforms.render,
                self.bell,
            )  # fmt: skip
            supervisor.start(f"outbox {platform}", worker.run)

    def _start_http(
        self, supervisor: Supervisor, platforms: Platforms, http: socket.socket
    ) -> None:
        health = Health(
            self.base.settings.shop_name,
            lambda: supervisor.states | platforms.links(),
            self.base.database.check,
        )
        routes = build_http(health, platforms.routes)
        supervisor.start("http", HttpServer(routes, http).run)


def _tell_of_database(reason: str) -> None:
    """One line when it goes and one when it is back; the parts wait in silence between them."""
    if reason:
        log.error("the database cannot be used", reason=reason)
    else:
        log.info("the database can be used again")
