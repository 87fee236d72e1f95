"""What the command line says about a stock file. It is for operators and stays in English."""

from collections.abc import Iterator
from difflib import get_close_matches

from bot.domain.bulk import (
    COLUMNS,
    Bad,
    BadCell,
    BulkPreview,
    BulkResult,
    Change,
    Doubt,
    Suspicion,
)
from bot.formats.csv_in import Layout

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab"}

# {value} is the cell as it stands in the file, {detail} what bot.domain.bulk.Bad says behind it.
BAD = {
    Bad.EMPTY: "the file is empty",
    Bad.ENCODING: "this is not UTF-8, UTF-16 or GBK; save the file as UTF-8",
    Bad.DELIMITER: "there is no column sku: the columns must be separated by , or ; or tab",
    Bad.NO_SKU_COLUMN: "there is no column sku",
    Bad.COLUMN_TWICE: "{value} is the name of two columns",
    Bad.COLUMN_UNNAMED: "{value} stands in a column that has no name",
    Bad.COLUMN_NAME: "{value} is no column name: at most {detail} plain characters",
    Bad.QUOTES: "a quotation mark is missing or too many",
    Bad.TOO_MANY_CELLS: "{value} is beyond the last of the {detail} columns",
    Bad.NO_SKU: "the SKU is missing",
    Bad.DUPLICATE: "{value} stands in line {detail} already",
    Bad.CONFLICT: "{value} contradicts line {detail}, which is about the same SKU",
    Bad.NOT_WHOLE: "{value} is not a whole number",
    Bad.NEGATIVE: "{value} is below zero",
    Bad.TOO_LARGE: "{value} is more than {detail}",
    Bad.TOO_LONG: "{value} has more than {detail} characters",
    Bad.CONTROL: "{value} holds control characters",
    Bad.CLEAR_LEVEL: "{value}: the clear level must be above the reorder point (against {detail})",
    Bad.PRICE: "{value} is not a price with at most {detail} decimals and no thousands separator",
    Bad.CURRENCY: "{value} is not a currency code such as EUR or CNY",
    Bad.PRICE_NEEDS_CURRENCY: "{value}: say in which currency (the product has {detail})",
    Bad.CURRENCY_NEEDS_PRICE: "{value}: the product's price is in {detail}; give the new price too",
    Bad.URL: "{value} is not a web address that begins with http:// or https://",
    Bad.ACTIVE: "{value} is neither yes nor no",
}

DOUBTS = {
    Doubt.ZEROED: "in stock now, falling to 0: {count} of {of} quantities",
    Doubt.JUMPED: "growing more than tenfold: {count}",
    Doubt.PRICES: "price changing by more than half: {count}",
    Doubt.DEACTIVATED: "sold now, no longer then: {count} of {of} SKUs",
}


def bad(cell: BadCell) -> str:
    """`line 7, column quantity: "abc" is not a whole number`."""
    where = f"line {cell.line}, column {cell.column}" if cell.column else f"line {cell.line}"
    words = BAD[cell.reason].format(value=_quoted(cell.value), detail=cell.detail)
    if cell.reason is Bad.ENCODING and cell.detail:
        words += f" (it looks like {cell.detail})"
    return f"{where}: {words}"


def _quoted(text: str) -> str:
    return '"' + "".join(sign if sign.isprintable() else " " for sign in text) + '"'


def layout(found: Layout) -> Iterator[str]:
    """How the file was read, and which of its attributes may be columns of ours, mistyped."""
    words = f"Read as {found.encoding.name}, separated by {DELIMITERS[found.delimiter]}"
    if found.attributes:
        words += f"; attributes: {', '.join(map(_plain, found.attributes))}"
    yield words + "."
    for name in found.attributes:
        for column in get_close_matches(name.casefold(), COLUMNS, n=1, cutoff=0.8):
            yield f"Note: {_quoted(name)} is taken for an attribute; did you mean {column}?"


def preview(seen: BulkPreview) -> Iterator[str]:
    """What would be new, changed and suspicious, line by line."""
    yield (
        f"Rows: {seen.rows}. SKUs: {seen.new} new, {seen.changed} changed,"
        f" {seen.unchanged} unchanged. Quantities that differ: {seen.moves}."
    )
    if seen.new_locations:
        yield f"New locations: {', '.join(map(_plain, seen.new_locations))}"
    for item in seen.new_skus:
        yield f"  new      {_plain(item.sku)}  {_plain(item.name)}"
    yield from _more(seen.new - len(seen.new_skus), "new")
    for change in seen.changes:
        yield f"  changed  {_change(change)}"
    told = len({change.sku for change in seen.changes})
    yield from _more(seen.changed - told, "changed")
    for doubt in seen.suspicions:
        yield from suspicion(doubt)


def _more(count: int, what: str) -> Iterator[str]:
    if count > 0:
        yield f"  ... and {count} more {what}"


def suspicion(found: Suspicion) -> Iterator[str]:
    yield "Suspicious: " + DOUBTS[found.doubt].format(count=found.count, of=found.of)
    for change in found.examples:
        yield f"  {_change(change)}"


def _change(change: Change) -> str:
    at = f"@{_plain(change.location)}" if change.location else ""
    old, new = _plain(change.old) or "(none)", _plain(change.new)
    return f"{_plain(change.sku)}{at}  {_plain(change.field)}: {old} -> {new}"


def _plain(text: str) -> str:
    """On one line of a terminal, without what would steer it."""
    return "".join(sign if sign.isprintable() else " " for sign in text)


def result(done: BulkResult) -> str:
    if done.repeated:
        return "This had been imported before; nothing was changed."
    return (
        f"Imported. SKUs: {done.new} new, {done.changed} changed, {done.unchanged} unchanged."
        f" Ledger entries: {done.moves}."
    )
