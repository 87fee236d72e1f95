"""The Telegram side as bot.app wires it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from bot.render.voice import View
from bot.services.bundle import Services
from handlers.telegram.answer import Answers, Wire
from handlers.telegram.arrivals import AcceptMany
from handlers.telegram.build import AnyApplication
from handlers.telegram.connection import Connection
from handlers.telegram.desk import Desk
from handlers.telegram.dispatch import Dispatcher
from handlers.telegram.poll import Poller
from handlers.telegram.routes import Routes
from handlers.telegram.setup import Profile
from handlers.telegram.waiting import Backoff
from handlers.telegram.webhook import WebhookKeeper

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Hook:
    """Where Telegram posts updates; None in its place means long polling."""

    url: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class TelegramSide:
    """`dispatch` is the inbox's way in for "telegram"; `run` is a supervised part."""

    application: AnyApplication
    dispatch: Dispatcher
    connection: Connection
    profile: Profile
    updates: Poller | WebhookKeeper

    @property
    def username(self) -> str:
        """The bot's @name without the @; "" until Telegram has told it."""
        return self.application.bot.username if self.connection.opened.is_set() else ""

    async def run(self, stop: asyncio.Event) -> None:
        """Connect, show the commands, take updates until `stop`. Raises TokenRefused."""
        if not await self.connection.connect(stop):
            return
        showing = asyncio.create_task(self.profile.run(stop))
        showing.add_done_callback(_report)  # a bot without a command menu is still a bot
        try:
            await self.updates.run(stop)
        finally:
            showing.cancel()
            await asyncio.wait([showing])

    async def close(self) -> None:
        """Give the connections back, after the last message is out."""
        await self.connection.close()


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("telegram profile failed", exc_info=error)


def build_telegram(
    application: AnyApplication,
    services: Services,
    wire: Wire,
    view: View,
    accept_many: AcceptMany,
    hook: Hook | None,
    backoff: Callable[[], Backoff] = Backoff,
) -> TelegramSide:
    """Builds, and connects to nothing."""
    bot = application.bot
    routes = Routes(Desk(services, view, Answers(wire, services.people)))
    routes.add_to(application)
    connection = Connection(application, backoff())
    updates: Poller | WebhookKeeper
    if hook is None:
        updates = Poller(bot, accept_many, backoff())
    else:
        updates = WebhookKeeper(bot, hook.url, hook.secret, backoff())
    return TelegramSide(
        application=application,
        dispatch=Dispatcher(application, connection, routes.sorry),
        connection=connection,
        profile=Profile(bot, view, backoff()),
        updates=updates,
    )
