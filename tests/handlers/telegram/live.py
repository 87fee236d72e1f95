"""The customers' side of a bot: real Telegram library, handlers, inbox, services and database."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from bot.app.rules import RULES, faces_of
from bot.app.ways import KNOWN
from bot.channels.telegram import TelegramChannel
from bot.domain.contacts import Address
from bot.domain.inbox import InboxState
from bot.domain.ways import TELEGRAM
from bot.intake.worker import InboxWorker
from bot.render.catalogue import Texts
from bot.render.view import RenderContext
from bot.render.voice import View
from bot.sandbox.server import Sandbox
from bot.services.engine.bell import Bell
from handlers.telegram.arrivals import SOURCE, Arrival
from handlers.telegram.build import AnyApplication
from handlers.telegram.side import build_telegram
from handlers.telegram.waiting import Backoff
from storage.tables import inbox
from tests.support.shop import Shop

Json = dict[str, Any]


def quick() -> Backoff:
    """Pauses that a test does not feel."""
    return Backoff(first=0.01, most=0.05)


def view_of(shop: Shop) -> View:
    zone, shop_url = ZoneInfo("UTC"), "https://shop.example"
    context = RenderContext("Corner Shop", shop_url, zone, shop.clock, KNOWN)
    return View(Texts(), context, faces_of(RULES))


@dataclass
class Live:
    """A bot and its shop; it works inside `running()`."""

    sandbox: Sandbox
    shop: Shop
    application: AnyApplication
    bell: Bell = field(default_factory=Bell)

    def __post_init__(self) -> None:
        self.view = view_of(self.shop)
        wire, services = TelegramChannel(self.application.bot), self.shop.services
        self.side = build_telegram(
            self.application, services, wire, self.view, self.accept_many, None, quick
        )
        self.connection, self.dispatcher = self.side.connection, self.side.dispatch

    async def accept_many(self, arrivals: Sequence[Arrival]) -> None:
        await self.shop.services.arriving.accept_many(arrivals)
        self.bell.ring()

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Live"]:
        """Poll and work until the block ends."""
        worker = InboxWorker(self.shop.services.arriving, {SOURCE: self.dispatcher}, self.bell)
        stop = asyncio.Event()
        tasks = [asyncio.create_task(run(stop)) for run in (self.side.run, worker.run)]
        try:
            yield self
        finally:
            stop.set()
            await asyncio.wait_for(asyncio.gather(*tasks), 5)

    async def done(self, update: Json) -> None:
        """Until the update that the sandbox's person caused has been worked off."""
        changed = asyncio.Event()
        self.shop.database.after_commit.append(changed.set)
        async with asyncio.timeout(5):
            while not await self._is_done(str(update["update_id"])):
                await changed.wait()
                changed.clear()
        self.shop.database.after_commit.remove(changed.set)

    async def _is_done(self, key: str) -> bool:
        state = select(inbox.c.state).where(inbox.c.key == key)
        async with self.shop.database.read() as tx:
            return (await tx.execute(state)).scalar() == InboxState.DONE.value

    async def alert_chat(self, chat_id: int) -> None:
        address = Address(TELEGRAM, str(chat_id))
        await self.shop.services.routes.follow_settings((address,))
