"""What the lines of a bulk change mean beside each other and beside what is stored.

SQL selects the lines, these functions decide.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

from bot.domain.bulk import (
    POSITION_FIELDS,
    PRODUCT_FIELDS,
    Bad,
    BadCell,
    Cell,
    Change,
    Compared,
    Doubt,
    StockRow,
)

# The field that each doubt is about.
DOUBTED = {
    Doubt.ZEROED: "quantity",
    Doubt.JUMPED: "quantity",
    Doubt.PRICES: "price",
    Doubt.DEACTIVATED: "active",
}


def agree(first: StockRow, other: StockRow) -> tuple[StockRow, list[BadCell]]:
    """The first line of a SKU with what only the other one tells; where the other contradicts it.

    Only the first one is applied to the product.
    """
    missing: dict[str, Cell] = {}
    wrong: list[BadCell] = []
    for name in PRODUCT_FIELDS:
        told, new = first.cell(name), other.cell(name)
        if new is None or new == told:
            continue
        if told is None:
            missing[name] = new
        else:
            wrong.append(_conflict(first, other, name, _shown(new)))
    for name, value in other.attributes.items():
        if first.attributes.get(name, value) != value:
            wrong.append(_conflict(first, other, name, value))
    attributes = {**first.attributes, **other.attributes}
    return replace(first, attributes=attributes, **missing), wrong  # type: ignore[arg-type]


def _conflict(first: StockRow, other: StockRow, column: str, value: str) -> BadCell:
    return BadCell(other.line, column, value, Bad.CONFLICT, str(first.line))


def against_stored(line: Compared, decimals: Callable[[str], int]) -> list[BadCell]:
    """Cells that do not go together with what they leave as it is.

    `decimals` says how many decimals a currency has; "" is none that was named.
    """
    return [*_money(line, decimals), *_levels(line)]


def _money(line: Compared, decimals: Callable[[str], int]) -> Iterator[BadCell]:
    told, stored = line.told, line.stored.currency or ""
    if not line.leads:
        return
    bare = told.price is not None and told.currency is None
    if bare and decimals(stored) != decimals(""):
        # It was read with the wrong number of decimals: 1200 is 12.00 EUR, but 1,200 JPY.
        yield _bad(told, "price", Bad.PRICE_NEEDS_CURRENCY, stored)
    kept = told.price is None and line.stored.price is not None
    if kept and told.currency not in (None, stored):
        yield _bad(told, "currency", Bad.CURRENCY_NEEDS_PRICE, stored)


def _levels(line: Compared) -> Iterator[BadCell]:
    told, stored = line.told, line.stored
    point = _first(told.reorder_point, stored.reorder_point)
    clear = _first(told.clear_level, stored.clear_level)
    same = (point, clear) == (stored.reorder_point, stored.clear_level)
    if point and clear is not None and clear <= point and not same:
        column = "reorder_point" if told.clear_level is None else "clear_level"
        limit = clear if told.clear_level is None else point
        yield _bad(told, column, Bad.CLEAR_LEVEL, limit)


def changes(line: Compared, money: Callable[[int, str], str]) -> Iterator[Change]:
    """Field by field what a line would change, old and new as people read them in the file.

    `money` writes minor units of a currency.
    """
    told, stored = line.told, line.stored
    for name in (*POSITION_FIELDS, *(PRODUCT_FIELDS if line.leads else ())):
        old, new = stored.cell(name), told.cell(name)
        if new is None or new == old:
            continue
        if name == "price":
            new = _price(told.price, told.currency or stored.currency, money)
            old = _price(stored.price, stored.currency, money)
        place = told.location if name in POSITION_FIELDS else ""
        yield Change(told.line, told.sku, place, name, _shown(old), _shown(new))
    if line.leads:
        yield from _attributes(told, stored)


def _price(minor: int | None, code: str | None, money: Callable[[int, str], str]) -> str | None:
    return None if minor is None else money(minor, code or "")


def _attributes(told: StockRow, stored: StockRow) -> Iterator[Change]:
    for name, new in told.attributes.items():
        old = stored.attributes.get(name)
        if new != old:
            yield Change(told.line, told.sku, "", name, _shown(old), new)


def _first(*values: int | None) -> int | None:
    return next((value for value in values if value is not None), None)


def _bad(row: StockRow, column: str, reason: Bad, detail: object) -> BadCell:
    return BadCell(row.line, column, _shown(row.cell(column)), reason, str(detail))


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)
