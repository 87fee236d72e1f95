"""SKU codes and numbers as people type them."""

import base64
import hashlib
import re
import unicodedata

MINUS_SIGNS = "-\u2010\u2011\u2012\u2013\u2014\u2212\ufe63\uff0d"
_DASHES = str.maketrans(dict.fromkeys(MINUS_SIGNS, "-"))
_SPACES = re.compile(r"\s+")
_NUMBER = re.compile(r"[+-]?\d{1,12}")


def sku_key(text: str) -> str:
    """The form under which SKU codes are equal: case, spaces, full-width and dash variants fold.

    >>> sku_key(" ｍug–blue ")
    'MUG-BLUE'
    """
    if text.isascii():  # the same, in a tenth of the time: a stock file has many
        return "".join(text.split()).upper()
    folded = unicodedata.normalize("NFKC", text).translate(_DASHES)
    # Again: without the spaces an accent may stand behind a letter that it now belongs to.
    return unicodedata.normalize("NFKC", _SPACES.sub("", folded).upper())


def short_id(key: str) -> str:
    """A stable id of 10 characters from [a-z2-7], fit for the payload of a deep link."""
    digest = hashlib.sha256(key.encode()).digest()
    return base64.b32encode(digest[:10])[:10].decode().lower()


def plain_number(text: str) -> str:
    """Fold full-width digits and every dash that stands for a minus sign to ASCII; trims spaces."""
    if text.isascii():
        return text.strip()
    return unicodedata.normalize("NFKC", text).translate(_DASHES).strip()


def whole_number(text: str) -> int | None:
    """The integer a person typed ("＋5", "−3", "12"), or None when it is not one."""
    folded = plain_number(text)
    return int(folded) if _NUMBER.fullmatch(folded) else None
