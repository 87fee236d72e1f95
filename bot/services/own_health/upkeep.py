"""What the clock does: sweeps, expiry of subscriptions, retention of personal data."""

from dataclasses import dataclass
from datetime import timedelta

from bot.domain import subjects
from bot.domain.joining import UNDO_WINDOW
from bot.domain.notices import Lane, NewNotice, NoticeKind
from bot.domain.subscriptions import EndReason, SubscriptionState
from bot.services.alerts.alerting import Alerting
from bot.services.ground import Ground
from bot.services.line.restocking import Restocking
from bot.services.own_health.timekeeping import Timekeeping
from bot.services.stock.bulk import Bulk
from storage import (
    history,
    inbox,
    join_codes,
    joinings,
    notices,
    pace,
    persons,
    products,
    restocks,
    subscriptions,
)

PIECE = 500  # rows a transaction: far under 250 ms of the one writer


@dataclass(frozen=True, slots=True)
class Retention:
    """How long things are kept."""

    subscription_days: int = 365  # without a word from the customer
    contact_days: int = 90  # blocked or gone, or without any live subscription
    key_days: int = 7  # arrival keys: platforms redeliver for a day at most
    notice_days: int = 90  # settled notices, for /why


@dataclass(frozen=True, slots=True)
class Swept:
    """What no event had announced."""

    alerts: int
    restocks: int


@dataclass(frozen=True, slots=True)
class Upkeep:
    ground: Ground
    restocking: Restocking
    alerting: Alerting
    bulk: Bulk
    retention: Retention
    timekeeping: Timekeeping

    async def sweep(self) -> Swept:
        """Find alerts and restocks that should have moved on by themselves, and move them."""
        await self.bulk.reindex_left()
        marked = await self.alerting.sweep()
        return Swept(alerts=marked, restocks=await self.sweep_restocks())

    async def sweep_restocks(self) -> int:
        """Go on with restocks that wait for nothing, open those that nobody announced."""
        async with self.ground.read() as tx:
            unannounced = await restocks.unannounced(tx, self.restocking.out_level, PIECE)
            ids = [*await restocks.idle(tx), *unannounced]
        moved = 0
        # A transaction for each: under a SKU's lock others who sell it wait.
        for product_id in dict.fromkeys(ids):
            async with self.ground.write() as tx:
                product = await products.lock(tx, product_id)
                if product is None:
                    continue
                # What counts as moved is a notice more. The sweep says so in the log, and a sweep
                # that finds what no event announced is worth a look; most of these need nothing.
                before = await history.last_id(tx)
                # The one opens and closes; only the other goes on where the last chunk was told and
                # nothing moved since.
                await self.restocking.after_move(tx, product, self.ground.now())
                await self.restocking.advance(tx, product_id, self.ground.now())
                moved += await history.last_id(tx) > before
        return moved

    async def expire_subscriptions(self) -> int:
        """End what nobody has touched for a year, and tell the person once.

        Nothing while the clock is doubted: a wrong one would end them all.
        """
        if not await self.timekeeping.believed():
            return 0
        now = self.ground.now()
        limit = now - timedelta(days=self.retention.subscription_days)
        ended = 0
        while True:
            async with self.ground.write() as tx:
                rows = await subscriptions.older_than(tx, limit, PIECE)
                for row in rows:
                    await subscriptions.set_state(
                        tx, row.id, SubscriptionState.ENDED, now, reason=EndReason.EXPIRED
                    )
                told_at = await subscriptions.told_at(tx, {row.id for row in rows})
                new = [
                    NewNotice(
                        kind=NoticeKind.SUBSCRIPTION_EXPIRED,
                        key=subjects.of_expired(row.id),
                        contact_id=told_at[row.id],
                        lane=Lane.DIGEST,
                        subject=subjects.of_expired(row.id),
                        payload={"days": self.retention.subscription_days},
                        product_id=row.product_id,
                        subscription_id=row.id,
                    )
                    for row in rows
                    if row.id in told_at
                ]
                await notices.queue(tx, new, now)
            ended += len(rows)
            if len(rows) < PIECE:
                return ended

    async def forget_old(self) -> int:
        """Erase persons whom nothing needs any more; returns how many. Nobody while the clock is
        doubted."""
        if not await self.timekeeping.believed():
            return 0
        now = self.ground.now()
        # An import takes minutes: nobody comes back for what was staged yesterday.
        await self.bulk.drop_stale(now - timedelta(days=1))
        limit = now - timedelta(days=self.retention.contact_days)
        async with self.ground.write() as tx:
            await inbox.purge(tx, now - timedelta(days=self.retention.key_days))
            await history.purge(tx, now - timedelta(days=self.retention.notice_days))
            await pace.purge(tx, now)
            await join_codes.purge(tx, now - 2 * UNDO_WINDOW)
            await joinings.purge(tx, now - 2 * UNDO_WINDOW)
            idle = await persons.idle_since(tx, limit, PIECE)
            # First the lines: a place that is nobody's would be counted in them, and never told.
            await subscriptions.end_all(tx, idle, EndReason.FORGOTTEN, now)
            await persons.delete_all(tx, idle)
        return len(idle)
