"""Bulk changes: staging rows, and what they would change. Applying is in storage.applying."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    and_,
    case,
    delete,
    distinct,
    exists,
    func,
    insert,
    or_,
    select,
    text,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB

from bot.domain.bulk import AT_LEAST, POSITION_FIELDS, PRODUCT_FIELDS, TENFOLD, Facts
from storage.tables import batch, location, position, product, stage
from storage.tx import Tx
from storage.types import AnyRow

STAGED, APPLYING, APPLIED = "staged", "applying", "applied"
ON_HAND = func.coalesce(position.c.on_hand, 0)
STAGE_ROWS = 10_000  # deleted in one transaction


@dataclass(frozen=True, slots=True)
class Piece:
    """The staged lines of the SKU keys after `after` up to `upto`; "" has no end there."""

    batch_id: int
    after: str
    upto: str

    @property
    def lines(self) -> ColumnElement[bool]:
        upto = stage.c.sku_key <= self.upto if self.upto else true()
        return and_(stage.c.batch_id == self.batch_id, stage.c.sku_key > self.after, upto)


async def by_key(tx: Tx, key: str) -> AnyRow | None:
    row: AnyRow | None = (await tx.execute(select(batch).where(batch.c.key == key))).first()
    return row


async def lock(tx: Tx, batch_id: int) -> AnyRow:
    """The batch, locked until the transaction ends. It exists.

    Alerts may still refer to it: a foreign key only needs that its id stays.
    """
    query = select(batch).where(batch.c.id == batch_id).with_for_update(key_share=True)
    row: AnyRow = (await tx.execute(query)).one()
    return row


async def get(tx: Tx, batch_id: int) -> AnyRow:
    row: AnyRow = (await tx.execute(select(batch).where(batch.c.id == batch_id))).one()
    return row


async def _all(tx: Tx, query: Select[Any]) -> Sequence[AnyRow]:
    rows: Sequence[AnyRow] = (await tx.execute(query)).all()
    return rows


async def start(tx: Tx, key: str, source: str, actor_id: int | None, now: datetime) -> int:
    new = insert(batch).values(
        key=key, source=source, actor_id=actor_id, state=STAGED, created_at=now
    )
    return int((await tx.execute(new.returning(batch.c.id))).scalar_one())


STAGE_COLUMNS = (
    "batch_id", "line", "lead", "sku", "sku_key", "short_id", "location",
    *POSITION_FIELDS, *PRODUCT_FIELDS, "attributes",
)  # fmt: skip
_COLUMNS = ", ".join(STAGE_COLUMNS)
_QMARKS = ", ".join("?" for _ in STAGE_COLUMNS)
_ON_SQLITE = f"INSERT INTO stage ({_COLUMNS}) VALUES ({_QMARKS})"  # noqa: S608  # our own names
_ON_POSTGRESQL = text(
    f"INSERT INTO stage ({_COLUMNS})"  # noqa: S608
    f" SELECT {_COLUMNS} FROM json_populate_recordset(NULL::stage, CAST(:rows AS json))"
)


async def add_rows(tx: Tx, rows: Sequence[tuple[Any, ...]]) -> None:
    """Stage rows of STAGE_COLUMNS, the attributes as JSON.

    Past SQLAlchemy's executemany, which takes 100,000 rows four times as long.
    """
    if not rows:
        return
    if tx.dialect.name == "sqlite":
        await tx.exec_driver_sql(_ON_SQLITE, list(rows))
    else:
        told = [dict(zip(STAGE_COLUMNS, row, strict=True)) for row in rows]
        for row in told:
            row["attributes"] = json.loads(row["attributes"])
        await tx.execute(_ON_POSTGRESQL, {"rows": json.dumps(told)})


async def note(tx: Tx, batch_id: int, summary: Mapping[str, Any]) -> None:
    await tx.execute(update(batch).where(batch.c.id == batch_id).values(summary=dict(summary)))


async def begun(tx: Tx) -> int:
    """How many bulk changes were ever begun to be applied."""
    query = select(func.count()).select_from(batch).where(batch.c.state != STAGED)
    return int((await tx.execute(query)).scalar_one())


async def one_is_half_applied(tx: Tx) -> bool:
    query = select(batch.c.id).where(batch.c.state == APPLYING).limit(1)
    return (await tx.execute(query)).first() is not None


async def unfinished(tx: Tx) -> list[int]:
    """Bulk changes whose applying was begun and did not end, or that still have staged rows."""
    has_rows = exists().where(stage.c.batch_id == batch.c.id)
    ends = or_(batch.c.state == APPLYING, and_(batch.c.state == APPLIED, has_rows))
    return [int(row.id) for row in await tx.execute(select(batch.c.id).where(ends))]


async def next_piece(tx: Tx, batch_id: int, after: str, lines: int) -> Piece:
    """About so many lines; all of one SKU stay together."""
    keys = select(stage.c.sku_key).where(Piece(batch_id, after, "").lines)
    last = await tx.execute(keys.order_by(stage.c.sku_key).offset(lines - 1).limit(1))
    return Piece(batch_id, after, last.scalar_one_or_none() or "")


async def advance(tx: Tx, piece: Piece, summary: Mapping[str, Any]) -> None:
    """The piece is applied, and others follow."""
    of = update(batch).where(batch.c.id == piece.batch_id)
    await tx.execute(of.values(state=APPLYING, summary=dict(summary), cursor=piece.upto))


async def settle(tx: Tx, batch_id: int, summary: Mapping[str, Any], now: datetime) -> None:
    """The last piece is applied."""
    done = update(batch).where(batch.c.id == batch_id)
    await tx.execute(done.values(state=APPLIED, summary=dict(summary), applied_at=now))


async def remove(tx: Tx, batch_id: int) -> None:
    """Forget a batch that was not applied; its rows are gone already (`remove_rows`)."""
    await tx.execute(delete(batch).where(batch.c.id == batch_id, batch.c.state == STAGED))


async def remove_rows(tx: Tx, batch_id: int) -> bool:
    """Remove some of the staged rows; True while there are more. One that is being applied keeps
    its rows."""
    locked = select(batch.c.state).where(batch.c.id == batch_id).with_for_update(key_share=True)
    if (await tx.execute(locked)).scalar_one_or_none() == APPLYING:
        return False
    some = select(stage.c.line).where(stage.c.batch_id == batch_id).order_by(stage.c.line)
    last = some.limit(1).offset(STAGE_ROWS).scalar_subquery()
    gone = delete(stage).where(
        stage.c.batch_id == batch_id, or_(last.is_(None), stage.c.line < last)
    )
    removed = (await tx.execute(gone)).rowcount
    return removed >= STAGE_ROWS


async def stale(tx: Tx, before: datetime) -> list[int]:
    """Batches that were staged before then and that nobody applied."""
    query = select(batch.c.id).where(batch.c.state == STAGED, batch.c.created_at < before)
    return [int(row.id) for row in await tx.execute(query)]


# -- the lines of one SKU among themselves


async def disagreeing(tx: Tx, batch_id: int) -> Sequence[AnyRow]:
    """Pairs of lines of one SKU, the leading one first (`lead_`), that tell different things.

    Only the leading line of a SKU is applied to the product, so that the others must agree.
    """
    lead, other = stage.alias("lead"), stage.alias("other")
    given = [
        and_(other.c[name].is_not(None), other.c[name].is_distinct_from(lead.c[name]))
        for name in PRODUCT_FIELDS
    ]
    given.append(_text(tx, other.c.attributes) != _text(tx, lead.c.attributes))
    query = (
        select(other, *(lead.c[name].label(f"lead_{name}") for name in _TOLD_ONCE))
        .join(lead, and_(lead.c.batch_id == other.c.batch_id, lead.c.sku_key == other.c.sku_key))
        .where(other.c.batch_id == batch_id, other.c.lead != true(), lead.c.lead == true())
        .where(or_(*given))
        .order_by(other.c.line)
    )
    return await _all(tx, query)


_TOLD_ONCE = ("line", *PRODUCT_FIELDS, "attributes")


async def complete_lead(tx: Tx, batch_id: int, line: int, values: Mapping[str, Any]) -> None:
    """Give a leading line what only a later line of its SKU tells."""
    of = update(stage).where(stage.c.batch_id == batch_id, stage.c.line == line)
    await tx.execute(of.values(dict(values)))


# -- what a staged line would change

LEADS = stage.c.lead == true()
SAME_SKU = product.c.sku_key == stage.c.sku_key
HAS_NUMBERS = or_(*(stage.c[name].is_not(None) for name in POSITION_FIELDS))


def compared() -> FromClause:
    """Staged lines beside what is stored of them, if anything is."""
    return (
        stage.outerjoin(product, SAME_SKU)
        .outerjoin(location, location.c.code == stage.c.location)
        .outerjoin(
            position,
            and_(position.c.product_id == product.c.id, position.c.location_id == location.c.id),
        )
    )


def _text(tx: Tx, column: ColumnElement[Any]) -> ColumnElement[Any]:
    """JSON in a form that can be compared; the engines have no common one."""
    return func.json(column) if tx.dialect.name == "sqlite" else column.cast(JSONB)


def merged_attributes(tx: Tx) -> ColumnElement[Any]:
    """The product's attributes with those of the staged line put over them."""
    if tx.dialect.name == "sqlite":
        return func.json_patch(product.c.attributes, stage.c.attributes)
    return product.c.attributes.cast(JSONB).op("||")(stage.c.attributes.cast(JSONB))


