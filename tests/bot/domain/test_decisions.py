"""The small pure decisions: codes, kinds of moves, chunks, delivery, previews."""

from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.app.ways import KNOWN
from bot.domain.codes import short_id, sku_key, whole_number
from bot.domain.contacts import Address, Role
from bot.domain.delivery import (
    LONGEST_WAIT,
    Look,
    Step,
    Verdict,
    after_failure,
    next_step,
    wait_before,
)
from bot.domain.movekinds import kind_of
from bot.domain.preview import Preview
from bot.domain.restocking import LARGEST_CHUNK, RestockReason, chunk_size
from bot.domain.restocking import judge as judge_line
from bot.domain.stock import Location, MoveKind, Position, Product, available_to_customers
from bot.domain.ways import TELEGRAM

NOW = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
TEA = Product(1, "TEA", "tea", "Tea", lead_time_days=7)
MAIN = Location(1, "main", "main", sellable=True)
BACK = Location(2, "back", "back", sellable=False)


def position(on_hand: int, **more: object) -> Position:
    return Position(1, MAIN, on_hand, **{"reorder_point": 10, **more})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "typed", ["mug-blue", "MUG–BLUE", "mug\u2212blue", "ｍｕｇ－ｂｌｕｅ", " m u g-blue\u3000"]
)
def test_codes_are_equal_however_they_are_typed(typed: str) -> None:
    assert sku_key(typed) == "MUG-BLUE"


@example("A´")
@given(st.text(max_size=40))
def test_a_key_of_a_key_is_the_key(text: str) -> None:
    assert sku_key(sku_key(text)) == sku_key(text)


@given(st.text(max_size=40))
def test_a_short_id_fits_a_deep_link(text: str) -> None:
    assert len(f"n_{short_id(text)}") <= 64
    assert short_id(text).isalnum()


@pytest.mark.parametrize(
    ("typed", "number"),
    [("5", 5), ("＋5", 5), ("－５", -5), ("–5", -5), ("\u22125", -5), (" 7 ", 7), ("1.5", None),
     ("", None), ("-", None), ("5kg", None), ("1" * 13, None), ("٣", 3)],
)  # fmt: skip
def test_numbers_are_read_as_people_type_them(typed: str, number: int | None) -> None:
    assert whole_number(typed) == number


@pytest.mark.parametrize(
    ("quantity", "reason", "kind"),
    [
        (5, "", MoveKind.RECEIPT),
        (1, "Returned, unopened", MoveKind.RETURN),
        (1, "客户退货", MoveKind.RETURN),
        (2, "found behind the shelf", MoveKind.ADJUSTMENT),
        (-1, "sold", MoveKind.SALE),
        (-1, "盘点时发现破损", MoveKind.WRITE_OFF),
        (-1, "", MoveKind.ADJUSTMENT),
        (-1, "unsold leftovers", MoveKind.ADJUSTMENT),
    ],
)
def test_the_reason_tells_the_kind(quantity: int, reason: str, kind: MoveKind) -> None:
    assert kind_of(quantity, reason) is kind


def test_customers_buy_from_sellable_places_only() -> None:
    places = (Position(1, MAIN, 3, reserved=1), Position(1, BACK, 50))
    assert available_to_customers(places) == 2


@pytest.mark.parametrize(
    ("in_stock", "active", "is_open", "waits", "reason"),
    [
        (True, True, False, True, RestockReason.OPENS),
        (True, True, False, False, RestockReason.NOBODY_WAITS),
        (True, True, True, True, RestockReason.GOES_ON),
        (False, True, True, True, RestockReason.CLOSES),
        (True, False, True, True, RestockReason.CLOSES),
        (False, True, False, True, RestockReason.OUT_OF_STOCK),
        (True, False, False, True, RestockReason.NOT_SOLD),
    ],
)
def test_what_a_move_means_for_the_line_has_a_named_reason(
    in_stock: bool, active: bool, is_open: bool, waits: bool, reason: RestockReason
) -> None:
    found = judge_line(in_stock=in_stock, active=active, is_open=is_open, somebody_waits=waits)
    assert found is reason


