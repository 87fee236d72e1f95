"""Living messages: what told a customer of a restock is edited when that no longer holds."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain import subjects
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
from bot.domain.restocking import CloseReason, Restock
from bot.domain.subscriptions import StoredSubscription, Subscription, SubscriptionState
from bot.domain.telling import RestockAnswered, RestockChanged, RestockOver
from bot.domain.way import Ways
from bot.services.ground import Ground
from storage import lines, living, notices, products, restocks, subscriptions
from storage.living import Told
from storage.messages import Message
from storage.tx import Tx

PIECE = 500  # customers in one transaction: some 50 ms


@dataclass(frozen=True, slots=True)
class Living:
    """Queues the edits, where the way of a message can make them. Every method runs inside the
    caller's transaction, under the SKU's lock.

    `few`: "few left" is said from so many units down; the same level as /stock has.
    """

    ways: Ways
    few: int = 5

    async def look(self, tx: Tx, restock: Restock, available: int, now: datetime) -> int:
        """Stock moved while the restock goes on; returns how many messages are to change.

        A message that has an edit waiting gets no second one: it reads the stock when it leaves.
        """
        present = Present(available, self.few, over=False)
        # Between the two levels nothing is said: most sales end here, without a query.
        if not present.few_left and not present.plenty:
            return 0
        # Only messages that say the opposite can be untrue.
        outdated = Says.BACK if present.few_left else Says.FEW
        rows = await living.last_told(tx, restock.id, outdated, LAST_TOLD)
        return await self._queue(tx, restock, rows, present, now)

    async def close(self, tx: Tx, restock_id: int, now: datetime) -> None:
        """The restock is over: it ends for the first who were told; Endings goes on with the rest.

        An edit that waits goes now and says that it is over; the last one then finds nothing to do.
        """
        # The cursor counts once more from the head, now for who has seen the end.
        await restocks.set_cursor(tx, restock_id, 0)
        restock = await living.unfinished(tx, restock_id)
        if restock is not None:
            await living.hurry(tx, restock.product_id, now)
            await self.go_on(tx, restock, now)

    async def go_on(self, tx: Tx, restock: Restock, now: datetime) -> None:
        """The next piece of the told is back in the line and is to see that it is over.

        From the head of the line, so that the place which a message names is right.
        """
        places = await living.next_piece(tx, restock, PIECE)
        if places is None:
            await living.finished(tx, restock.id, now)
            return
        await lines.return_to_line(tx, restock.product_id, now, places)
        rows = await living.messages_between(tx, restock.id, places)
        await self._queue(tx, restock, rows, Present(0, self.few, over=True), now)
        await restocks.set_cursor(tx, restock.id, places[1])

    async def arrived_late(
        self, tx: Tx, restock: Restock, contact_id: int, subscription_id: int, now: datetime
    ) -> None:
        """It was on the wire to this contact when the restock closed: that is to be seen there.

        The way of the contact can edit.
        """
        subject = subjects.of_restock(restock.id, subscription_id)
        edit = _edit(restock, subject, contact_id, subscription_id, f"{subject}:over")
        await notices.queue(tx, [edit], now)

    async def _queue(
        self,
        tx: Tx,
        restock: Restock,
        rows: Sequence[Told],
        present: Present,
        now: datetime,
    ) -> int:
        edits = []
        for row in rows:
            reason = decide(row.shown, present, can_edit=self.ways.can_edit(row.way))
            if reason not in EDITS:
                continue
            if present.over:  # once, ever, and at once
                key, due = f"{row.subject}:over", now
            else:
                # The time is in the key: after `more came` a message may say `few left` once more.
                key = f"{row.subject}:{reason}:{now.timestamp()}"
                due = due_at(row.changed_at, now)
            edit = _edit(restock, row.subject, row.contact_id, row.subscription_id, key)
            edits.append(replace(edit, due_at=due))
        return len(await notices.queue(tx, edits, now))

    async def answered(self, tx: Tx, subscription: StoredSubscription, now: datetime) -> None:
        """The customer left the line: what the button made of the message stands."""
        await living.hush(tx, subscription.person_id or 0, subscription.id, now)

    async def edited(self, tx: Tx, edit: Claimed, now: datetime) -> None:
        """An edit has arrived. If the customer answered meanwhile, the message is put right."""
        if edit.lane is not Lane.LIVING or edit.contact_id is None:
            return
        row = await subscriptions.by_id(tx, edit.subscription_id or 0)
        if row is None or row.state is not SubscriptionState.ENDED:
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
        self,
        edit: Claimed,
        restock: Restock,
        message: Message,
        item: Subscription,
        stock: Availability,
        now: datetime,
    ) -> RestockAnswered | RestockChanged | RestockOver | None:
        """What the message is to show now; None when it is to stay as it is."""
        ended = item.state is SubscriptionState.ENDED
        if edit.payload.get("answered"):
            return RestockAnswered(item) if ended else None
        over = restock.closed_at is not None
        present = Present(stock.available, self.few, over=over)
        reason = decide(Shown(message.says, message.edits, item.state), present)
        if reason is LivingReason.IS_OVER and restock.closed_at is not None:
            return RestockOver(
                product=stock.product,
                place=item.place,
                at=restock.closed_at,
                subscription_id=item.id,
                withdrawn=restock.close_reason is CloseReason.UNDONE,
                not_sold=restock.close_reason is CloseReason.NOT_SOLD,
            )
        if reason not in EDITS:
            return None
        more = reason is LivingReason.MORE_CAME
        return RestockChanged(stock, item.id, item.quantity, now, more=more)


def _edit(
    restock: Restock, subject: str, contact_id: int, subscription_id: int, key: str
) -> NewNotice:
    return NewNotice(
        kind=NoticeKind.RESTOCK,
        key=key,
        contact_id=contact_id,
        lane=Lane.LIVING,
        subject=subject,
        payload={"restock_id": restock.id},
        product_id=restock.product_id,
        subscription_id=subscription_id,
    )


@dataclass(frozen=True, slots=True)
class Endings:
    """Ends closed restocks for all who were told, piece by piece: no write takes long."""

    ground: Ground
    living: Living

    async def step(self) -> bool:
        """One piece, in one transaction; False when there was nothing to do."""
        async with self.ground.read() as tx:
            found = await living.unfinished(tx)
        if found is None:
            return False
        async with self.ground.write() as tx:
            await products.lock(tx, found.product_id)
            # Looked up anew under the lock: it may have ended meanwhile, or a new restock brought
            # all back.
            restock = await living.unfinished(tx, found.id)
            if restock is not None:
                await self.living.go_on(tx, restock, self.ground.now())
        return True
