"""Numbers, prices and times as the reader writes them. Cached: Babel is slow next to a look-up."""

import re
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale
from babel.core import UnknownLocaleError
from babel.dates import format_skeleton, format_timedelta
from babel.numbers import format_currency, format_decimal, get_currency_precision

MINUS = "\u2212"
_LETTERS = re.compile(r"[A-Za-z](?=\d)")  # a currency without a sign of its own: XYZ 12.50
FALLBACK = Locale("en")


@lru_cache(maxsize=64)
def locale_of(language: str) -> Locale:
    """The locale of a catalogue; English for a code that Babel does not know."""
    try:
        return Locale.parse(language)
    except (UnknownLocaleError, ValueError):
        return FALLBACK


@lru_cache(maxsize=4096)
def number(value: int, language: str) -> str:
    return format_decimal(value, locale=locale_of(language)).replace("-", MINUS)


def signed(value: int, language: str) -> str:
    """`+5`, `−3`: a change, always with its sign."""
    return ("+" if value >= 0 else "") + number(value, language)


@lru_cache(maxsize=4096)
def price(minor: int, currency: str, language: str) -> str:
    """From integer minor units: 1250 EUR is 12.50, 1250 JPY is 1,250."""
    code = currency.strip().upper()
    amount = Decimal(minor).scaleb(-get_currency_precision(code))
    if not code:
        return format_decimal(amount, format="#,##0.00", locale=locale_of(language))
    text = format_currency(amount, code, locale=locale_of(language))
    return _LETTERS.sub("\\g<0>\u00a0", text)


@lru_cache(maxsize=4096)
def day(value: date, language: str, this_year: int) -> str:
    """`Nov 20`, `11月20日`; with the year when it is another one."""
    skeleton = "MMMd" if value.year == this_year else "yMMMd"
    return format_skeleton(skeleton, value, locale=locale_of(language))


def moment(value: datetime, language: str, zone: ZoneInfo, now: datetime) -> str:
    """`14:41` today, else `Nov 20, 14:41`, in the shop's zone."""
    local, today = value.astimezone(zone), now.astimezone(zone).date()
    clock = local.strftime("%H:%M")
    if local.date() == today:
        return clock
    separator = " " if language.startswith("zh") else ", "
    return day(local.date(), language, today.year) + separator + clock


def lasting(since: datetime, language: str, now: datetime) -> str:
    """`3 days`, `3天`: how long something has lasted, in its largest unit."""
    return _span(max(60, int((now - since).total_seconds()) // 60 * 60), language)


@lru_cache(maxsize=4096)
def _span(seconds: int, language: str) -> str:
    return format_timedelta(timedelta(seconds=seconds), locale=locale_of(language))
