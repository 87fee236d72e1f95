"""Alerts of every kind."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import bindparam, case, exists, func, select, update

from bot.domain.alerts import About, Alert, AlertState, Measure, Severity
from bot.domain.routes import Concern, Scope
from storage.dialect import insert_ignore
from storage.tables import OPEN_ALERT, alert, batch, dirty, product
from storage.tx import Tx
from storage.types import AnyRow

COLUMNS = (
    alert.c.id,
    alert.c.rule_id,
    alert.c.kind,
    alert.c.product_id,
    alert.c.location_id,
    alert.c.lot,
    alert.c.state,
    alert.c.severity,
    alert.c.present,
    alert.c.margin,
    alert.c.numbers,
    alert.c.subject,
    alert.c.batch_id,
    alert.c.acknowledged_by,
    alert.c.version,
    alert.c.opened_at,
    alert.c.updated_at,
    alert.c.acknowledged_at,
    alert.c.resolved_at,
)
# The one order of lists of alerts. The kind's own order of what is not alerted yet must agree.
WORST_FIRST = (
    alert.c.present.desc(),
    alert.c.margin,
    func.coalesce(alert.c.product_id, 0),  # the engines sort NULL at different ends
    func.coalesce(alert.c.location_id, 0),
    alert.c.id,
)


def of(row: AnyRow) -> Alert:
    """The alert in a row that was selected with COLUMNS."""
    cells = dict(row._mapping)
    about = About(cells.pop("product_id"), cells.pop("location_id"), cells.pop("lot"))
    measure = Measure(cells.pop("numbers"), cells.pop("margin"))
    cells["state"] = AlertState(row.state)
    cells["severity"] = Severity[row.severity.upper()]
    cells["present"] = Severity(row.present)
    return Alert(about=about, measure=measure, **cells)


OPEN_OF_PRODUCTS = (
    select(*COLUMNS)
    .where(alert.c.product_id.in_(bindparam("wanted", expanding=True)), OPEN_ALERT)
    .order_by(alert.c.id)
)


async def open_of_products(tx: Tx, product_ids: Iterable[int]) -> Sequence[Alert]:
    """Of every kind."""
    rows = await tx.execute(OPEN_OF_PRODUCTS, {"wanted": list(product_ids)})
    return [of(row) for row in rows.all()]


async def open_of_shop(tx: Tx, kind: str) -> Sequence[Alert]:
    """Those that are about no SKU."""
    statement = select(*COLUMNS).where(
        alert.c.kind == kind, alert.c.product_id.is_(None), OPEN_ALERT
    )
    return [of(row) for row in (await tx.execute(statement.order_by(alert.c.id))).all()]


async def open_products(tx: Tx, kind: str, limit: int) -> Sequence[int]:
    """Unmarked SKUs with an open alert of this kind."""
    marked = exists().where(dirty.c.product_id == alert.c.product_id)
    statement = (
        select(alert.c.product_id)
        .where(alert.c.kind == kind, alert.c.product_id.is_not(None), OPEN_ALERT, ~marked)
        .distinct()
        .limit(limit)
    )
    return [int(row.product_id) for row in (await tx.execute(statement)).all()]


async def by_id(tx: Tx, alert_id: int) -> Alert | None:
    row = (await tx.execute(select(*COLUMNS).where(alert.c.id == alert_id))).first()
    return None if row is None else of(row)


async def lock(tx: Tx, alert_id: int) -> Alert | None:
    """The alert, locked until the transaction ends (on SQLite the transaction is the lock)."""
    statement = select(*COLUMNS).where(alert.c.id == alert_id).with_for_update()
    row = (await tx.execute(statement)).first()
    return None if row is None else of(row)


async def by_batch(tx: Tx, batch_id: int) -> Sequence[Alert]:
    """The alerts that a bulk change raised, the worst first and what is over last."""
    statement = (
        select(*COLUMNS)
        .where(alert.c.batch_id == batch_id)
        .order_by(case((OPEN_ALERT, 0), else_=1), *WORST_FIRST)
    )
    return [of(row) for row in (await tx.execute(statement)).all()]


async def concerns_of_batch(tx: Tx, batch_id: int) -> Sequence[Concern]:
    """What the alerts that a bulk change raised are of, each once however many there are."""
    of_what = (alert.c.kind, alert.c.severity, alert.c.location_id)
    statement = (
        select(*of_what, product.c.supplier, product.c.category)
        .outerjoin(product, product.c.id == alert.c.product_id)
        .where(alert.c.batch_id == batch_id)
        .distinct()
    )
    return [
        Concern(
            row.kind,
            Severity[row.severity.upper()],
            Scope(row.location_id, row.supplier or None, row.category or None),
        )
        for row in (await tx.execute(statement)).all()
    ]


async def raise_all(tx: Tx, new: Sequence[Alert]) -> dict[str, int]:
    """Insert those whose fingerprint has no open alert; their ids, by fingerprint."""
    if not new:
        return {}
    inserting = insert_ignore(tx, alert, "id", "fingerprint")
    rows = await tx.execute(inserting, [_beginning(item) | _changing(item) for item in new])
    return {row.fingerprint: int(row.id) for row in rows.all()}


def _beginning(item: Alert) -> dict[str, object]:
    return {
        "rule_id": item.rule_id,
        "fingerprint": item.fingerprint,
        "kind": item.kind,
        "product_id": item.about.product_id,
        "location_id": item.about.location_id,
        "lot": item.about.lot,
        "opened_at": item.opened_at,
        "batch_id": item.batch_id,
    }


SAVE = update(alert).where(alert.c.id == bindparam("wanted"))


async def save(tx: Tx, changed: Alert) -> None:
    """Write what may change in an alert's life."""
    await tx.execute(SAVE, {"wanted": changed.id} | _changing(changed))