@given(st.integers(-5, 10**9))
def test_a_chunk_has_one_for_each_unit_and_an_upper_bound(available: int) -> None:
    assert 1 <= chunk_size(available) <= LARGEST_CHUNK
    assert chunk_size(available) <= max(1, available)


@given(st.integers(-5, 10**6), st.integers(1, 2 * LARGEST_CHUNK))
def test_what_is_under_way_never_exceeds_what_is_left(available: int, outstanding: int) -> None:
    more = chunk_size(available, outstanding)
    assert more == 0 or outstanding + more <= min(LARGEST_CHUNK, available)


def test_a_long_line_is_fed_before_the_last_chunk_is_told() -> None:
    assert chunk_size(10_000, LARGEST_CHUNK // 2) > 0
    assert chunk_size(10_000, LARGEST_CHUNK // 2 + 1) == 0


def test_few_units_wait_until_everybody_asked_has_been_told() -> None:
    assert [chunk_size(3, outstanding) for outstanding in range(5)] == [3, 0, 0, 0, 0]


@pytest.mark.parametrize("look", [None, *Look])
@pytest.mark.parametrize("doubtful", range(4))
def test_what_the_platform_shows_is_only_ever_edited(look: Look | None, doubtful: int) -> None:
    assert next_step(shown=True, doubtful=doubtful, look=look) is Step.EDIT


@pytest.mark.parametrize("doubtful", range(1, 4))
def test_what_may_be_there_is_looked_up_before_anything_is_sent(doubtful: int) -> None:
    assert next_step(shown=False, doubtful=0) is Step.POST
    assert next_step(shown=False, doubtful=doubtful) is Step.LOOK
    assert next_step(shown=False, doubtful=doubtful, look=Look.FOUND) is Step.SETTLE
    assert next_step(shown=False, doubtful=doubtful, look=Look.NOT_THERE) is Step.POST_ANEW


def test_where_nobody_can_tell_there_is_one_repeat_and_never_a_third_copy() -> None:
    steps = [
        next_step(shown=False, doubtful=doubtful, look=Look.CANNOT_TELL) for doubtful in (1, 2, 3)
    ]
    assert steps == [Step.REPEAT, Step.UNCERTAIN, Step.UNCERTAIN]


def test_our_own_faults_are_tried_eight_times_with_growing_waits() -> None:
    assert [after_failure(n) for n in (1, 7, 8)] == [
        Verdict.AGAIN, Verdict.AGAIN, Verdict.GIVE_UP
    ]  # fmt: skip
    waits = [wait_before(n) for n in range(1, 30)]
    assert waits == sorted(waits)
    assert waits[-1] == LONGEST_WAIT


@given(st.text(max_size=300), st.integers(1, 10**12), st.integers(-(10**9), 10**9))
def test_a_preview_survives_the_button(reason: str, product_id: int, quantity: int) -> None:
    preview = Preview(product_id, 1, quantity or 1, 5, "slack:1.2", reason)
    assert Preview.from_token(preview.token()) == preview


@given(st.one_of(st.text(max_size=60), st.sampled_from(["[1,2]", '[1,1,0,5,"k","r"]', "{}"])))
def test_a_button_value_that_we_did_not_make_is_no_preview(token: str) -> None:
    assert Preview.from_token(token) is None


@pytest.mark.parametrize(
    "text",
    ["U1", "slack:", "slack:@ann", "slack:a b", "telegram:ann", "telegram:-", "fax:5", ":", ""],
)
def test_an_address_that_is_none_says_how_one_looks(text: str) -> None:
    with pytest.raises(ValueError, match="is not like telegram:12345 or slack:U0123"):
        KNOWN.address(text)


def test_roles_are_ordered_and_read_from_words() -> None:
    assert KNOWN.address(" telegram:42 ") == Address(TELEGRAM, "42")
    assert Role.VIEWER < Role.CLERK < Role.MANAGER < Role.ADMIN
    assert (Role.from_word(" Clerk "), Role.from_word("boss")) == (Role.CLERK, None)
