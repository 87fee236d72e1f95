"""The Adjust modal says what is wrong before anything is stored."""

import pytest

from bot.domain.adjust_form import LARGEST, wrong
from bot.domain.staff import AdjustForm


def form(mode: str, quantity: str, shown: int = 5) -> AdjustForm:
    return AdjustForm(1, 1, mode, quantity, "", shown)


@pytest.mark.parametrize(
    ("mode", "quantity", "code"),
    [
        ("add", "", "not_whole"),
        ("add", "1.5", "not_whole"),
        ("add", "five", "not_whole"),
        ("add", "−3", "negative"),
        ("add", "0", "zero"),
        ("remove", "6", "below_zero"),
        ("set", str(LARGEST + 1), "too_big"),
    ],
)
def test_a_mistake_is_named(mode: str, quantity: str, code: str) -> None:
    assert wrong(form(mode, quantity), 5, allow_negative=False) == {"quantity": code}


@pytest.mark.parametrize(("mode", "quantity"), [("add", "３"), ("remove", "5"), ("set", "0")])
def test_what_is_right_passes(mode: str, quantity: str) -> None:
    assert wrong(form(mode, quantity), 5, allow_negative=False) == {}


def test_a_count_of_what_changed_meanwhile_is_refused() -> None:
    assert wrong(form("set", "9", shown=4), 5, allow_negative=False) == {
        "quantity": "changed_meanwhile"
    }


def test_a_shop_that_allows_it_may_take_more_than_there_is() -> None:
    assert wrong(form("remove", "6"), 5, allow_negative=True) == {}