def _changing(item: Alert) -> dict[str, object]:
    return {
        "state": item.state.value,
        "severity": item.severity.word,
        "present": int(item.present),
        "margin": item.measure.margin,
        "numbers": dict(item.measure.numbers),
        "subject": item.subject,
        "acknowledged_by": item.acknowledged_by,
        "version": item.version,
        "updated_at": item.updated_at,
        "acknowledged_at": item.acknowledged_at,
        "resolved_at": item.resolved_at,
    }


SET_SUBJECT = (
    update(alert).where(alert.c.id == bindparam("wanted")).values(subject=bindparam("said"))
)


async def set_subjects(tx: Tx, carriers: Mapping[int, str]) -> None:
    """Which message carries each of these alerts."""
    if carriers:
        rows = [{"wanted": number, "said": subject} for number, subject in carriers.items()]
        await tx.execute(SET_SUBJECT, rows)


BATCHES_TO_TELL = select(batch.c.id).where(
    batch.c.applied_at.is_not(None),
    batch.c.told_at.is_(None),
    ~exists().where(dirty.c.batch_id == batch.c.id),
)


async def batches_to_tell(tx: Tx) -> Sequence[int]:
    """Applied bulk changes whose SKUs have all been judged and whose summary is not queued yet."""
    return [int(row.id) for row in (await tx.execute(BATCHES_TO_TELL)).all()]


async def batch_told(tx: Tx, batch_id: int, now: datetime) -> None:
    await tx.execute(update(batch).where(batch.c.id == batch_id).values(told_at=now))


async def open_worst_first(tx: Tx, kind: str, limit: int) -> Sequence[Alert]:
    statement = (
        select(*COLUMNS).where(alert.c.kind == kind, OPEN_ALERT).order_by(*WORST_FIRST).limit(limit)
    )
    return [of(row) for row in (await tx.execute(statement)).all()]


async def count_open(tx: Tx, kind: str) -> int:
    statement = select(func.count()).select_from(alert).where(alert.c.kind == kind, OPEN_ALERT)
    return int((await tx.execute(statement)).scalar_one())
