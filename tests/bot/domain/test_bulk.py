"""What a bulk change looks like before anybody agrees to it."""

import pytest

from bot.domain.bulk import Bad, Doubt, Facts, place_key, suspicions
from bot.domain.bulk_checks import against_stored, agree, changes

TOLD = {
    "line": 3, "lead_line": 2, "lead": True, "sku": "A", "location": "main", "attributes": {},
    "lead_attributes": {}, "old_attributes": {}, "old_quantity": 0, "old_currency": "",
    "old_name": "", "old_active": True,
}  # fmt: skip
FIELDS = (
    "name", "lead_time_days", "price", "currency", "url", "image_url", "category", "product",
    "brand", "supplier", "active", "quantity", "reorder_point", "clear_level",
)  # fmt: skip


def line(**cells: object) -> dict[str, object]:
    """A staged line beside what is stored; what is not named is blank."""
    blank = {f"{kind}{name}": None for kind in ("", "lead_", "old_") for name in FIELDS}
    return {**blank, **TOLD, **cells}


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


def test_location_codes_are_equal_whatever_their_case_and_width() -> None:
    assert place_key(" Ｎｏｒｔｈ  Store ") == place_key("north store")


def test_a_later_line_of_a_sku_completes_the_first_one() -> None:
    row = line(name="Mug", brand="Acme", lead_brand="Acme", attributes={"Size": "L"})
    assert agree(row) == ({"name": "Mug", "attributes": {"Size": "L"}}, [])


def test_a_later_line_of_a_sku_may_not_contradict_the_first_one() -> None:
    row = line(
        name="Cup", lead_name="Mug", active=False, lead_active=True,
        attributes={"Size": "L"}, lead_attributes={"Size": "M"},
    )  # fmt: skip
    _, wrong = agree(row)
    assert [(bad.column, bad.value, bad.reason, bad.detail) for bad in wrong] == [
        ("name", "Cup", Bad.CONFLICT, "2"),
        ("active", "no", Bad.CONFLICT, "2"),
        ("Size", "L", Bad.CONFLICT, "2"),
    ]


@pytest.mark.parametrize(
    ("row", "column", "reason"),
    [
        (line(price=1200, old_currency="JPY"), "price", Bad.PRICE_NEEDS_CURRENCY),
        (
            line(currency="JPY", old_price=1200, old_currency="EUR"),
            "currency",
            Bad.CURRENCY_NEEDS_PRICE,
        ),
        (line(reorder_point=9, old_clear_level=9), "reorder_point", Bad.CLEAR_LEVEL),
        (line(clear_level=4, old_reorder_point=5), "clear_level", Bad.CLEAR_LEVEL),
    ],
)
def test_cells_must_go_together_with_what_they_leave(
    row: dict[str, object], column: str, reason: Bad
) -> None:
    assert [(bad.column, bad.reason) for bad in against_stored(row, decimals)] == [(column, reason)]


@pytest.mark.parametrize(
    "row",
    [
        line(price=1200, old_currency="EUR"),
        line(price=1200, currency="JPY", old_price=5, old_currency="EUR"),
        line(currency="EUR", old_price=1200, old_currency="EUR"),
        line(reorder_point=9, clear_level=10, old_clear_level=5),
        line(reorder_point=0, old_clear_level=5),
        line(quantity=3, old_reorder_point=5, old_clear_level=5),  # bad before, not by this line
        line(price=5, old_currency="JPY", lead=False),
    ],
)
def test_cells_that_do_are_left_alone(row: dict[str, object]) -> None:
    assert against_stored(row, decimals) == []


def test_changes_are_told_field_by_field_as_the_file_would_have_them() -> None:
    row = line(
        quantity=40, old_quantity=8, price=1500, old_price=1200, old_currency="EUR", active=False,
        name="Mug", old_name="Mug", attributes={"Size": "L", "Colour": "red"},
        old_attributes={"Colour": "red"},
    )  # fmt: skip
    assert [(c.field, c.location, c.old, c.new) for c in changes(row, money)] == [
        ("quantity", "main", "8", "40"),
        ("price", "", "1200 EUR", "1500 EUR"),
        ("active", "", "yes", "no"),
        ("Size", "", "", "L"),
    ]


def test_a_line_that_does_not_lead_changes_its_location_only() -> None:
    row = line(lead=False, quantity=1, name="Cup", attributes={"Size": "L"})
    assert [change.field for change in changes(row, money)] == ["quantity"]
