"""Mistakes that others have shipped, planted in the running bot; the simulation finds each."""

import asyncio
from collections.abc import Iterable
from typing import Any

from bot.domain.inbox import Arrival
from bot.domain.notices import Claimed, NoticeState, SettleReason
from bot.services.bundle import Services
from bot.services.inbox.arriving import Arriving, Json
from bot.services.outbox.settling import Settling
from storage import notices
from storage.database import Database
from tests.simulation import process
from tests.simulation.world import Builder


class MarksBeforeItSends(Settling):
    """Writes `sent` down and then sends."""

    async def on_wire(self, notice: Claimed) -> None:
        await super().on_wire(notice)
        async with self.ground.write() as tx:
            state, reason = NoticeState.SENT, SettleReason.DELIVERED
            await notices.settle(tx, [notice.id], state, reason, self.ground.now())


class ConfirmsBeforeItStores(Arriving):
    """Tells the platform that an input was taken, and stores it right after."""

    __slots__ = ()

    async def accept_many(self, items: Iterable[tuple[str, str, str, Json]]) -> list[Arrival]:
        given = list(items)
        storing = asyncio.create_task(super().accept_many(given))
        storing.add_done_callback(lambda done: done.cancelled() or done.exception())
        return [Arrival.NEW] * len(given)


class ForgetsTheDoubt(Settling):
    """No answer came: sends again, as if nothing could have arrived."""

    async def in_doubt(self, notice: Claimed) -> None:
        await self.not_sent(notice)


def one_with(part: str, mistake: type[Any]) -> Builder:
    """Services of which one is made a faulty one, for all who hold it."""

    def builder(database: Database) -> Services:
        services = process.build(database)
        object.__setattr__(getattr(services, part), "__class__", mistake)
        return services

    return builder
