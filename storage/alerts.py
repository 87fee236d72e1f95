"""Alerts, the dirty SKUs that may change them, and who in the position table is a candidate."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Delete,
    Integer,
    and_,
    bindparam,
    case,
    cast,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
    tuple_,
    type_coerce,
    update,
)
from sqlalchemy.sql.elements import ColumnElement

from bot.domain.alerts import Severity
from bot.domain.routes import Concern, Scope
from storage.dialect import insert_ignore, upsert
from storage.positions import AVAILABLE
from storage.tables import alert, batch, dirty, position, product
from storage.topics import Topic, bring
from storage.tx import Tx
from storage.types import EPOCH, AnyRow, microseconds

OPEN = alert.c.resolved_at.is_(None)
DAY_US = microseconds(EPOCH + timedelta(days=1))


async def mark_dirty(tx: Tx, product_id: int, now: datetime) -> None:
    """Ask for the SKU's rules to be judged after this transaction."""
    bring(Topic.STOCK)
    mark = upsert(tx, dirty, ("product_id",), ("marked_at",))
    await tx.execute(mark, {"product_id": product_id, "marked_at": now})


DIRTY_PRODUCTS = (
    select(dirty.c.product_id, dirty.c.batch_id)
    .order_by(case((dirty.c.batch_id.is_(None), 0), else_=1), dirty.c.product_id)
    .limit(bindparam("limit", type_=Integer()))
)


async def dirty_products(tx: Tx, limit: int) -> Sequence[AnyRow]:
    """The next SKUs to judge; what people moved goes before what a bulk change moved."""
    return (await tx.execute(DIRTY_PRODUCTS, {"limit": limit})).all()


UNMARK = delete(dirty).where(dirty.c.product_id.in_(bindparam("wanted", expanding=True)))


async def unmark(tx: Tx, product_ids: Sequence[int]) -> None:
    if product_ids:
        await tx.execute(UNMARK, {"wanted": list(product_ids)})


def _unmark_quiet() -> Delete:
    seen = dirty.alias("seen")
    is_low = exists().where(
        position.c.product_id == seen.c.product_id,
        product.c.id == seen.c.product_id,
        low(bindparam("now", type_=BigInteger())),
    )
    alerted = exists().where(alert.c.product_id == seen.c.product_id, OPEN)
    quiet = select(seen.c.product_id, seen.c.marked_at).where(~is_low, ~alerted)
    # With the time: who marks it anew meanwhile has moved stock that this statement does not see.
    return delete(dirty).where(tuple_(dirty.c.product_id, dirty.c.marked_at).in_(quiet))


async def unmark_quiet(tx: Tx, now: datetime) -> None:
    """Forget the marks of SKUs that are no candidates: nothing low, and no alert open.

    After an import these are nearly all, and one statement passes them by.
    """
    await tx.execute(UNMARK_QUIET, {"now": microseconds(now)})


OPEN_OF_PRODUCTS = (
    select(alert)
    .where(alert.c.product_id.in_(bindparam("wanted", expanding=True)), OPEN)
    .order_by(alert.c.id)
)


async def open_of_products(tx: Tx, product_ids: Sequence[int]) -> Sequence[AnyRow]:
    return (await tx.execute(OPEN_OF_PRODUCTS, {"wanted": list(product_ids)})).all()


async def by_id(tx: Tx, alert_id: int) -> AnyRow | None:
    return (await tx.execute(select(alert).where(alert.c.id == alert_id))).first()


async def lock(tx: Tx, alert_id: int) -> AnyRow | None:
    """The alert, locked until the transaction ends (on SQLite the transaction is the lock)."""
    statement = select(alert).where(alert.c.id == alert_id).with_for_update()
    return (await tx.execute(statement)).first()


async def set_subject(tx: Tx, alert_id: int, subject: str) -> None:
    """Which message carries the alert."""
    await tx.execute(update(alert).where(alert.c.id == alert_id).values(subject=subject))


async def by_subject(tx: Tx, subject: str) -> Sequence[AnyRow]:
    return (
        await tx.execute(select(alert).where(alert.c.subject == subject).order_by(alert.c.id))
    ).all()


async def by_batch(tx: Tx, batch_id: int) -> Sequence[AnyRow]:
    """The alerts that a bulk change raised, gravest first."""
    statement = (
        select(alert)
        .where(alert.c.batch_id == batch_id)
        .order_by(*worst_first(alert.c.available, alert.c.projected, alert.c.point), alert.c.id)
    )
    return (await tx.execute(statement)).all()


