"""Single cells: what is read, what is refused, and why."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.bulk import Bad
from bot.formats import cells
from bot.formats.cells import CellError


def reason(call: object, *arguments: object) -> Bad:
    assert callable(call)
    with pytest.raises(CellError) as caught:
        call(*arguments)
    return caught.value.reason


@pytest.mark.parametrize(
    ("cell", "number"),
    [("5", 5), (" 12 ", 12), ("+3", 3), ("１２", 12), ("5.0", 5), ("7.00", 7), ("-0", 0)],
)
def test_whole_numbers_are_read_as_people_and_spreadsheets_write_them(
    cell: str, number: int
) -> None:
    assert cells.whole(cell) == number


@pytest.mark.parametrize(
    ("cell", "why"),
    [
        ("abc", Bad.NOT_WHOLE),
        ("1,000", Bad.NOT_WHOLE),
        ("1.000", Bad.NOT_WHOLE),
        ("2.5", Bad.NOT_WHOLE),
        ("1e3", Bad.NOT_WHOLE),
        ("9" * 5000, Bad.NOT_WHOLE),
        ("-3", Bad.NEGATIVE),
        ("\u22123", Bad.NEGATIVE),
        ("1000000001", Bad.TOO_LARGE),
    ],
)
def test_what_is_no_quantity_is_refused(cell: str, why: Bad) -> None:
    assert reason(cells.whole, cell) is why


@pytest.mark.parametrize(
    ("cell", "code", "minor"),
    [
        ("12.50", "EUR", 1250),
        ("12,5", "EUR", 1250),
        ("12", "EUR", 1200),
        ("0", "EUR", 0),
        ("1200", "JPY", 1200),
        ("1.234", "KWD", 1234),
        ("9.99", "", 999),
    ],
)
def test_prices_become_minor_units_of_their_currency(cell: str, code: str, minor: int) -> None:
    assert cells.price(cell, code) == minor


@pytest.mark.parametrize(
    ("cell", "code", "why"),
    [
        ("12.505", "EUR", Bad.PRICE),
        ("1,000", "EUR", Bad.PRICE),
        ("1.5", "JPY", Bad.PRICE),
        ("€5", "EUR", Bad.PRICE),
        ("-1", "EUR", Bad.NEGATIVE),
        ("9" * 15, "EUR", Bad.TOO_LARGE),
    ],
)
def test_what_is_no_price_is_refused(cell: str, code: str, why: Bad) -> None:
    assert reason(cells.price, cell, code) is why


@given(st.integers(0, cells.LARGEST_PRICE), st.sampled_from(["EUR", "JPY", "KWD", ""]))
def test_a_price_reads_back_as_it_was_written(minor: int, code: str) -> None:
    assert cells.price(cells.price_text(minor, code), code) == minor


def test_only_web_addresses_are_links() -> None:
    assert cells.url("https://shop.example/红茶?a=1") == "https://shop.example/红茶?a=1"
    for bad in (
        "javascript:alert(1)",
        "data:text/html,x",
        "ftp://a/b",
        "shop.example",
        "https://",
        "http://[",
        "https://a b",
        "//shop.example",
        "https:/shop.example",
    ):
        assert reason(cells.url, bad) is Bad.URL, bad


def test_yes_and_no_are_read_in_english_and_chinese() -> None:
    assert [cells.active(word) for word in ("yes", "TRUE", "1", "是")] == [True] * 4
    assert [cells.active(word) for word in ("no", "False", " 0 ", "否")] == [False] * 4
    assert reason(cells.active, "maybe") is Bad.ACTIVE


def test_currencies_are_real_ones() -> None:
    assert cells.currency(" eur ") == "EUR"
    assert reason(cells.currency, "XYZ") is Bad.CURRENCY
    assert reason(cells.currency, "") is Bad.CURRENCY


def test_white_space_in_a_line_of_text_is_one_space() -> None:
    assert cells.line_of_text(" Red\r\n  cup\u3000large ", 50) == "Red cup large"
    assert cells.text(" a\r\nb\rc ", 50) == "a\nb\nc"


def test_control_characters_and_long_texts_are_refused() -> None:
    assert reason(cells.line_of_text, "a\x00b", 50) is Bad.CONTROL
    assert reason(cells.text, "a\x1bb", 50) is Bad.CONTROL
    assert reason(cells.line_of_text, "x" * 51, 50) is Bad.TOO_LONG


@pytest.mark.parametrize(
    "cell", ["=1+1", "+A1", "-x", "@SUM(A1)", "\tx", "\rx", "＝1", "'=1", "''-"]
)
def test_what_a_spreadsheet_would_run_is_protected(cell: str) -> None:
    assert cells.protect(cell) == "'" + cell


@given(st.text(alphabet="'=+-@\t\rax＝ ", max_size=8))
def test_protection_takes_itself_away_and_nothing_else(cell: str) -> None:
    safe = cells.protect(cell)
    assert cells.unprotect(safe) == cell
    assert safe[:1] not in set("=+-@\t\r＝")
