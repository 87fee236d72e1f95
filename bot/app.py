"""The composition root: the only place that builds stores, clients, channels, handlers and jobs."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from starlette.routing import BaseRoute

from bot.channels.base import Channel
from bot.channels.pacer import Pacer, telegram_rate
from bot.channels.slack import SlackChannel
from bot.channels.slack_client import PacedSlackClient, slack_pacer, slack_session
from bot.channels.telegram import TelegramChannel
from bot.channels.telegram_limits import PacedRequests
from bot.delivery.worker import OutboxWorker
from bot.domain.contacts import Platform
from bot.domain.notices import Rendered
from bot.domain.telling import NoticeData
from bot.intake.dirty import DirtyLoop
from bot.intake.worker import Dispatch, InboxWorker
from bot.render import slack as render_slack
from bot.render import telegram as render_telegram
from bot.render.catalogue import Texts
from bot.render.view import RenderContext, View
from bot.services.bell import Bell
from bot.services.bundle import Options, Services, build_services
from bot.services.subscribing import Limits
from bot.services.upkeep import Retention
from bot.settings import Settings, SettingsError
from bot.supervisor import Supervisor
from handlers.http.server import Health, HttpServer, bind, build_http
from handlers.schedule.jobs import Clockwork, build_jobs
from handlers.slack.build import SlackSide, build_slack
from handlers.slack.http import slack_route
from handlers.slack.socket import SlackSocket, SlackTokenRefused
from handlers.telegram.build import build_application
from handlers.telegram.side import Hook, TelegramSide, build_telegram
from handlers.telegram.waiting import TokenRefused
from handlers.telegram.webhook import webhook_route
from storage import contacts
from storage.database import Database
from storage.lock import LockLost, RunLock
from storage.migrate import migrate
from storage.vault import UnknownKey, Vault, load_or_create_key_file

log = structlog.get_logger(__name__)

# Telegram: about 30 messages a second in all; core.telegram.org/bots/faq. A burst of 5 and 28 a
# second keep every second under it, the first one too; the last 2 of the burst are for answers.
TELEGRAM_RATE, TELEGRAM_BURST, TELEGRAM_RESERVED = 25.0, 5, 2
BACKGROUND_WITHIN = 3.0  # seconds: a modal that is not open by then never will be
STANDING_BY = 0.5  # seconds without the lock until the log says why nothing happens
LOCK_LOOK_AGAIN = 1.0  # seconds: so long two may lead after the database cut our connection
DEFAULT_KEY_FILE = Path("data/stockbell.key")  # for PostgreSQL, which has no file to be beside


def now() -> datetime:
    """The one clock of the running bot."""
    return datetime.now(UTC)  # noqa: TID251  # this is the injected clock


def keys_of(settings: Settings) -> list[str]:
    """The keys of the settings, else those of the key file beside the database."""
    if settings.keys:
        return list(settings.keys)
    database = Database(settings.database)
    path = DEFAULT_KEY_FILE
    if database.is_sqlite:
        path = Path(f"{database.url.database}.key")
    return load_or_create_key_file(path)


def texts_of(settings: Settings) -> Texts:
    """The catalogues. Raises SettingsError for a language that has none."""
    texts = Texts(settings.default_language)
    spoken = {code.partition("_")[0] for code in texts.languages}
    if settings.default_language.replace("-", "_").partition("_")[0].lower() not in spoken:
        raise SettingsError(f"DEFAULT_LANGUAGE: there is only {' and '.join(texts.languages)}")
    return texts


def options_of(settings: Settings, texts: Texts) -> Options:
    return Options(
        zone=settings.zone,
        languages=texts.languages,
        admins=settings.admins,
        out_level=settings.out_level,
        allow_negative=settings.allow_negative_stock,
        clerk_limit=settings.clerk_limit,
        limits=Limits(settings.max_subscriptions, settings.few_left),
        retention=Retention(settings.subscription_days, settings.retention_days),
    )


@dataclass(frozen=True, slots=True)
class Base:
    """What every command needs: an open, migrated database and the services on it."""

    settings: Settings
    database: Database
    texts: Texts
    services: Services


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Base]:
    """Open the database, bring its schema up to date, build the services; close it at the end."""
    texts = texts_of(settings)
    vault = Vault(keys_of(settings))
    database = Database(settings.database)
    try:
        applied = await migrate(database)
        if applied:
            log.info("migrated", revisions=applied)
        await require_the_keys(database, vault)
        services = build_services(database, vault, now, options_of(settings, texts))
        yield Base(settings, database, texts, services)
    finally:
        await database.close()


async def require_the_keys(database: Database, vault: Vault) -> None:
    """Refuse to go on without the keys of the contacts there are. Raises UnknownKey."""
    async with database.read() as tx:
        known = [vault.knows(header) for header in await contacts.headers(tx)]
    if not all(known):
        raise UnknownKey(
            "the contacts in this database were encrypted with a key that is neither in "
            "PERSONAL_DATA_KEYS nor in the key file beside it: bring that key back"
        )


@dataclass(slots=True)
class App:
    """One running bot. `run` returns when `stop` is set and everything has been put down."""

    base: Base
    stop: asyncio.Event
    bell: Bell = field(default_factory=Bell)
    channels: dict[Platform, Channel] = field(default_factory=dict)
    dispatchers: dict[str, Dispatch] = field(default_factory=dict)
    routes: list[BaseRoute] = field(default_factory=list)
    telegram: TelegramSide | None = None
    slack: SlackSide | None = None
    socket_mode: SlackSocket | None = None

    @property
    def view(self) -> View:
        settings = self.base.settings
        context = RenderContext(
            shop_name=settings.shop_name,
            shop_url=settings.shop_url,
            zone=settings.zone,
            now=now,
            retention_days=settings.retention_days,
            bot_username=self.bot_username,
        )
        return View(self.base.texts, context)

    def bot_username(self) -> str:
        """As Telegram told it; "" before that, and without Telegram."""
        return self.telegram.username if self.telegram else ""

    async def run(self) -> None:
        """Raises AlreadyRunning when another bot runs on this database, or LockLost."""
        lock = RunLock(self.base.database)
        if not await self._leading(lock):
            return
        watch = asyncio.create_task(self._watch(lock))
        try:
            await self._run()
            await watch
        finally:
            watch.cancel()
            await asyncio.gather(watch, return_exceptions=True)
            await lock.release()

    async def _watch(self, lock: RunLock) -> None:
        """Stop as soon as the lock is lost: whoever stood by leads now. Raises LockLost then."""
        while not self.stop.is_set():
            if not await lock.held():
                self.stop.set()
                raise LockLost
            with suppress(TimeoutError):
                await asyncio.wait_for(self.stop.wait(), LOCK_LOOK_AGAIN)

    async def _leading(self, lock: RunLock) -> bool:
        """Wait for the lock (on PostgreSQL a second process stands by); False if told to stop."""
        taking = asyncio.create_task(lock.acquire(wait=True))
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

    async def _run(self) -> None:
        services, settings = self.base.services, self.base.settings
        self.base.database.after_commit.append(self.bell.ring)
        await services.people.add_admins(settings.admins)
        services.alerting.destinations = await services.people.add_channels(
            settings.alert_addresses
        )
        orphans = (
            await services.settling.release_orphans(), await services.arriving.release_orphans()
        )  # fmt: skip
        log.info("starting", shop=settings.shop_name, taken_up_again=sum(orphans))
        async with AsyncExitStack() as stack:
            http = stack.enter_context(self._http_socket())
            supervisor = Supervisor(self.stop, fatal=(TokenRefused, SlackTokenRefused))
            if settings.telegram_token:
                await self._add_telegram(supervisor, stack)
            if settings.slack_token:
                await self._add_slack(supervisor, stack)
            self._start_parts(supervisor, http)
            await self.stop.wait()
            log.info("stopping")
            await supervisor.finish()
        log.info("stopped")

    def _http_socket(self) -> socket.socket:
        settings = self.base.settings
        try:
            return bind(settings.http_host, settings.http_port)
        except OSError as error:
            raise SettingsError(
                f"HTTP_PORT: cannot listen on {settings.http_host}:{settings.http_port} "
                f"({error.strerror}); is another program there? Set another port"
            ) from None

    async def _add_telegram(self, supervisor: Supervisor, stack: AsyncExitStack) -> None:
        settings, services = self.base.settings, self.base.services
        pacer = Pacer(
            TELEGRAM_RATE, TELEGRAM_BURST, reserved=TELEGRAM_RESERVED, rate_of=telegram_rate
        )
        limiter = PacedRequests(pacer)
        application = build_application(settings.telegram_token, settings.telegram_api_url, limiter)
        channel = TelegramChannel(application.bot)
        accept_many = services.arriving.accept_many
        hook = None
        if settings.telegram_mode == "webhook":
            secret = settings.telegram_webhook_secret.get_secret_value()
            hook = Hook(settings.telegram_webhook_url, secret)
            self.routes.append(webhook_route(hook.url, secret, accept_many))
        side = build_telegram(application, services, channel, self.view, accept_many, hook)
        stack.push_async_callback(side.close)
        self.telegram = side
        self.channels[Platform.TELEGRAM] = channel
        self.dispatchers[Platform.TELEGRAM] = side.dispatch
        supervisor.start("telegram", side.run)

    async def _add_slack(self, supervisor: Supervisor, stack: AsyncExitStack) -> None:
        settings, services = self.base.settings, self.base.services
        session = await stack.enter_async_context(slack_session())
        client = PacedSlackClient(
            settings.slack_token, slack_pacer(), session, settings.slack_api_url
        )
        side = build_slack(client, services, self.view, services.arriving.accept)
        stack.push_async_callback(side.background.finish, BACKGROUND_WITHIN)
        self.slack = side
        self.channels[Platform.SLACK] = SlackChannel(client)
        self.dispatchers[Platform.SLACK] = side.dispatch
        if settings.slack_mode == "http":
            secret = settings.slack_signing_secret.get_secret_value()
            self.routes.append(slack_route(side.app, secret, now))
        else:
            app_token = settings.slack_app_token.get_secret_value()
            self.socket_mode = SlackSocket(side.app, app_token, client)
            supervisor.start("slack", self.socket_mode.run)

    def _start_parts(self, supervisor: Supervisor, http: socket.socket) -> None:
        settings, services = self.base.settings, self.base.services
        inbox = InboxWorker(services.arriving, self.dispatchers, self.bell)
        supervisor.start("inbox", inbox.run)
        supervisor.start("rules", DirtyLoop(services.alerting, self.bell).run)
        self.start_outbox(supervisor)
        jobs = build_jobs(services.upkeep, services.reporting, settings.digest_time)
        supervisor.start("clock", Clockwork(jobs).run)
        health = Health(
            settings.shop_name, lambda: supervisor.states | self._links(), self._database_answers
        )
        supervisor.start("http", HttpServer(build_http(health, self.routes), http).run)

    def start_outbox(self, supervisor: Supervisor) -> None:
        """Without these nothing leaves that must arrive; answers to people go out by themselves."""
        services = self.base.services
        for platform, channel in self.channels.items():
            worker = OutboxWorker(
                platform, channel, services.settling, services.composing, self.render, self.bell
            )
            supervisor.start(f"outbox {platform}", worker.run)

    def render(self, platform: Platform, language: str, data: NoticeData) -> Rendered:
        """A notice in its platform's form."""
        if platform is Platform.TELEGRAM:
            return render_telegram.notice(self.view, language, data)
        return render_slack.notice(self.view, language, data)

    def _links(self) -> dict[str, str]:
        """Whether the platforms are reached; a part may well run and reach nobody."""
        links = {}
        if self.telegram is not None:
            links["telegram link"] = "running" if self.telegram.username else "not connected"
        if self.socket_mode is not None:
            links["slack link"] = "running" if self.socket_mode.connected else "not connected"
        return links

    async def _database_answers(self) -> bool:
        try:
            async with self.base.database.read() as tx:
                await tx.execute(text("SELECT 1"))
        except (DBAPIError, OSError):
            return False
        return True