async def concerns_of_batch(tx: Tx, batch_id: int) -> Sequence[Concern]:
    """What the alerts that a bulk change raised are of, each once however many there are."""
    statement = (
        select(
            alert.c.kind,
            alert.c.severity,
            alert.c.location_id,
            product.c.supplier,
            product.c.category,
        )
        .join(product, product.c.id == alert.c.product_id)
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


async def raise_new(tx: Tx, values: dict[str, Any]) -> int | None:
    """Insert an alert unless its fingerprint has an open one; returns its id or None."""
    row = (await tx.execute(insert_ignore(tx, alert, "id"), values)).first()
    return None if row is None else int(row.id)


async def change(tx: Tx, alert_id: int, **values: Any) -> None:
    """Set these columns and count the version up."""
    await tx.execute(
        update(alert).where(alert.c.id == alert_id).values(version=alert.c.version + 1, **values)
    )


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


def projected(now: datetime | ColumnElement[int]) -> ColumnElement[int]:
    """domain.stock.Position.projected, in SQL; `now` may be a parameter, in microseconds."""
    moment = literal(microseconds(now), BigInteger) if isinstance(now, datetime) else now
    due = type_coerce(position.c.incoming_due, BigInteger)
    lead_time = cast(product.c.lead_time_days, BigInteger) * literal(DAY_US, BigInteger)
    in_time = due <= moment + lead_time  # null: not in time
    return AVAILABLE + case((in_time, position.c.incoming), else_=0)


def low(now: datetime | ColumnElement[int]) -> ColumnElement[bool]:
    """At or under its point, in SQL; domain.alerts.judge decides, a test holds both together."""
    return and_(
        product.c.active,
        position.c.reorder_point > 0,
        projected(now) <= position.c.reorder_point,
    )


UNMARK_QUIET = _unmark_quiet()


def worst_first(
    available: ColumnElement[int], projected: ColumnElement[int], point: ColumnElement[int]
) -> tuple[ColumnElement[int], ColumnElement[int]]:
    """Order: out, critical, low (domain.alerts.severity_of), then what lacks most to the point."""
    grave = case((available <= 0, 0), (projected * 5 <= point, 1), else_=2)
    return grave, projected - point


def effective_clear() -> ColumnElement[int]:
    """domain.alerts.effective_clear_level, in SQL."""
    point = position.c.reorder_point
    margin = (point * 15 + 99) // 100
    default = point + case((margin < 1, 1), else_=margin)
    return case((position.c.clear_level > point, position.c.clear_level), else_=default)


async def count_low(tx: Tx, now: datetime, location_id: int | None = None) -> int:
    statement = (
        select(func.count()).select_from(position.join(product)).where(low(now), *_at(location_id))
    )
    return int((await tx.execute(statement)).scalar_one())


def _at(location_id: int | None) -> tuple[ColumnElement[bool], ...]:
    return () if location_id is None else (position.c.location_id == location_id,)


async def low_positions(
    tx: Tx, now: datetime, limit: int, location_id: int | None = None
) -> Sequence[tuple[int, int]]:
    """(product id, location id) of what is low, the worst first."""
    statement = (
        select(position.c.product_id, position.c.location_id)
        .select_from(position.join(product))
        .where(low(now), *_at(location_id))
        .order_by(
            *worst_first(AVAILABLE, projected(now), position.c.reorder_point),
            position.c.product_id,
            position.c.location_id,
        )
        .limit(limit)
    )
    return [(int(p), int(place)) for p, place in (await tx.execute(statement)).all()]


async def unannounced(tx: Tx, now: datetime, limit: int) -> Sequence[int]:
    """SKUs whose alert should have changed although nothing marked them: the sweep's find."""
    mine = and_(
        alert.c.product_id == position.c.product_id,
        alert.c.location_id == position.c.location_id,
        OPEN,
    )
    over = or_(
        effective_clear() <= AVAILABLE,
        func.coalesce(position.c.reorder_point, 0) <= 0,
        ~product.c.active,
        alert.c.available != AVAILABLE,
    )
    marked = exists().where(dirty.c.product_id == position.c.product_id)
    statement = (
        select(position.c.product_id)
        .select_from(position.join(product).outerjoin(alert, mine))
        .where(
            or_(and_(low(now), alert.c.id.is_(None)), and_(alert.c.id.is_not(None), over)), ~marked
        )
        .distinct()
        .limit(limit)
    )
    return [int(row.product_id) for row in (await tx.execute(statement)).all()]


async def open_worst_first(tx: Tx, limit: int) -> Sequence[AnyRow]:
    statement = (
        select(alert)
        .where(OPEN)
        .order_by(alert.c.available - alert.c.point, alert.c.id)
        .limit(limit)
    )
    return (await tx.execute(statement)).all()


async def count_open(tx: Tx) -> int:
    statement = select(func.count()).select_from(alert).where(OPEN)
    return int((await tx.execute(statement)).scalar_one())
