"""What a bulk change looks like before anybody agrees to it."""

from dataclasses import replace
from typing import Any

import pytest

from bot.domain.bulk import Bad, Compared, Doubt, Facts, StockRow, suspicions
from bot.domain.bulk_checks import against_stored, agree, changes

OLD = {"quantity": 0, "currency": "", "name": "", "active": True}


def row(line: int = 3, **cells: Any) -> StockRow:
    """A line of a stock file; what is not named is blank."""
    return StockRow(line, "A", "a", **cells)


def line(old: dict[str, Any] | None = None, *, leads: bool = True, **cells: Any) -> Compared:
    """A staged line beside `old`, which is stored of it."""
    return Compared(row(**cells), leads, row(**{**OLD, **(old or {})}))


def decimals(code: str) -> int:
    return {"JPY": 0, "KWD": 3}.get(code, 2)


def money(minor: int, code: str) -> str:
    return f"{minor} {code}"


@pytest.mark.parametrize(
    ("facts", "doubts"),
    [
        (Facts(), ()),
        (Facts(in_stock=20, zeroed=4), ()),
        (Facts(in_stock=20, zeroed=5), ((Doubt.ZEROED, 5, 20),)),
        (Facts(in_stock=100, zeroed=19), ()),
        (Facts(jumped=1), ((Doubt.JUMPED, 1, 0),)),
        (Facts(repriced=2), ((Doubt.PRICES, 2, 0),)),
        (Facts(sold=10, deactivated=10), ((Doubt.DEACTIVATED, 10, 10),)),
        (Facts(sold=1000, deactivated=10), ()),
    ],
)
def test_only_what_looks_like_a_mistake_is_doubted(
    facts: Facts, doubts: tuple[tuple[Doubt, int, int], ...]
) -> None:
    assert suspicions(facts) == doubts


def test_a_later_line_of_a_sku_completes_the_first_one() -> None:
    first = row(2, brand="Acme")
    other = row(3, name="Mug", brand="Acme", attributes={"Size": "L"})
    assert agree(first, other) == (replace(other, line=2), [])


def test_a_later_line_of_a_sku_may_not_contradict_the_first_one() -> None:
    first = row(2, name="Mug", active=True, attributes={"Size": "M"})
    _, wrong = agree(first, row(3, name="Cup", active=False, attributes={"Size": "L"}))
    assert [(bad.column, bad.value, bad.reason, bad.detail) for bad in wrong] == [
        ("name", "Cup", Bad.CONFLICT, "2"),
        ("active", "no", Bad.CONFLICT, "2"),
        ("Size", "L", Bad.CONFLICT, "2"),
    ]


@pytest.mark.parametrize(
    ("found", "column", "reason"),
    [
        (line({"currency": "JPY"}, price=1200), "price", Bad.PRICE_NEEDS_CURRENCY),
        (
            line({"price": 1200, "currency": "EUR"}, currency="JPY"),
            "currency",
            Bad.CURRENCY_NEEDS_PRICE,
        ),
        (line({"clear_level": 9}, reorder_point=9), "reorder_point", Bad.CLEAR_LEVEL),
        (line({"reorder_point": 5}, clear_level=4), "clear_level", Bad.CLEAR_LEVEL),
    ],
)
def test_cells_must_go_together_with_what_they_leave(
    found: Compared, column: str, reason: Bad
) -> None:
    wrong = against_stored(found, decimals)
    assert [(bad.column, bad.reason) for bad in wrong] == [(column, reason)]


@pytest.mark.parametrize(
    "found",
    [
        line({"currency": "EUR"}, price=1200),
        line({"price": 5, "currency": "EUR"}, price=1200, currency="JPY"),
        line({"price": 1200, "currency": "EUR"}, currency="EUR"),
        line({"clear_level": 5}, reorder_point=9, clear_level=10),
        line({"clear_level": 5}, reorder_point=0),
        line({"reorder_point": 5, "clear_level": 5}, quantity=3),  # bad before, not by this line
        line({"currency": "JPY"}, price=5, leads=False),
    ],
)
def test_cells_that_do_are_left_alone(found: Compared) -> None:
    assert against_stored(found, decimals) == []


def test_changes_are_told_field_by_field_as_the_file_would_have_them() -> None:
    old = {"quantity": 8, "price": 1200, "currency": "EUR", "name": "Mug"}
    old |= {"attributes": {"Colour": "red"}}
    attributes = {"Size": "L", "Colour": "red"}
    found = line(old, quantity=40, price=1500, active=False, name="Mug", attributes=attributes)
    assert [(c.field, c.location, c.old, c.new) for c in changes(found, money)] == [
        ("quantity", "main", "8", "40"),
        ("price", "", "1200 EUR", "1500 EUR"),
        ("active", "", "yes", "no"),
        ("Size", "", "", "L"),
    ]


def test_a_line_that_does_not_lead_changes_its_location_only() -> None:
    found = line(leads=False, quantity=1, name="Cup", attributes={"Size": "L"})
    assert [change.field for change in changes(found, money)] == ["quantity"]
