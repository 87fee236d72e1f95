"""The customers' side of a bot: real Telegram library, handlers, inbox, services and database."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from bot.channels.telegram import TelegramChannel
from bot.domain.contacts import Address
from bot.intake.worker import InboxWorker
from bot.render.catalogue import Texts
from bot.render.view import RenderContext, View
from bot.sandbox.server import Sandbox
from bot.services.bell import Bell
from handlers.telegram.answer import Answers
from handlers.telegram.arrivals import SOURCE, Arrival
from handlers.telegram.build import AnyApplication
from handlers.telegram.connection import Connection
from handlers.telegram.desk import Desk
from handlers.telegram.dispatch import Dispatcher
from handlers.telegram.part import TelegramPart
from handlers.telegram.poll import Poller
from handlers.telegram.routes import Routes
from handlers.telegram.setup import Profile
from handlers.telegram.waiting import Backoff
from tests.support.shop import Shop


def quick() -> Backoff:
    """Pauses that a test does not feel."""
    return Backoff(first=0.01, most=0.05)


def view_of(shop: Shop) -> View:
    context = RenderContext("Corner Shop", "https://shop.example", ZoneInfo("UTC"), shop.clock)
    return View(Texts(), context)


@dataclass
class Live:
    """A bot and its shop; it works inside `running()`."""

    sandbox: Sandbox
    shop: Shop
    application: AnyApplication
    bell: Bell = field(default_factory=Bell)

    def __post_init__(self) -> None:
        self.view = view_of(self.shop)
        answers = Answers(TelegramChannel(self.application.bot), self.shop.services.people)
        Routes(Desk(self.shop.services, self.view, answers)).add_to(self.application)
        self.connection = Connection(self.application, quick())
        self.dispatcher = Dispatcher(self.application, self.connection)

    async def accept_many(self, arrivals: Sequence[Arrival]) -> None:
        await self.shop.services.arriving.accept_many(arrivals)
        self.bell.ring()

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Live"]:
        """Poll and work until the block ends."""
        bot = self.application.bot
        part = TelegramPart(
            self.connection,
            Poller(bot, self.accept_many, quick()),
            Profile(bot, self.view, quick()),
        )
        worker = InboxWorker(self.shop.services.arriving, {SOURCE: self.dispatcher}, self.bell)
        stop = asyncio.Event()
        tasks = [asyncio.create_task(run(stop)) for run in (part.run, worker.run)]
        try:
            yield self
        finally:
            stop.set()
            await asyncio.wait_for(asyncio.gather(*tasks), 5)

    async def alert_chat(self, chat_id: int) -> None:
        address = Address.parse(f"telegram:{chat_id}")
        self.shop.services.alerting.destinations = await self.shop.services.people.add_channels(
            (address,)
        )
