"""Living messages: what told a customer of a restock is edited when that no longer holds."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.customers import Availability
from bot.domain.living import (
    EDITS,
    LAST_TOLD,
    LivingReason,
    Present,
    Says,
    Shown,
    decide,
    due_at,
)
from bot.domain.notices import Claimed, Lane, NewNotice, NoticeKind
from bot.domain.restocking import CloseReason
from bot.domain.subscriptions import Subscription, SubscriptionState
from bot.domain.telling import RestockAnswered, RestockChanged, RestockOver
from storage import living, notices, products, subscriptions
from storage.database import Database
from storage.types import AnyRow

Clock = Callable[[], datetime]

PIECE = 500  # edits queued in one transaction: some 20 ms


def restock_subject(restock_id: int, subscription_id: int) -> str:
    """Names the one message that tells one customer of one restock."""
    return f"restock:{restock_id}:{subscription_id}"


@dataclass(frozen=True, slots=True)
class Living:
    """Queues the edits. Every method runs inside the caller's transaction, under the SKU's lock.

    `few`: "few left" is said from so many units down; the same level as /stock has.
    """

    few: int = 5

    async def look(
        self, tx: AsyncConnection, restock: AnyRow, available: int, now: datetime
    ) -> int:
        """Stock moved while the restock goes on; returns how many messages are to change.

        A message that has an edit waiting gets no second one: it reads the stock when it leaves.
        """
        present = Present(available, self.few, over=False)
        if not present.few_left and not present.plenty:
            return 0
        outdated = Says.BACK if present.few_left else Says.FEW
        rows = await living.last_told(tx, restock.id, outdated, LAST_TOLD)
        edits = [
            self._edit(restock, row, reason, now)
            for row in rows
            if (reason := decide(shown(row, row.state), present)) in EDITS
        ]
        return len(await notices.queue(tx, edits, now))

    def _edit(self, restock: AnyRow, row: AnyRow, reason: LivingReason, now: datetime) -> NewNotice:
        return NewNotice(
            kind=NoticeKind.RESTOCK,
            key=f"{row.subject}:{reason}:{row.revision}:{now.timestamp()}",
            contact_id=row.contact_id,
            lane=Lane.LIVING,
            subject=row.subject,
            payload={"restock_id": restock.id},
            product_id=restock.product_id,
            subscription_id=row.subscription_id,
            due_at=due_at(row.changed_at, now),
        )

    async def close(self, tx: AsyncConnection, restock_id: int, now: datetime) -> None:
        """The restock is over: queue the first last edits; LastEdits queues the rest."""
        await living.begin_last_edits(tx, restock_id)
        await living.queue_last_edits(tx, restock_id, PIECE, now)

    async def arrived_late(
        self, tx: AsyncConnection, restock: AnyRow, told: AnyRow, now: datetime
    ) -> None:
        """It was on the wire when the restock closed: `told` (a subscription) is to see that."""
        subject = restock_subject(restock.id, told.id)
        edit = NewNotice(
            kind=NoticeKind.RESTOCK,
            key=f"{subject}:over",
            contact_id=told.contact_id,
            lane=Lane.LIVING,
            subject=subject,
            payload={"restock_id": restock.id},
            product_id=restock.product_id,
            subscription_id=told.id,
        )
        await notices.queue(tx, [edit], now)

    async def answered(self, tx: AsyncConnection, subscription: AnyRow, now: datetime) -> None:
        """The customer left the line: what the button made of the message stands."""
        await living.hush(tx, subscription.contact_id, subscription.id, now)

    async def edited(self, tx: AsyncConnection, edit: Claimed, now: datetime) -> None:
        """An edit has arrived. If the customer answered meanwhile, the message is put right."""
        if edit.lane is not Lane.LIVING or edit.contact_id is None:
            return
        row = await subscriptions.by_id(tx, edit.subscription_id or 0)
        if row is None or row.state != SubscriptionState.ENDED.value:
            return
        again = NewNotice(
            kind=NoticeKind.RESTOCK,
            key=f"{edit.subject}:answered:{edit.id}",
            contact_id=edit.contact_id,
            lane=Lane.EDIT,
            subject=edit.subject,
            payload=edit.payload | {"answered": True},
            product_id=edit.product_id,
            subscription_id=edit.subscription_id,
        )
        await notices.queue(tx, [again], now)

    def say(
        self, edit: Claimed, restock: AnyRow, message: AnyRow, item: Subscription,
        stock: Availability, now: datetime,
    ) -> RestockAnswered | RestockChanged | RestockOver | None:  # fmt: skip
        """What the message is to show now; None when it is to stay as it is."""
        ended = item.state is SubscriptionState.ENDED
        if edit.payload.get("answered"):
            return RestockAnswered(item) if ended else None
        over = restock.closed_at is not None
        present = Present(stock.available, self.few, over=over)
        reason = decide(shown(message, item.state), present)
        if reason is LivingReason.IS_OVER:
            return RestockOver(
                product=stock.product,
                place=item.place,
                at=restock.closed_at,
                withdrawn=restock.close_reason == CloseReason.UNDONE,
                not_sold=restock.close_reason == CloseReason.NOT_SOLD,
            )
        if reason not in EDITS:
            return None
        more = reason is LivingReason.MORE_CAME
        return RestockChanged(stock, item.id, item.quantity, now, more=more)


def shown(message: AnyRow, state: str) -> Shown:
    """The first revision is the message as it was sent."""
    return Shown(Says(message.says), message.revision - 1, SubscriptionState(state))


@dataclass(frozen=True, slots=True)
class LastEdits:
    """Queues the last edits of restocks that closed with many told, piece by piece."""

    database: Database
    clock: Clock

    async def step(self) -> bool:
        """One piece, in one transaction; False when there was nothing to do."""
        async with self.database.read() as tx:
            restock = await living.unfinished(tx)
        if restock is None:
            return False
        async with self.database.write() as tx:
            await products.lock(tx, restock.product_id)
            await living.queue_last_edits(tx, restock.id, PIECE, self.clock())
        return True
