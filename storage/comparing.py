"""What the staged lines of a bulk change would change, and which of that looks like a mistake."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    and_,
    case,
    distinct,
    exists,
    func,
    or_,
    select,
    true,
)

from bot.domain.bulk import (
    AT_LEAST,
    POSITION_FIELDS,
    PRODUCT_FIELDS,
    TENFOLD,
    Compared,
    Doubt,
    Facts,
    NewSku,
    StockRow,
)
from storage.dialect import comparable, merged
from storage.staging import LEADS, ROW
from storage.tables import location, position, product, stage
from storage.tx import Tx

ON_HAND = func.coalesce(position.c.on_hand, 0)
SAME_SKU = product.c.sku_key == stage.c.sku_key
HAS_NUMBERS = or_(*(stage.c[name].is_not(None) for name in POSITION_FIELDS))
LEVELS = ("reorder_point", "clear_level")
WHICH = 4  # so many cells of a StockRow say which one it is; what is stored has the same ones


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


def merged_attributes(tx: Tx) -> ColumnElement[Any]:
    """The product's attributes with those of the staged line put over them."""
    return merged(tx, product.c.attributes, stage.c.attributes)


def product_differs(tx: Tx) -> ColumnElement[bool]:
    """The leading line tells something else of a known product than what is stored."""
    cells = [
        func.coalesce(stage.c[name], product.c[name]).is_distinct_from(product.c[name])
        for name in PRODUCT_FIELDS
    ]
    return or_(*cells, merged_attributes(tx) != comparable(tx, product.c.attributes))


def quantity_differs() -> ColumnElement[bool]:
    return and_(stage.c.quantity.is_not(None), stage.c.quantity != ON_HAND)


def rule_differs() -> ColumnElement[bool]:
    return or_(
        *(
            func.coalesce(stage.c[name], position.c[name]).is_distinct_from(position.c[name])
            for name in LEVELS
        )
    )


def differs(tx: Tx) -> ColumnElement[bool]:
    """Applying this line changes a known product or one of its positions."""
    return and_(
        product.c.id.is_not(None),
        or_(quantity_differs(), rule_differs(), and_(LEADS, product_differs(tx))),
    )


@dataclass(frozen=True, slots=True)
class Counts:
    """What applying would do now: `new` and `changed` SKUs, `moves` (ledger entries)."""

    new: int
    changed: int
    moves: int


async def counts(tx: Tx, batch_id: int) -> Counts:
    new = case((and_(LEADS, product.c.id.is_(None)), 1))
    query = (
        select(
            func.count(new),
            func.count(distinct(case((differs(tx), product.c.id)))),
            func.count(case((quantity_differs(), 1))),
        )
        .select_from(compared())
        .where(stage.c.batch_id == batch_id)
    )
    return Counts(*(await tx.execute(query)).one())


async def new_skus(tx: Tx, batch_id: int, limit: int) -> tuple[NewSku, ...]:
    """The first SKUs that are not known yet; one without a name is called by its code."""
    known = exists().where(SAME_SKU)
    query = (
        select(stage.c.line, stage.c.sku, func.coalesce(stage.c.name, stage.c.sku))
        .where(stage.c.batch_id == batch_id, LEADS, ~known)
        .order_by(stage.c.line)
        .limit(limit)
    )
    return tuple(NewSku(*row) for row in await tx.execute(query))


def _differences(batch_id: int) -> Select[Any]:
    """Staged lines of known SKUs with the stored values behind them, in the order of a StockRow."""
    stored: dict[str, ColumnElement[Any]] = {
        "quantity": ON_HAND,
        **{name: position.c[name] for name in LEVELS},
        **{name: product.c[name] for name in (*PRODUCT_FIELDS, "attributes")},
    }
    told = (stage.c[name] for name in ROW)
    old = (stored[name].label(f"old_{name}") for name in ROW[WHICH:])
    return (
        select(stage.c.lead, *told, *old)
        .select_from(compared())
        .where(stage.c.batch_id == batch_id, product.c.id.is_not(None))
        .order_by(stage.c.line)
    )


async def _lines(tx: Tx, query: Select[Any]) -> Sequence[Compared]:
    found = []
    for leads, *cells in await tx.execute(query):
        told, old = cells[: len(ROW)], cells[len(ROW) :]
        found.append(Compared(StockRow(*told), leads, StockRow(*told[:WHICH], *old)))
    return found


async def changed_lines(tx: Tx, batch_id: int, limit: int) -> Sequence[Compared]:
    """The first lines that would change something known."""
    return await _lines(tx, _differences(batch_id).where(differs(tx)).limit(limit))


def _zeroed() -> ColumnElement[bool]:
    return and_(ON_HAND > 0, stage.c.quantity == 0)


def _jumped() -> ColumnElement[bool]:
    more = and_(stage.c.quantity > ON_HAND * TENFOLD, stage.c.quantity >= AT_LEAST)
    return and_(ON_HAND > 0, more)


def _repriced() -> ColumnElement[bool]:
    old, new = product.c.price, stage.c.price
    # 12.00 EUR and 1,200 JPY are no jump of a price.
    same_money = func.coalesce(stage.c.currency, product.c.currency) == product.c.currency
    return and_(LEADS, same_money, old > 0, or_(new * 2 < old, new * 2 > old * 3))


def _deactivated() -> ColumnElement[bool]:
    return and_(LEADS, product.c.active == true(), stage.c.active != true())


DOUBTFUL = {
    Doubt.ZEROED: _zeroed(),
    Doubt.JUMPED: _jumped(),
    Doubt.PRICES: _repriced(),
    Doubt.DEACTIVATED: _deactivated(),
}


async def facts(tx: Tx, batch_id: int) -> Facts:
    """What the guard judges."""
    counted = {
        "in_stock": and_(ON_HAND > 0, stage.c.quantity.is_not(None)),
        "zeroed": DOUBTFUL[Doubt.ZEROED],
        "jumped": DOUBTFUL[Doubt.JUMPED],
        "repriced": DOUBTFUL[Doubt.PRICES],
        "sold": and_(LEADS, product.c.active == true()),
        "deactivated": DOUBTFUL[Doubt.DEACTIVATED],
    }
    query = (
        select(*(func.count(case((condition, 1))).label(n) for n, condition in counted.items()))
        .select_from(compared())
        .where(stage.c.batch_id == batch_id, product.c.id.is_not(None))
    )
    return Facts(**(await tx.execute(query)).one()._mapping)


async def doubtful(tx: Tx, batch_id: int, which: Doubt, limit: int) -> Sequence[Compared]:
    """The first lines that raise this doubt."""
    return await _lines(tx, _differences(batch_id).where(DOUBTFUL[which]).limit(limit))


async def against_stored(tx: Tx, batch_id: int) -> Sequence[Compared]:
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
    return await _lines(tx, query)
