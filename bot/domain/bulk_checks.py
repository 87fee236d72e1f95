"""What the lines of a bulk change mean beside each other and beside what is stored.

A row here is a mapping of a staged line's cells; `old_<field>` is what is stored, `lead_<field>`
what the first line of the same SKU tells. SQL selects the rows, these functions decide.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from bot.domain.bulk import POSITION_FIELDS, PRODUCT_FIELDS, Bad, BadCell, Change, Doubt

Row = Mapping[str, Any]

# The field that each doubt is about.
DOUBTED = {
    Doubt.ZEROED: "quantity",
    Doubt.JUMPED: "quantity",
    Doubt.PRICES: "price",
    Doubt.DEACTIVATED: "active",
}


def agree(row: Row) -> tuple[dict[str, Any], list[BadCell]]:
    """What a line tells that the first line of its SKU does not, and where it contradicts it."""
    missing: dict[str, Any] = {}
    wrong: list[BadCell] = []
    first = str(row["lead_line"])
    for name in PRODUCT_FIELDS:
        told, new = row[f"lead_{name}"], row[name]
        if new is None or new == told:
            continue
        if told is None:
            missing[name] = new
        else:
            wrong.append(BadCell(row["line"], name, _shown(new), Bad.CONFLICT, first))
    attributes = row["lead_attributes"]
    for name, new in row["attributes"].items():
        if attributes.get(name, new) != new:
            wrong.append(BadCell(row["line"], name, new, Bad.CONFLICT, first))
    if attributes.keys() < (attributes | row["attributes"]).keys():
        missing["attributes"] = attributes | row["attributes"]
    return missing, wrong


def against_stored(row: Row, decimals: Callable[[str], int]) -> list[BadCell]:
    """Cells that do not go together with what they leave as it is.

    `decimals` says how many decimals a currency has; "" is none that was named.
    """
    return [*_money(row, decimals), *_levels(row)]


def _money(row: Row, decimals: Callable[[str], int]) -> Iterator[BadCell]:
    stored = row["old_currency"]
    if not row["lead"]:
        return
    bare = row["price"] is not None and row["currency"] is None
    if bare and decimals(stored) != decimals(""):
        # It was read with the wrong number of decimals: 1200 is 12.00 EUR, but 1,200 JPY.
        yield _bad(row, "price", Bad.PRICE_NEEDS_CURRENCY, stored)
    kept = row["price"] is None and row["old_price"] is not None
    if kept and row["currency"] not in (None, stored):
        yield _bad(row, "currency", Bad.CURRENCY_NEEDS_PRICE, stored)


def _levels(row: Row) -> Iterator[BadCell]:
    point = _first(row["reorder_point"], row["old_reorder_point"])
    clear = _first(row["clear_level"], row["old_clear_level"])
    same = (point, clear) == (row["old_reorder_point"], row["old_clear_level"])
    if point and clear is not None and clear <= point and not same:
        column = "reorder_point" if row["clear_level"] is None else "clear_level"
        limit = clear if row["clear_level"] is None else point
        yield _bad(row, column, Bad.CLEAR_LEVEL, limit)


def changes(row: Row, money: Callable[[int, str], str]) -> Iterator[Change]:
    """Field by field what a line would change, old and new as people read them in the file.

    `money` writes minor units of a currency.
    """
    for name in (*POSITION_FIELDS, *(PRODUCT_FIELDS if row["lead"] else ())):
        old, new = row[f"old_{name}"], row[name]
        if new is None or new == old:
            continue
        if name == "price":
            new = money(new, row["currency"] or row["old_currency"])
            old = None if old is None else money(old, row["old_currency"])
        place = row["location"] if name in POSITION_FIELDS else ""
        yield Change(row["line"], row["sku"], place, name, _shown(old), _shown(new))
    if row["lead"]:
        yield from _attributes(row)


def _attributes(row: Row) -> Iterator[Change]:
    for name, new in row["attributes"].items():
        old = row["old_attributes"].get(name)
        if new != old:
            yield Change(row["line"], row["sku"], "", name, _shown(old), new)


def _first(*values: int | None) -> int | None:
    return next((value for value in values if value is not None), None)


def _bad(row: Row, column: str, reason: Bad, detail: object) -> BadCell:
    return BadCell(row["line"], column, _shown(row[column]), reason, str(detail))


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)
