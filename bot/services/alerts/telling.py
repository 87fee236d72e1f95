"""What is told of alerts: each is one message that is edited; a new one only for what is worse.

Where a way cannot edit, what was told stands until something is worth a new message.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from bot.domain import subjects
from bot.domain.alerts import Alert
from bot.domain.notices import Lane, NewNotice, NoticeKind
from bot.domain.routes import Concern, Destination, Scope
from bot.domain.stock import Product
from bot.services.ground import Ground
from bot.services.routing.routes import Routes
from storage import alerts, notices
from storage.tx import Tx


@dataclass(frozen=True, slots=True)
class Telling:
    """`routes` say to whom."""

    ground: Ground
    routes: Routes

    async def post(self, tx: Tx, alert: Alert, product: Product | None) -> None:
        """Queue a new message; `product`: what the alert is about, if it is about one."""
        to = await self.routes.contacts_of(tx, [concern_of(alert, product)])
        await self._tell(tx, alert.subject, f"{alert.subject}:new", Lane.ALERT, to)

    async def edit(self, tx: Tx, before: Alert, version: int, product: Product | None) -> None:
        """Queue the newest state, `version`, of the message that carried the alert before.

        A first message that has not left yet goes to where nothing can be edited: it says the
        newest state by itself.
        """
        having = await self.routes.to_edit(tx, before.subject, [concern_of(before, product)])
        to = [there for there in having if self.ground.ways.can_edit(there.way)]
        key = f"{before.subject}:v{before.id}.{version}"
        fixed = {there.contact_id for there in having if there not in to}
        await self._tell(tx, before.subject, key, Lane.EDIT, to, fixed)

    async def batch(self, tx: Tx, batch_id: int) -> None:
        """All SKUs of a bulk change are judged: one summary, or the one alert as a message."""
        raised = await alerts.by_batch(tx, batch_id)
        subject = subjects.of_summary(batch_id)
        if len(raised) == 1:
            subject = subjects.of_alert(raised[0].id)
            await alerts.set_subjects(tx, {raised[0].id: subject})
        if raised:
            concerns = await alerts.concerns_of_batch(tx, batch_id)
            to = await self.routes.contacts_of(tx, concerns)
            await self._tell(tx, subject, f"{subject}:new", Lane.ALERT, to)
        await alerts.batch_told(tx, batch_id, self.ground.now())

    async def _tell(
        self,
        tx: Tx,
        subject: str,
        key: str,
        lane: Lane,
        to: Sequence[Destination],
        but: Collection[int] = (),
    ) -> None:
        """Queue the newest state of a message for every destination; older states are dropped,
        `but` those to these contacts."""
        now = self.ground.now()
        await notices.supersede(tx, subject, now, but)
        new = [
            NewNotice(
                kind=NoticeKind.ALERT,
                key=f"{key}:{there.contact_id}",
                contact_id=there.contact_id,
                lane=lane,
                subject=subject,
            )
            for there in to
        ]
        await notices.queue(tx, new, now)


def concern_of(alert: Alert, product: Product | None) -> Concern:
    """What an alert is of, as its routes are found by."""
    supplier, category = (product.supplier, product.category) if product else ("", "")
    scope = Scope(alert.about.location_id, supplier or None, category or None)
    return Concern(alert.kind, alert.severity, scope)