def product_differs(tx: Tx) -> ColumnElement[bool]:
    """The leading line tells something else of a known product than what is stored."""
    cells = [
        func.coalesce(stage.c[name], product.c[name]).is_distinct_from(product.c[name])
        for name in PRODUCT_FIELDS
    ]
    return or_(*cells, merged_attributes(tx) != _text(tx, product.c.attributes))


def quantity_differs() -> ColumnElement[bool]:
    return and_(stage.c.quantity.is_not(None), stage.c.quantity != ON_HAND)


def rule_differs() -> ColumnElement[bool]:
    return or_(
        *(
            func.coalesce(stage.c[name], position.c[name]).is_distinct_from(position.c[name])
            for name in ("reorder_point", "clear_level")
        )
    )


def differs(tx: Tx) -> ColumnElement[bool]:
    """Applying this line changes a known product or one of its positions."""
    return and_(
        product.c.id.is_not(None),
        or_(quantity_differs(), rule_differs(), and_(LEADS, product_differs(tx))),
    )


async def counts(tx: Tx, batch_id: int) -> AnyRow:
    """new and changed (SKUs) and moves (ledger entries), as applying would have them now."""
    new = case((and_(LEADS, product.c.id.is_(None)), 1))
    query = (
        select(
            func.count(new).label("new"),
            func.count(distinct(case((differs(tx), product.c.id)))).label("changed"),
            func.count(case((quantity_differs(), 1))).label("moves"),
        )
        .select_from(compared())
        .where(stage.c.batch_id == batch_id)
    )
    row: AnyRow = (await tx.execute(query)).one()
    return row


