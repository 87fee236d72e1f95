"""Single cells of a stock file: read strictly, written so that a spreadsheet runs none of them."""

import re
import unicodedata
from decimal import Decimal
from functools import lru_cache
from urllib.parse import urlsplit

from babel.core import get_global
from babel.numbers import get_currency_precision

from bot.domain.bulk import Bad
from bot.domain.codes import plain_number

LARGEST = 1_000_000_000
LARGEST_PRICE = 10**14  # minor units
LONGEST_URL = 2_000
DECIMALS_UNKNOWN = 2  # of a price in no currency

_RUNS = (
    "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"  # a spreadsheet takes a cell that begins so for a formula
)
_PROTECTED = re.compile(f"'+[{re.escape(_RUNS)}]")
_NEEDS_PROTECTION = re.compile(f"'*[{re.escape(_RUNS)}]")
_PLAIN_URL = re.compile(r"https?://[A-Za-z0-9.-]+(?::[0-9]+)?(?:/[!-~]*)?")
_WHOLE = re.compile(r"([+-]?)(\d+)(?:\.0{1,2})?")
_PRICE = re.compile(r"([+-]?)(\d+)(?:[.,](\d+))?")
_YES = frozenset(("yes", "y", "true", "t", "1", "on", "active", "是", "有效"))
_NO = frozenset(("no", "n", "false", "f", "0", "off", "inactive", "否", "无效"))


class CellError(ValueError):
    """The cell is not what its column needs."""

    def __init__(self, reason: Bad, detail: object = "") -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.detail = str(detail)


def protect(text: str) -> str:
    """Put a ' before what a spreadsheet would run; `unprotect` takes exactly that one away."""
    return "'" + text if _NEEDS_PROTECTION.match(text) else text


def unprotect(text: str) -> str:
    return text[1:] if text.startswith("'") and _PROTECTED.match(text) else text


def line_of_text(cell: str, longest: int) -> str:
    """Text on one line; every run of white space becomes one space."""
    if not cell.isprintable() or "  " in cell:
        _refuse_control(cell)
        cell = " ".join(cell.split())
    return _within(unprotect(cell.strip()), longest)


# For columns in which many rows say the same.
often = lru_cache(maxsize=4096)(line_of_text)


def text(cell: str, longest: int) -> str:
    """Text that may have several lines."""
    if not cell.isprintable():
        _refuse_control(cell)
        cell = cell.replace("\r\n", "\n").replace("\r", "\n")
    return _within(unprotect(cell.strip()).strip(), longest)


def _refuse_control(cell: str) -> None:
    if any(unicodedata.category(sign) == "Cc" and sign not in "\t\n\r" for sign in cell):
        raise CellError(Bad.CONTROL)


def _within(cell: str, longest: int) -> str:
    if len(cell) > longest:
        raise CellError(Bad.TOO_LONG, longest)
    return cell


def whole(cell: str, largest: int = LARGEST) -> int:
    """0 or more; 5.0 is 5, because spreadsheets write that, 1,000 and 1.000 are refused."""
    found = _WHOLE.fullmatch(plain_number(unprotect(cell)))
    if found is None or len(found[2]) > 40:
        raise CellError(Bad.NOT_WHOLE)
    number = int(found[2])
    if found[1] == "-" and number:
        raise CellError(Bad.NEGATIVE)
    if number > largest:
        raise CellError(Bad.TOO_LARGE, largest)
    return number


@lru_cache(maxsize=64)
def currency(cell: str) -> str:
    """An ISO 4217 code."""
    code = plain_number(cell).upper()
    if code not in get_global("all_currencies"):
        raise CellError(Bad.CURRENCY)
    return code


@lru_cache(maxsize=64)
def decimals(code: str) -> int:
    """How many decimals prices in this currency have: 2 for EUR, 0 for JPY, 3 for KWD."""
    return get_currency_precision(code) if code else DECIMALS_UNKNOWN


def price(cell: str, code: str) -> int:
    """Minor units of the currency. 12.5 and 12,50 are 1250; thousands have no separator."""
    places = decimals(code)
    found = _PRICE.fullmatch(plain_number(unprotect(cell)))
    if found is None or len(found[2]) > 40 or len(found[3] or "") > places:
        raise CellError(Bad.PRICE, places)
    minor = int(found[2] + (found[3] or "").ljust(places, "0"))
    if found[1] == "-" and minor:
        raise CellError(Bad.NEGATIVE)
    if minor > LARGEST_PRICE:
        raise CellError(Bad.TOO_LARGE, LARGEST_PRICE // 10**places)
    return minor


def price_text(minor: int, code: str) -> str:
    """The cell that `price` reads back."""
    return format(Decimal(minor).scaleb(-decimals(code)), "f")


def url(cell: str) -> str:
    """A web address: nothing but http and https may reach a customer's button."""
    address = line_of_text(cell, LONGEST_URL)
    if _PLAIN_URL.fullmatch(address):
        return address
    try:
        parts = urlsplit(address)
        host = parts.hostname
    except ValueError as error:
        raise CellError(Bad.URL) from error
    if parts.scheme not in ("http", "https") or not host or " " in address:
        raise CellError(Bad.URL)
    return address


def active(cell: str) -> bool:
    word = unicodedata.normalize("NFKC", cell).strip().casefold()
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise CellError(Bad.ACTIVE)
