"""Low stock: when it fires, how bad it is, and when it is over."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.alerts import AlertState, OpenAlert, Severity
from bot.domain.rules.quantity import (
    Facts,
    Quantities,
    Reason,
    Terms,
    default_clear_level,
    judge,
    measure,
    severity_of,
)
from bot.domain.stock import Location, Position, Product

NOW = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
TEA = Product(1, "TEA", "tea", "Tea", lead_time_days=7)
MAIN = Location(1, "main", "main", sellable=True)


def position(on_hand: int, **more: object) -> Position:
    return Position(1, MAIN, on_hand, **{"reorder_point": 10, **more})  # type: ignore[arg-type]


@pytest.mark.parametrize(("point", "clear"), [(1, 2), (5, 6), (10, 12), (100, 115), (7, 9)])
def test_the_clear_level_lies_15_percent_and_at_least_one_above(point: int, clear: int) -> None:
    assert default_clear_level(point) == clear


@pytest.mark.parametrize(
    ("on_hand", "severity"),
    [(10, Severity.LOW), (3, Severity.LOW), (2, Severity.CRITICAL), (0, Severity.OUT),
     (-4, Severity.OUT)],
)  # fmt: skip
def test_severity_rises_as_the_stock_falls(on_hand: int, severity: Severity) -> None:
    assert severity_of(on_hand, 10) is severity


@pytest.mark.parametrize(
    ("place", "state", "reason"),
    [
        (position(11), None, Reason.ABOVE_POINT),
        (position(10), None, Reason.FIRES),
        (position(3, reorder_point=None), None, Reason.NO_RULE),
        (position(3, reorder_point=0), None, Reason.NO_RULE),
        (position(10, reserved=5), None, Reason.FIRES),
        (position(12, unsellable=2), None, Reason.FIRES),
        (position(5, incoming=9, incoming_due=NOW + timedelta(days=7)), None, Reason.ABOVE_POINT),
        (position(5, incoming=9, incoming_due=NOW + timedelta(days=8)), None, Reason.FIRES),
        (position(5, incoming=9), None, Reason.FIRES),
        (position(5, incoming=90, incoming_due=NOW), Severity.LOW, Reason.STILL_LOW),
        (position(11), Severity.LOW, Reason.RECOVERING),
        (position(12), Severity.LOW, Reason.CLEARS),
        (position(13, clear_level=14), Severity.LOW, Reason.RECOVERING),
        (position(0), Severity.LOW, Reason.RISES),
        (position(0), Severity.OUT, Reason.STILL_LOW),
        (position(5), Severity.OUT, Reason.STILL_LOW),
        (position(5, reorder_point=None), Severity.LOW, Reason.RULE_GONE),
    ],
)
def test_what_becomes_of_an_alert_has_a_named_reason(
    place: Position, state: Severity | None, reason: Reason
) -> None:
    alert = None if state is None else OpenAlert(AlertState.FIRING, state)
    assert judge(Facts(TEA, place), alert, NOW).reason is reason


def test_a_product_that_is_no_longer_sold_alerts_nobody() -> None:
    gone = Product(1, "TEA", "tea", "Tea", active=False)
    assert judge(Facts(gone, position(0)), None, NOW).reason is Reason.INACTIVE
    open_alert = OpenAlert(AlertState.FIRING, Severity.OUT)
    assert judge(Facts(gone, position(0)), open_alert, NOW).reason is Reason.RULE_GONE


@pytest.mark.parametrize(
    ("own", "shop", "level"),
    [
        ({"reorder_point": None}, Terms(), None),
        ({"reorder_point": None}, Terms(point=20), 23),
        ({"reorder_point": None}, Terms(point=20, clear=30), 30),
        ({"reorder_point": 10}, Terms(point=20, clear=30), 30),
        ({"reorder_point": 10, "clear_level": 14}, Terms(point=20, clear=30), 14),
        ({"reorder_point": 0}, Terms(point=20), None),
        ({"reorder_point": 40}, Terms(point=20, clear=30), 46),
    ],
)
def test_a_position_s_own_terms_come_before_the_shop_s(
    own: dict[str, int | None], shop: Terms, level: int | None
) -> None:
    assert Facts(TEA, position(5, **own), shop).terms.level == level


def test_incoming_delays_an_alert_and_does_not_make_it_milder() -> None:
    place = position(2, incoming=8, incoming_due=NOW)
    assert judge(Facts(TEA, place), None, NOW).severity is Severity.CRITICAL


def test_an_alert_whose_rule_is_gone_keeps_the_levels_it_had() -> None:
    before = Quantities(9, 9, 10, 12)
    numbers = measure(Facts(TEA, position(4, reorder_point=None)), before, NOW)
    assert numbers == Quantities(4, 4, 10, 12)
