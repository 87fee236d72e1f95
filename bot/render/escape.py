"""Making foreign words harmless: names, reasons and queries that others typed."""

import re
import unicodedata
from functools import lru_cache

from bot.domain.utf16 import units

ELLIPSIS = "…"
JOINER = "\u2060"  # breaks a word for parsers, not for eyes
ZWJ, ZWNJ = "\u200d", "\u200c"
MOST_MARKS = 3  # stacked accents beyond this only smear over other lines
_BACK = 40  # how far a cut moves back to spare a grapheme

# Spaces, line ends and control characters of every kind; U+2028 and U+2029 are line ends too.
_BLANKS = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_STACKED = "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]"
_MARKS = re.compile(f"({_STACKED}{{{MOST_MARKS}}}){_STACKED}+")

# What Telegram would turn into a mention, a command or a link by itself.
_TELEGRAM_LIVE = re.compile(r"@(?=\w)|(?<!\w)/(?=\w)|:(?=//)|(?<=\w)\.(?=[^\W\d_])")
# Emphasis marks have no escape in Slack: look-alikes stand in for them.
_SLACK_MARKS = str.maketrans({"*": "∗", "~": "∼", "`": "ˋ"})
_SLACK_UNDERSCORE = re.compile(r"(?<![^\W_])_|_(?![^\W_])")
_SLACK_PLAIN = str.maketrans({"<": "‹", ">": "›"})


class Safe(str):
    """Text in a platform's markup already: it is not escaped again."""

    __slots__ = ()


@lru_cache(maxsize=1024)  # a broadcast says the same names again and again
def clean(text: str, limit: int = 200) -> str:
    """One line without control, bidi-override or invisible characters, at most `limit` long."""
    text = text[: limit * 4 + 1000]
    if text.isascii() and len(text) <= limit and text.isprintable():
        return " ".join(text.split())  # most codes and names
    if not text.isprintable():
        text = "".join(map(_visible, _BLANKS.sub(" ", text)))
    return truncate(_MARKS.sub(r"\1", " ".join(text.split())), limit)


def _visible(char: str) -> str:
    kind = unicodedata.category(char)
    if kind == "Cf":  # formats: bidi overrides and isolates, zero-width spaces, tags
        return char if char in (ZWJ, ZWNJ) else ""
    return "�" if kind == "Cs" else char  # half a character cannot be sent as UTF-8


def truncate(text: str, limit: int) -> str:
    """At most `limit` UTF-16 units, ending in an ellipsis when cut, between two graphemes."""
    if units(text) <= limit:
        return text
    used, end = units(ELLIPSIS), 0
    for char in text:
        used += units(char)
        if used > limit:
            break
        end += 1
    return text[: _between(text, end)].rstrip() + ELLIPSIS


def _between(text: str, end: int) -> int:
    """The last place at or before `end` where a cut parts no grapheme."""
    for place in range(end, max(-1, end - _BACK), -1):
        if place == 0 or not _joined(text, place):
            return place
    return end


def _joined(text: str, place: int) -> bool:
    before, after = text[place - 1], text[place] if place < len(text) else ""
    if not after:
        return False
    if ZWJ in (before, after) or unicodedata.category(after) in ("Mn", "Mc", "Me"):
        return True
    if "\U0001f3fb" <= after <= "\U0001f3ff":  # a skin tone
        return True
    return _flag(after) and _flags_before(text, place) % 2 == 1


def _flag(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"


def _flags_before(text: str, place: int) -> int:
    count = 0
    while count < place and _flag(text[place - 1 - count]):
        count += 1
    return count


def telegram(text: str) -> str:
    """For Telegram HTML: https://core.telegram.org/bots/api#html-style."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace('"', "&quot;")


def slack(text: str) -> str:
    """For mrkdwn; with &, < and > escaped no mention, link or date can be written."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def plain(text: str) -> str:
    """For labels, which no platform parses."""
    return text


def telegram_foreign(text: str) -> str:
    """Others' words in Telegram: escaped, and nothing in them comes alive."""
    return telegram(_TELEGRAM_LIVE.sub(lambda match: match.group() + JOINER, text))


def slack_foreign(text: str) -> str:
    """Others' words in mrkdwn: escaped, and without emphasis."""
    return slack(_SLACK_UNDERSCORE.sub("＿", text.translate(_SLACK_MARKS)))


def slack_code(text: str) -> str:
    """Inside backticks only the backtick itself needs a stand-in."""
    return slack(text.replace("`", "ˋ"))


def plain_foreign(text: str) -> str:
    """Others' words in a label: no angle brackets, in case a client parses them after all."""
    return text.translate(_SLACK_PLAIN)
