"""Numbers, prices and times as the reader writes them."""

from datetime import UTC, date, datetime, timedelta

import pytest

from bot.render import formatting
from tests.bot.render.samples import NOW, ZONE


@pytest.mark.parametrize(
    ("minor", "currency", "en", "zh"),
    [
        (1250, "EUR", "€12.50", "€12.50"),
        (1250, "cny", "CN¥12.50", "¥12.50"),
        (1250, "JPY", "¥1,250", "JP¥1,250"),
        (1250, "KWD", "KWD\xa01.250", "KWD\xa01.250"),
        (123456789, "USD", "$1,234,567.89", "US$1,234,567.89"),
        (0, "EUR", "€0.00", "€0.00"),
        (1250, "", "12.50", "12.50"),
        (1250, "XYZ", "XYZ\xa012.50", "XYZ\xa012.50"),
    ],
)
def test_a_price_comes_from_minor_units(minor: int, currency: str, en: str, zh: str) -> None:
    assert formatting.price(minor, currency, "en") == en
    assert formatting.price(minor, currency, "zh_CN") == zh


def test_a_change_has_its_sign() -> None:
    assert [formatting.signed(n, "en") for n in (5, 0, -3, -1234)] == ["+5", "+0", "−3", "−1,234"]


@pytest.mark.parametrize(
    ("when", "en", "zh"),
    [
        (NOW, "14:41", "14:41"),
        (NOW - timedelta(days=1), "Nov 19, 14:41", "11月19日 14:41"),
        (NOW - timedelta(days=365), "Nov 20, 2025, 14:41", "2025年11月20日 14:41"),
        (datetime(2026, 11, 19, 23, 30, tzinfo=UTC), "00:30", "00:30"),
        (datetime(2026, 7, 1, 12, 0, tzinfo=UTC), "Jul 1, 14:00", "7月1日 14:00"),  # summer time
    ],
)
def test_times_are_in_the_shops_zone(when: datetime, en: str, zh: str) -> None:
    assert formatting.moment(when, "en", ZONE, NOW) == en
    assert formatting.moment(when, "zh_CN", ZONE, NOW) == zh


def test_a_span_is_told_in_its_largest_unit() -> None:
    ago = [timedelta(seconds=5), timedelta(hours=3), timedelta(days=3), timedelta(days=-1)]
    assert [formatting.lasting(NOW - span, "en", NOW) for span in ago] == [
        "1 minute",
        "3 hours",
        "3 days",
        "1 minute",
    ]
    assert formatting.lasting(NOW - timedelta(days=3), "zh_CN", NOW) == "3天"


def test_an_unknown_language_is_written_as_english() -> None:
    assert formatting.number(1234, "xx_unknown") == "1,234"
    assert formatting.day(date(2026, 11, 20), "", 2026) == "Nov 20"
