"""Mistakes that others have shipped, to be planted in the services; the ledger machine finds each.

See STYLE's "what the field gets wrong": told before sent, keys forgotten, locks dropped, ...
"""

import uuid
from collections.abc import Callable
from dataclasses import replace
from operator import attrgetter
from typing import Any

from sqlalchemy import event, update

from bot.domain.alerts import Alert
from bot.domain.contacts import Member
from bot.domain.notices import LAST_LANE, Claimed, Lane, SettleReason
from bot.domain.restocking import Restock
from bot.domain.stock import Product
from bot.domain.subscriptions import SubscriptionState
from bot.domain.telling import RestockTold
from bot.domain.ways import WayName
from bot.services.alerts.telling import Telling
from bot.services.bundle import Services
from bot.services.line.restocking import Restocking
from bot.services.outbox.composing import Composed, Composing, Drop
from bot.services.outbox.settling import Settling
from bot.services.staff.writing import Write, Writing
from storage import contacts, restocks, subscriptions
from storage.database import Database
from storage.tables import notice
from storage.tx import Tx
from storage.vault import Vault
from tests.conformance.ledger.base import build
from tests.support.clock import Clock

Builder = Callable[[Database, Vault, Clock], Services]


class SettlesBeforeSending(Settling):
    """Takes who is about to be told out of the line: lost if the send fails."""

    async def claim(
        self, way: WayName, limit: int, last: Lane = LAST_LANE, *, look_first: bool = True
    ) -> list[Claimed]:
        claimed = await Settling.claim(self, way, limit, last, look_first=look_first)
        async with self.ground.write() as tx:
            for item in claimed:
                if item.restock_id is not None and item.subscription_id is not None:
                    told = SubscriptionState.TOLD
                    await subscriptions.set_state(tx, item.subscription_id, told, self.ground.now())
        return claimed


class ForgetsDoubt(Settling):
    """Takes what a dead worker held for unsent: tells it again without a word."""

    async def release_orphans(self) -> int:
        async with self.ground.write() as tx:
            free = {"state": "queued", "lease_until": None, "on_wire": False}
            held = update(notice).where(notice.c.state == "sending").values(**free)
            return int((await tx.execute(held)).rowcount)


class ForgetsKeys(Writing):
    """Applies what arrives again, again."""

    async def write(self, tx: Tx, member: Member, write: Write) -> Any:
        return await super().write(tx, member, replace(write, key=str(uuid.uuid4())))


class ForgetsTheRest(Restocking):
    """Tells the first chunk and never the next."""

    async def advance(self, *_args: Any) -> int:
        return 0


class NeverLooksBack(Restocking):
    """Goes on behind the cursor when more arrives: who wanted more than there was is passed by."""

    async def _feed(self, tx: Tx, current: Restock, available: int, now: Any) -> int:
        if not await restocks.outstanding(tx, current.id, now):
            await self._write_chunk(tx, current, available, now)
        return 0


class NeverLooksAgain(Composing):
    """Says what was true when the notice was written."""

    async def compose(self, notice: Claimed) -> Composed | Drop:
        said = await super().compose(notice)
        if not isinstance(said, Drop) or said.reason is not SettleReason.SOLD_OUT_BEFORE:
            return said
        async with self.ground.read() as tx:
            view = await self.shelf.view(tx, notice.subscription_id or 0)
            stock = await self.shelf.availability(tx, view.product)
            contact = await contacts.by_id(tx, self.ground.vault, notice.contact_id or 0)
        assert contact is not None
        told = RestockTold(stock, view.id, view.quantity, repeated=notice.in_doubt)
        return Composed(contact, told, None)


class ForgetsEdits(Telling):
    """Posts an alert and lets its message grow old."""

    __slots__ = ()

    async def edit(self, tx: Tx, before: Alert, version: int, product: Product | None) -> None:
        pass


def one_with(part: str, mistake: type) -> Builder:
    """Services of which one is made a faulty one, for all who hold it."""

    def builder(database: Database, vault: Vault, clock: Clock) -> Services:
        services = build(database, vault, clock)
        object.__setattr__(attrgetter(part)(services), "__class__", mistake)
        return services

    return builder


def allows_below_zero(database: Database, vault: Vault, clock: Clock) -> Services:
    services = build(database, vault, clock)
    services.ledger.allow_negative = True
    return services


def drops_the_lock(database: Database, vault: Vault, clock: Clock) -> Services:
    """Reads the SKU without FOR UPDATE (PostgreSQL; on SQLite the transaction is the lock)."""
    engine = database.engine.sync_engine
    if not event.contains(engine, "before_cursor_execute", _without_lock):
        event.listen(engine, "before_cursor_execute", _without_lock, retval=True)
    return build(database, vault, clock)


def _without_lock(
    _connection: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any
) -> tuple[str, Any]:
    return statement.removesuffix(" FOR UPDATE"), parameters
