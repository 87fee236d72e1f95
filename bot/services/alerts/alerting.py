"""Low-stock alerts: judged for dirty SKUs, one message each, kept true by edits."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain.alerts import (
    AlertState,
    AlertView,
    Decision,
    OpenAlert,
    Reason,
    Severity,
    effective_clear_level,
    judge,
    severity_of,
)
from bot.domain.contacts import Contact
from bot.domain.customers import Expired
from bot.domain.notices import Lane, NewNotice, NoticeKind
from bot.domain.routes import Concern, Destination, Scope
from bot.domain.staff import Acknowledged, Acting
from bot.domain.stock import Position, Product
from bot.domain.ways import SLACK
from bot.services.ground import Ground
from bot.services.people.members import Members
from bot.services.routing.routes import Routes
from storage import alerts, applying, audit, notices, persons, positions, products, subscriptions
from storage.tx import Tx
from storage.types import AnyRow

JUDGED_AT_ONCE = 100  # SKUs a transaction: far under 250 ms of the one writer


@dataclass(frozen=True, slots=True)
class Judged:
    """One position under judgement."""

    product: Product
    position: Position
    alert: AnyRow | None
    batch_id: int | None


class Alerting:
    """`routes` say where alerts go to."""

    def __init__(self, ground: Ground, members: Members, routes: Routes) -> None:
        self.ground = ground
        self.members = members
        self.routes = routes

    async def judge_dirty(self) -> int:
        """Judge the next dirty SKUs; returns how many there were, 0 when none is left."""
        async with self.ground.read() as tx:
            if not await alerts.dirty_products(tx, 1) and not await alerts.batches_to_tell(tx):
                return 0
        async with self.ground.write() as tx:
            await applying.one_at_a_time(tx)
            await alerts.unmark_quiet(tx, self.ground.now())
            marked = await alerts.dirty_products(tx, JUDGED_AT_ONCE)
            batch_of = {row.product_id: row.batch_id for row in marked}
            await self._judge(tx, batch_of)
            await alerts.unmark(tx, list(batch_of))
            for batch_id in await alerts.batches_to_tell(tx):
                await self._tell_batch(tx, batch_id)
        return len(batch_of)

    async def _judge(self, tx: Tx, batch_of: dict[int, int | None]) -> None:
        now = self.ground.now()
        ids = sorted(batch_of)
        found = await products.lock_all(tx, ids)
        places = await positions.for_products(tx, ids)
        open_alerts = {
            (row.product_id, row.location_id): row for row in await alerts.open_of_products(tx, ids)
        }
        for product in found.values():
            for position in places[product.id]:
                alert = open_alerts.get((product.id, position.location.id))
                judged = Judged(product, position, alert, batch_of[product.id])
                await self._apply(tx, judged, now)

    async def _apply(self, tx: Tx, item: Judged, now: datetime) -> None:
        state = None
        if item.alert is not None:
            state = OpenAlert(AlertState(item.alert.state), Severity[item.alert.severity.upper()])
        decision = judge(item.product, item.position, state, now)
        if item.alert is None:
            if decision.reason is Reason.FIRES:
                await self._fire(tx, item, decision, now)
            return
        values = changes(item.alert, item.position, item.product, decision, now)
        if not values:
            return
        await alerts.change(tx, item.alert.id, **values)
        await self._edit(tx, item.alert, item.product)
        if decision.reason is Reason.RISES:
            concern = concern_of(item.alert, item.product, decision.severity)
            await self._post(tx, str(values["subject"]), [concern])

    async def _fire(self, tx: Tx, item: Judged, decision: Decision, now: datetime) -> None:
        severity = decision.severity or Severity.LOW
        place = item.position.location.id
        alert_id = await alerts.raise_new(
            tx,
            {
                "fingerprint": f"low:{item.product.id}:{place}:",
                "kind": "low",
                "product_id": item.product.id,
                "location_id": place,
                "state": AlertState.FIRING.value,
                "severity": severity.word,
                "subject": "",
                "batch_id": item.batch_id,
                "available": item.position.available,
                "projected": item.position.projected(item.product.lead_time_days, now),
                "point": item.position.reorder_point or 0,
                "clear_level": effective_clear_level(item.position) or 0,
                "opened_at": now,
                "updated_at": now,
            },
        )
        if alert_id is None:
            return
        subject = f"alert:{alert_id}" if item.batch_id is None else f"batch:{item.batch_id}"
        await alerts.set_subject(tx, alert_id, subject)
        if item.batch_id is None:
            await self._post(tx, subject, [Concern("low", severity, scope_of(item.product, place))])

    async def _tell_batch(self, tx: Tx, batch_id: int) -> None:
        """All SKUs of a bulk change are judged: one summary, or the one alert as a message."""
        raised = await alerts.by_batch(tx, batch_id)
        subject = f"batch:{batch_id}"
        if len(raised) == 1:
            subject = f"alert:{raised[0].id}"
            await alerts.set_subject(tx, raised[0].id, subject)
        if raised:
            await self._post(tx, subject, await alerts.concerns_of_batch(tx, batch_id))
        await alerts.batch_told(tx, batch_id, self.ground.now())

    async def _post(self, tx: Tx, subject: str, concerns: Sequence[Concern]) -> None:
        """Queue a new message."""
        to = await self.routes.contacts_of(tx, concerns)
        await self._tell(tx, subject, f"{subject}:new", Lane.ALERT, to)

    async def _edit(self, tx: Tx, row: AnyRow, product: Product | None) -> None:
        """Queue the newest state of the message that carries the alert, as it was before."""
        to = await self.routes.to_edit(tx, row.subject, [concern_of(row, product)])
        key = f"{row.subject}:v{row.id}.{row.version + 1}"
        await self._tell(tx, row.subject, key, Lane.EDIT, to)

    async def _tell(
        self, tx: Tx, subject: str, key: str, lane: Lane, to: Sequence[Destination]
    ) -> None:
        """Queue the newest state of a message for every destination; older states are dropped."""
        now = self.ground.now()
        await notices.supersede(tx, subject, now)
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

    async def acknowledge(self, acting: Acting, alert_id: int) -> Acknowledged | Expired:
        """Who does it second is told who was first: an alert's own state is the effect key.

        Raises NotAllowed.
        """
        async with self.members.write(acting) as (tx, member):
            row = await alerts.lock(tx, alert_id)
            if row is None:
                return Expired()
            done = row.acknowledged_at is None and row.resolved_at is None
            if done:
                await self._acknowledge(tx, row, member.id)
            fresh = await alerts.by_id(tx, alert_id) or row
            return Acknowledged((await self.views(tx, [fresh]))[0], done=done)

    async def _acknowledge(self, tx: Tx, row: AnyRow, person_id: int) -> None:
        now = self.ground.now()
        state = AlertState.ACKNOWLEDGED if row.state == AlertState.FIRING.value else row.state
        await alerts.change(
            tx, row.id, state=str(state), acknowledged_by=person_id, acknowledged_at=now,
            updated_at=now,
        )  # fmt: skip
        await audit.write(tx, person_id, "acknowledge", f"alert:{row.id}", {}, now)
        await self._edit(tx, row, await products.get(tx, row.product_id))

    async def sweep(self, limit: int = 1000) -> int:
        """Mark what should be judged anew though no event announced it; returns how many."""
        now = self.ground.now()
        async with self.ground.write() as tx:
            found = await alerts.unannounced(tx, now, limit)
            for product_id in found:
                await alerts.mark_dirty(tx, product_id, now)
        return len(found)

    async def views(
        self, tx: Tx, rows: Sequence[AnyRow], subject: str = ""
    ) -> tuple[AlertView, ...]:
        """The alerts as people read them in the message named `subject` (or anywhere)."""
        ids = [row.product_id for row in rows]
        named = await products.by_ids(tx, ids)
        places = await positions.for_products(tx, ids)
        waiting = await subscriptions.waiting_by_product(tx, ids)
        who = await persons.known_as(tx, self.ground.vault, {row.acknowledged_by for row in rows})
        views = []
        for row in rows:
            position = next(p for p in places[row.product_id] if p.location.id == row.location_id)
            if row.resolved_at is not None:  # as it was then: what came later is another alert's
                on_hand = position.on_hand - position.available + row.available
                position = replace(position, on_hand=on_hand)
            by = who.get(row.acknowledged_by)
            views.append(
                AlertView(
                    id=row.id,
                    product=named[row.product_id],
                    position=position,
                    state=AlertState(row.state),
                    severity=severity_of(row.projected, row.available, row.point),
                    projected=row.projected,
                    point=row.point,
                    clear_level=row.clear_level,
                    waiting=waiting.get(row.product_id, 0),
                    opened_at=row.opened_at,
                    acknowledged_by=who_is(by) if by else "",
                    acknowledged_at=row.acknowledged_at,
                    resolved_at=row.resolved_at,
                    superseded=bool(subject) and row.subject != subject,
                    version=row.version,
                )
            )
        return tuple(views)


def changes(
    alert: AnyRow, position: Position, product: Product, decision: Decision, now: datetime
) -> dict[str, object]:
    """The columns of an open alert that the decision changes; empty when its message stays true."""
    new: dict[str, object] = {
        "available": position.available,
        "projected": position.projected(product.lead_time_days, now),
        "point": position.reorder_point or 0,
        "clear_level": effective_clear_level(position) or alert.clear_level,
        "state": _state(alert, decision).value,
    }
    if decision.reason in (Reason.CLEARS, Reason.RULE_GONE):
        new["resolved_at"] = now
    if decision.reason is Reason.RISES and decision.severity is not None:
        new |= {
            "severity": decision.severity.word,
            "subject": f"alert:{alert.id}:{decision.severity.word}",
            "acknowledged_at": None,
            "acknowledged_by": None,
        }
    changed = {name: value for name, value in new.items() if getattr(alert, name) != value}
    return changed | {"updated_at": now} if changed else {}


def concern_of(row: AnyRow, product: Product | None, severity: Severity | None = None) -> Concern:
    """What an alert is of, as its routes are found by; `severity` if it is another one now."""
    told = severity or Severity[row.severity.upper()]
    return Concern(row.kind, told, scope_of(product, row.location_id))


def scope_of(product: Product | None, location_id: int | None) -> Scope:
    if product is None:
        return Scope(location_id)
    return Scope(location_id, product.supplier or None, product.category or None)


def _state(alert: AnyRow, decision: Decision) -> AlertState:
    if decision.reason in (Reason.CLEARS, Reason.RULE_GONE):
        return AlertState.RESOLVED
    if decision.reason is Reason.RECOVERING:
        return AlertState.RECOVERING
    if decision.reason is Reason.RISES or alert.acknowledged_at is None:
        return AlertState.FIRING
    return AlertState.ACKNOWLEDGED


def who_is(member: Contact) -> str:
    """How an alert names who looks after it: an address that Slack makes a mention of, and who is
    in Telegram by the name they have there. A name never passes for an address."""
    address = member.address.text
    in_slack = member.address.way == SLACK
    return address if in_slack or not member.name or ":" in member.name else member.name
