"""A stock file out: what csv_in reads back without a change, and a spreadsheet opens safely."""

import csv
import io
from collections.abc import Iterable, Sequence

from bot.domain.bulk import COLUMNS
from bot.domain.stock import Position, Product
from bot.formats.cells import price_text, protect

BYTE_ORDER_MARK = "\ufeff"  # without it Excel takes UTF-8 for something else


def header(attributes: Sequence[str]) -> str:
    return BYTE_ORDER_MARK + _lines([[*COLUMNS, *map(protect, attributes)]])


def body(stock: Iterable[tuple[Product, Sequence[Position]]], attributes: Sequence[str]) -> str:
    """A line for each position; a product that lies nowhere has one with a blank location."""
    return _lines(
        _cells(product, position, attributes)
        for product, positions in stock
        for position in (positions or (None,))
    )


def _lines(rows: Iterable[Sequence[str]]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue()


def _cells(product: Product, position: Position | None, attributes: Sequence[str]) -> list[str]:
    held = dict(product.attributes)
    return [
        protect(product.sku),
        protect(product.name),
        *_numbers(position),
        _number(product.lead_time_days),
        "" if product.price is None else price_text(product.price, product.currency),
        product.currency,
        protect(product.url),
        protect(product.image_url),
        protect(product.category),
        protect(product.product),
        protect(product.brand),
        protect(product.supplier),
        "yes" if product.active else "no",
        *(protect(held.get(name, "")) for name in attributes),
    ]


def _numbers(position: Position | None) -> list[str]:
    """quantity, location, reorder point, clear level.

    A file cannot say less than nothing: a level below zero is left blank, which leaves it.
    """
    if position is None:
        return ["", "", "", ""]
    return [
        _number(position.on_hand) if position.on_hand >= 0 else "",
        protect(position.location.code),
        _number(position.reorder_point),
        _number(position.clear_level),
    ]


def _number(value: int | None) -> str:
    return "" if value is None else str(value)
