"""One rule for which location is meant, wherever it is typed."""

import pytest

from bot.domain.places import Places
from bot.domain.stock import Location

BACK = Location(2, "Back Room", "Back Room", sellable=True)
MAIN = Location(1, "main", "Shop floor", sellable=True)
PLACES = Places([BACK, MAIN])


@pytest.mark.parametrize(
    "typed",
    ["Back Room", "backroom", "BACKROOM", "  back   room ", "ｂａｃｋ ｒｏｏｍ", "Back\u00a0Room"],
)
def test_case_spaces_and_width_do_not_matter(typed: str) -> None:
    assert PLACES.find(typed) is BACK


def test_a_location_is_found_by_its_name_too() -> None:
    assert PLACES.find("shopfloor") is MAIN


@pytest.mark.parametrize("typed", ["", "back", "back-room", "mains"])
def test_what_is_spelled_otherwise_is_another_location(typed: str) -> None:
    assert PLACES.find(typed) is None


def test_of_two_that_look_alike_the_exact_one_is_meant_else_the_older_one() -> None:
    twin = Location(3, "BackRoom", "BackRoom", sellable=True)
    both = Places([twin, BACK])
    assert [both.find(typed) for typed in ("BackRoom", "Back Room", "backroom")] == [
        twin,
        BACK,
        BACK,
    ]


def test_a_code_goes_before_a_name() -> None:
    other = Location(3, "Shop floor", "The other", sellable=True)
    assert Places([MAIN, other]).find("shop floor") is other
