"""What becomes of a notice means something for the line of those who wait."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain.living import Says
from bot.domain.notices import Claimed, NoticeKind
from bot.domain.subscriptions import SubscriptionState
from bot.services.line.restocking import Restocking
from storage import lines, products, restocks, subscriptions
from storage.tx import Tx


@dataclass(frozen=True, slots=True)
class Delivered:
    """A notice whose new message arrived. `shown`: a hash of what the message shows."""

    notice: Claimed
    contact_id: int
    ref: str
    shown: str
    says: Says


@dataclass(frozen=True, slots=True)
class Lines:
    """Every method runs inside the transaction that settles."""

    restocking: Restocking

    async def lock(self, tx: Tx, held: Sequence[Claimed]) -> list[int]:
        """Whoever touches a line holds the SKU's lock; returns the SKUs with a line, in order."""
        skus = {n.product_id for n in held if n.product_id and n.subscription_id}
        # In order of id, whatever the order of arrival: two who settle never wait in a circle.
        await products.lock_all(tx, skus)
        return sorted({n.product_id for n in held if n.product_id and n.restock_id})

    async def told(self, tx: Tx, arrived: Sequence[Delivered], now: datetime) -> None:
        """waiting -> told now that they arrived; if it sold out meanwhile, the message says so."""
        of_lines = [
            (item, item.notice.restock_id, item.notice.subscription_id)
            for item in arrived
            if item.notice.kind is NoticeKind.RESTOCK
        ]
        told = [(item, r, s) for item, r, s in of_lines if r is not None and s is not None]
        if not told:
            return
        opened = await restocks.by_ids(tx, {restock_id for _, restock_id, _ in told})
        states = await subscriptions.states(tx, {number for _, _, number in told})
        waiting = [one for one in told if states.get(one[2]) is SubscriptionState.WAITING]
        # Who was told of a restock that closed while the message was on the wire waits on, in the
        # old place.
        in_time = [number for _, r, number in waiting if opened[r].closed_at is None]
        await lines.told(tx, in_time, now)
        living = self.restocking.living
        for item, restock_id, number in waiting:
            restock, way = opened[restock_id], item.notice.way
            if restock.closed_at is not None and way and living.ways.can_edit(way):
                await living.arrived_late(tx, restock, item.contact_id, number, now)

    async def advance(self, tx: Tx, notice: Claimed, now: datetime) -> None:
        """The line goes on behind a notice of a restock, however that one ended."""
        if notice.restock_id is not None and notice.product_id is not None:
            await self.restocking.advance(tx, notice.product_id, now)
