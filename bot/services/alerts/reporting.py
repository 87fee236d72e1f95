"""The daily digest for staff."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.domain import subjects
from bot.domain.notices import Lane, NewNotice, NoticeKind
from bot.domain.rules import quantity
from bot.domain.telling import DailyDigest
from bot.services.alerts.showing import Showing
from bot.services.ground import Ground
from bot.services.routing.routes import Routes
from storage import alerts, history, lines, notices, products, restocks
from storage.tx import Tx

DIGEST_ROWS = 20
WANTED_ROWS = 5


class Reporting:
    """`zone` is the shop's: a day of the digest is a day there."""

    def __init__(self, ground: Ground, showing: Showing, routes: Routes, zone: ZoneInfo) -> None:
        self.ground = ground
        self.showing = showing
        self.routes = routes
        self.zone = zone

    async def queue_digest(self) -> date:
        """Queue today's digest for every destination; a second call the same day adds nothing."""
        now = self.ground.now()
        day = now.astimezone(self.zone).date()
        subject = subjects.of_digest(day)
        async with self.ground.write() as tx:
            new = [
                NewNotice(
                    kind=NoticeKind.DIGEST,
                    key=f"{subject}:{there.contact_id}",
                    contact_id=there.contact_id,
                    lane=Lane.DIGEST,
                    subject=subject,
                    payload={"day": day.isoformat()},
                )
                for there in await self.routes.contacts(tx, NoticeKind.DIGEST)
            ]
            await notices.queue(tx, new, now)
        return day

    async def digest(self, tx: Tx, day: date) -> DailyDigest:
        """The last 24 hours up to now, and what is low now."""
        since = datetime.combine(day, time(), self.zone).astimezone(UTC) - timedelta(days=1)
        open_rows = await alerts.open_worst_first(tx, quantity.KIND, DIGEST_ROWS)
        wanted = await lines.most_wanted(tx, WANTED_ROWS)
        named = await products.by_ids(tx, [product_id for product_id, _ in wanted])
        return DailyDigest(
            day=day,
            low=await self.showing.views(tx, open_rows),
            low_total=await alerts.count_open(tx, quantity.KIND),
            restocks=await restocks.opened_since(tx, since),
            customers_told=await history.told_since(tx, NoticeKind.RESTOCK, since),
            waiting=await lines.count_waiting(tx),
            most_wanted=tuple((named[product_id], n) for product_id, n in wanted),
        )