async def new_skus(tx: Tx, batch_id: int, limit: int) -> Sequence[AnyRow]:
    """line, sku and name of the first SKUs that are not known yet."""
    known = exists().where(SAME_SKU)
    query = (
        select(stage.c.line, stage.c.sku, stage.c.name)
        .where(stage.c.batch_id == batch_id, LEADS, ~known)
        .order_by(stage.c.line)
        .limit(limit)
    )
    return await _all(tx, query)


def _differences(batch_id: int) -> Select[Any]:
    """Staged lines with the stored values beside them as `old_<field>`."""
    stored = [product.c[name].label(f"old_{name}") for name in (*PRODUCT_FIELDS, "attributes")]
    stored += [ON_HAND.label("old_quantity")]
    stored += [position.c[name].label(f"old_{name}") for name in ("reorder_point", "clear_level")]
    return (
        select(stage, *stored)
        .select_from(compared())
        .where(stage.c.batch_id == batch_id, product.c.id.is_not(None))
        .order_by(stage.c.line)
    )


async def changed_lines(tx: Tx, batch_id: int, limit: int) -> Sequence[AnyRow]:
    """The first lines that would change something known."""
    return await _all(tx, _differences(batch_id).where(differs(tx)).limit(limit))


# -- what looks like a mistake, or is one


def _zeroed() -> ColumnElement[bool]:
    return and_(ON_HAND > 0, stage.c.quantity == 0)


def _jumped() -> ColumnElement[bool]:
    more = and_(stage.c.quantity > ON_HAND * TENFOLD, stage.c.quantity >= AT_LEAST)
    return and_(ON_HAND > 0, more)


def _repriced() -> ColumnElement[bool]:
    old, new = product.c.price, stage.c.price
    same_money = func.coalesce(stage.c.currency, product.c.currency) == product.c.currency
    return and_(LEADS, same_money, old > 0, or_(new * 2 < old, new * 2 > old * 3))


def _deactivated() -> ColumnElement[bool]:
    return and_(LEADS, product.c.active == true(), stage.c.active != true())


DOUBTFUL = {
    "zeroed": _zeroed(),
    "jumped": _jumped(),
    "repriced": _repriced(),
    "deactivated": _deactivated(),
}


async def facts(tx: Tx, batch_id: int) -> Facts:
    """What the guard judges."""
    counted = {
        **DOUBTFUL,
        "in_stock": and_(ON_HAND > 0, stage.c.quantity.is_not(None)),
        "sold": and_(LEADS, product.c.active == true()),
    }
    query = (
        select(*(func.count(case((condition, 1))).label(n) for n, condition in counted.items()))
        .select_from(compared())
        .where(stage.c.batch_id == batch_id, product.c.id.is_not(None))
    )
    return Facts(**(await tx.execute(query)).one()._mapping)


async def doubtful(tx: Tx, batch_id: int, which: str, limit: int) -> Sequence[AnyRow]:
    """The first lines that one of DOUBTFUL is true for."""
    return await _all(tx, _differences(batch_id).where(DOUBTFUL[which]).limit(limit))


async def against_stored(tx: Tx, batch_id: int) -> Sequence[AnyRow]:
    """Lines that may not go together with what they leave as it is; the domain says which do not.

    A price or a currency alone on a product that has the other, a rule's level alone.
    """
    price_alone = and_(
        LEADS, stage.c.price.is_not(None), stage.c.currency.is_(None), product.c.currency != ""
    )
    currency_alone = and_(
        LEADS,
        stage.c.price.is_(None),
        product.c.price.is_not(None),
        stage.c.currency != product.c.currency,
    )
    point = func.coalesce(stage.c.reorder_point, position.c.reorder_point)
    clear = func.coalesce(stage.c.clear_level, position.c.clear_level)
    level_alone = and_(rule_differs(), point > 0, clear <= point)
    query = _differences(batch_id).where(or_(price_alone, currency_alone, level_alone))
    return await _all(tx, query)
