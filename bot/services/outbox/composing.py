"""Reads, just before the send, what a notice has to say now, or why it need not be said."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain import subjects
from bot.domain.contacts import Contact, ContactKind, ContactState
from bot.domain.customers import Availability
from bot.domain.notices import Claimed, NoticeKind, SettleReason
from bot.domain.restocking import Restock
from bot.domain.subscriptions import StoredSubscription, SubscriptionState
from bot.domain.telling import (
    AlertTold,
    Fault,
    JoinedTold,
    NoticeData,
    RestockTold,
    SoldOut,
    SubscriptionExpired,
)
from bot.domain.ways import WayName
from bot.services.alerts.reporting import Reporting
from bot.services.alerts.showing import Showing
from bot.services.customers.shelf import Shelf
from bot.services.ground import Ground
from storage import alerts, batches, contacts, joinings, messages, products, restocks, subscriptions
from storage.messages import Message
from storage.tx import Tx

SUMMARY_ROWS = 40  # alerts a summary lists; the total says how many there are


@dataclass(frozen=True, slots=True)
class Drop:
    """It is not to be said (any more). `retell`: the line may tell it later in the same restock."""

    reason: SettleReason
    retell: bool = False


@dataclass(frozen=True, slots=True)
class Composed:
    """What to say, to whom; `message` is what the platform shows already, if anything."""

    contact: Contact
    data: NoticeData
    message: Message | None


@dataclass(frozen=True, slots=True)
class Together:
    """What is read once for all notices that are composed together."""

    people: Mapping[int, Contact]
    shown: Mapping[tuple[int, str], Message]
    lines: Mapping[int, StoredSubscription]  # of restock notices
    restocks: Mapping[int, Restock]
    stock: Mapping[int, Availability]  # by product


class Composing:
    def __init__(
        self, ground: Ground, shelf: Shelf, showing: Showing, reporting: Reporting
    ) -> None:
        self.ground = ground
        self.shelf = shelf
        self.showing = showing
        self.reporting = reporting
        # What a message that stands there has to do with it.
        self._say_anew: dict[
            NoticeKind, Callable[[Tx, Claimed, Message | None], Awaitable[NoticeData | Drop]]
        ] = {NoticeKind.ALERT: self._alert, NoticeKind.JOINED: self._joined}
        self._say: dict[NoticeKind, Callable[[Tx, Claimed], Awaitable[NoticeData | Drop]]] = {
            NoticeKind.SOLD_OUT: self._sold_out,
            NoticeKind.SUBSCRIPTION_EXPIRED: self._expired,
            NoticeKind.DIGEST: self._digest,
            NoticeKind.FAULT: self._fault,
        }

    async def compose(self, notice: Claimed) -> Composed | Drop:
        """Check the notice against the database as it is now."""
        (composed,) = await self.compose_many([notice])
        return composed

    async def compose_many(self, held: Sequence[Claimed]) -> list[Composed | Drop]:
        """Check the notices against the database as it is now, reading it once for all of them."""
        # By a reader: composing must not wait for the writer, or a broadcast would stop at each
        # import.
        async with self.ground.read() as tx:
            together = await self._read(tx, held)
            return [await self._compose(tx, notice, together) for notice in held]

    async def _read(self, tx: Tx, held: Sequence[Claimed]) -> Together:
        of_lines = [notice for notice in held if notice.kind is NoticeKind.RESTOCK]
        found = await products.by_ids(tx, {n.product_id for n in of_lines if n.product_id})
        return Together(
            people=await contacts.by_ids(tx, self.ground.vault, {n.contact_id or 0 for n in held}),
            shown=await messages.find_many(tx, {(n.contact_id or 0, n.subject) for n in held}),
            lines=await subscriptions.by_ids(tx, {n.subscription_id or 0 for n in of_lines}),
            restocks=await restocks.by_ids(tx, {n.restock_id or 0 for n in of_lines}),
            stock={p.id: await self.shelf.availability(tx, p) for p in found.values()},
        )

    async def _compose(self, tx: Tx, notice: Claimed, together: Together) -> Composed | Drop:
        contact = together.people.get(notice.contact_id or 0)
        if contact is None:
            return Drop(SettleReason.FORGOTTEN)
        if contact.kind is ContactKind.PERSON and contact.state is ContactState.BLOCKED:
            return Drop(SettleReason.BLOCKED, retell=True)
        if contact.kind is ContactKind.PERSON and contact.state is ContactState.GONE:
            return Drop(SettleReason.GONE, retell=True)
        message = together.shown.get((contact.id, notice.subject))
        if notice.kind is NoticeKind.RESTOCK:
            said = await self._restock(tx, notice, message, together)
        elif notice.kind in self._say_anew:
            said = await self._say_anew[notice.kind](tx, notice, message)
        else:
            said = await self._say[notice.kind](tx, notice)
        return said if isinstance(said, Drop) else Composed(contact, said, message)

    async def _restock(
        self, tx: Tx, notice: Claimed, message: Message | None, together: Together
    ) -> NoticeData | Drop:
        row = together.lines.get(notice.subscription_id or 0)
        if row is not None and "restock_id" in notice.payload:
            return await self._living(tx, notice, row, message)
        if row is None or row.state is SubscriptionState.ENDED:
            return Drop(SettleReason.UNSUBSCRIBED)
        if row.state is SubscriptionState.PAUSED:
            return Drop(SettleReason.PAUSED, retell=True)
        restock = together.restocks.get(notice.restock_id or 0)
        if restock is None or restock.closed_at is not None:
            return Drop(SettleReason.RESTOCK_CLOSED)
        stock = together.stock[row.product_id]
        # The last look before the send: what was sold since the notice was queued is not promised.
        if not stock.in_stock or stock.available < row.quantity:
            return Drop(SettleReason.SOLD_OUT_BEFORE, retell=True)
        return RestockTold(stock, row.id, row.quantity, repeated=notice.in_doubt)

    async def _living(
        self, tx: Tx, notice: Claimed, row: StoredSubscription, message: Message | None
    ) -> NoticeData | Drop:
        """The message of a restock is to be edited, if it still is."""
        if message is None:
            return Drop(SettleReason.SUPERSEDED)
        view = await self.shelf.view(tx, row)
        stock = await self.shelf.availability(tx, view.product)
        restock = await restocks.by_id(tx, int(notice.payload["restock_id"]))
        now = self.ground.now()
        living = self.shelf.restocking.living
        said = living.say(notice, restock, message, view, stock, now)
        return said or Drop(SettleReason.SUPERSEDED)

    async def _sold_out(self, tx: Tx, notice: Claimed) -> NoticeData | Drop:
        row = await subscriptions.by_id(tx, notice.subscription_id or 0)
        if row is None or row.state is SubscriptionState.ENDED:
            return Drop(SettleReason.UNSUBSCRIBED)
        view = await self.shelf.view(tx, row)
        if (await self.shelf.availability(tx, view.product)).in_stock:
            return Drop(SettleReason.SUPERSEDED)
        return SoldOut(view.product, view.place, row.id)

    async def _expired(self, tx: Tx, notice: Claimed) -> NoticeData | Drop:
        row = await subscriptions.by_id(tx, notice.subscription_id or 0)
        if row is None:
            return Drop(SettleReason.UNSUBSCRIBED)
        view = await self.shelf.view(tx, row)
        return SubscriptionExpired(view.product, int(notice.payload["days"]))

    async def _joined(self, tx: Tx, notice: Claimed, message: Message | None) -> NoticeData | Drop:
        join = await joinings.by_id(tx, int(notice.payload["joining"]))
        if join is None or (join.undone and message is None):
            return Drop(SettleReason.SUPERSEDED)
        return JoinedTold(WayName(notice.payload["way"]), join.id, undone=join.undone)

    async def _alert(self, tx: Tx, notice: Claimed, message: Message | None) -> NoticeData | Drop:
        named = subjects.as_alert(notice.subject)
        found = await alerts.by_batch(tx, named.number) if named.summary else []
        if not named.summary and (one := await alerts.by_id(tx, named.number)) is not None:
            found = [one]
        told_here = [one for one in found if not one.resolved_at and one.subject == notice.subject]
        if message is None and not told_here:
            return Drop(SettleReason.SUPERSEDED)  # over, or worse, before anybody was told of it
        views = await self.showing.views(tx, found[:SUMMARY_ROWS], notice.subject)
        if not views:
            return Drop(SettleReason.SUPERSEDED)  # of kinds that this version does not know
        source = (await batches.get(tx, named.number)).source if named.summary else None
        return AlertTold(views, total=len(found), summary=named.summary, source=source)

    async def _digest(self, tx: Tx, notice: Claimed) -> NoticeData | Drop:
        return await self.reporting.digest(tx, datetime.fromisoformat(notice.payload["day"]).date())

    async def _fault(self, tx: Tx, notice: Claimed) -> NoticeData | Drop:
        del tx
        return Fault.of(notice.payload)
