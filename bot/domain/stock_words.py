"""The words of a `/stock` line, as people type them: quotes, places, signed numbers, people.

What the verbs of handlers/verbs are made of. Nothing here raises, and any text is words.
A code with spaces, with an @ or spelled like a verb is put in quotes: "low" +5.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.codes import plain_number
from bot.domain.contacts import Address
from bot.domain.ways import SLACK

MOST = 999_999_999_999  # what codes.whole_number reads: 12 digits
ECHO = 20  # characters
REASON_LENGTH = 300
QUERY_LENGTH = 200
# What keyboards and spreadsheets leave in copied text: invisible marks that change no meaning,
# among them those that turn the reading direction. The joiners inside emoji stay.
_INVISIBLE = re.compile("[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_QUOTES = {
    '"': '"',
    "\u201c": "\u201d",
    "\u201d": "\u201d",
    "\u201e": "\u201c",
    "\u300c": "\u300d",
    "\uff02": "\uff02",
    "\u00ab": "\u00bb",
}
_QUOTED = re.compile(
    "|".join(rf"{opening}([^{closing}]+){closing}(\S*)" for opening, closing in _QUOTES.items())
)
_WORD = re.compile(r"\S+")
_AT = str.maketrans("\uff20\ufe6b", "@@")  # as keyboards for Chinese have it
_SIGNED = re.compile(r"([+=]-?|-)(\d+)")
_MENTION = re.compile(r"<@([UW][A-Z0-9]+)(?:\|([^>]*))?>")
_ADDRESS = re.compile(r"[a-z]{1,16}:\S{1,80}")


@dataclass(frozen=True, slots=True)
class Word:
    """`text` as typed, without its quotes; `after` is what follows the closing quote ("@main")."""

    text: str
    quoted: bool = False
    after: str = ""

    @property
    def folded(self) -> str:
        """For comparing with the words of the grammar; a quoted word is none of them."""
        return "" if self.quoted else plain_number(self.text).casefold()

    @property
    def place(self) -> str:
        """`main` of `@main`, else "". Slack turns @main into a mention if somebody is called so."""
        if self.quoted:
            return ""
        if mention := _MENTION.fullmatch(self.text):
            return mention[2] or ""
        text = self.text.translate(_AT)
        return text[1:] if text.startswith("@") else ""


@dataclass(frozen=True, slots=True)
class Amount:
    """A number somebody typed. `wrong` is a BadInput code, "" when it is right."""

    sign: str
    number: int = 0
    text: str = ""
    wrong: str = ""


@dataclass(frozen=True, slots=True)
class BadInput:
    """Not understood and nothing done. `text` is the piece that is wrong; `example` is right.

    `code` is one of no_number (a sign alone), not_whole (+1.5, +5kg), too_big, zero (+0), negative
    (=-5, threshold -1), reason_too_long, or a verb's own. The catalogue calls it bad.<code>.
    """

    code: str
    text: str = ""
    example: str = ""


@dataclass(frozen=True, slots=True)
class Written:
    """`MUG@main +5 pallet 7`. `location` "" means: the only one there is."""

    sku: str
    location: str
    number: int
    reason: str = ""


def clean(text: str) -> str:
    """Without what no database takes and nobody sees; control characters become spaces."""
    text = _SURROGATE.sub("\ufffd", _INVISIBLE.sub("", text))
    return "".join(" " if unicodedata.category(char) == "Cc" else char for char in text).strip()


def words_of(text: str) -> list[Word]:
    """Split at spaces; quotes hold words together. A quote that is not closed is a letter."""
    words, position = [], 0
    while position < len(text):
        if text[position].isspace():
            position += 1
        elif quoted := _quoted(text, position):
            word, position = quoted
            words.append(word)
        else:
            end = _end_of_word(text, position)
            words.append(Word(text[position:end]))
            position = end
    return words


def _quoted(text: str, position: int) -> tuple[Word, int] | None:
    found = _QUOTED.match(text, position)
    if found is None:
        return None
    inside, after = (group for group in found.groups() if group is not None)
    place = Word(after).place
    if not inside.strip() or (after and not place):
        return None  # "a"b is no quotation, 55" is inches
    return Word(inside.strip(), quoted=True, after=place), found.end()


def _end_of_word(text: str, position: int) -> int:
    found = _WORD.match(text, position)
    return found.end() if found else len(text)


def located(word: Word) -> tuple[str, str]:
    """Code and location of `A@main`; of a quoted code only what follows the quotes."""
    if word.quoted:
        return word.text, word.after
    if mention := re.fullmatch(rf"(.+?){_MENTION.pattern}", word.text):
        return mention[1], mention[3] or ""
    code, at, place = word.text.translate(_AT).rpartition("@")
    return (code, place) if at and code and place else (word.text, "")


def code_and_place(words: Sequence[Word]) -> tuple[str, str, Sequence[Word]]:
    """The code, the location (`A@main` or `A @main`) and the words after them."""
    sku, location = located(words[0])
    if not location and len(words) > 1 and words[1].place:
        return sku, words[1].place, words[2:]
    return sku, location, words[1:]


def joined(words: Sequence[Word]) -> str:
    """As a query."""
    return " ".join(word.text for word in words)[:QUERY_LENGTH]


def written(words: Sequence[Word], signs: str) -> Written | BadInput | None:
    """ONE code and after it a number with one of these signs; None for anything else."""
    sku, location, rest = code_and_place(words)
    if not sku or not rest:
        return None
    amount, used = signed_amount(rest)
    if amount is None or amount.sign not in signs:
        return None
    if not location and len(rest) > used and rest[used].folded.startswith("@"):
        location, used = rest[used].place, used + 1
    reason = " ".join(word.text for word in rest[used:])
    if amount.wrong:
        return BadInput(amount.wrong, amount.text)
    if len(reason) > REASON_LENGTH:
        return BadInput("reason_too_long", str(REASON_LENGTH))
    return Written(sku, location, amount.number, reason)


def signed_amount(words: Sequence[Word]) -> tuple[Amount | None, int]:
    """The signed number at the start of `words`, and how many words it took.

    None when there is no sign, or only a dash between words. A sign without a whole number is an
    Amount that is `wrong`: somebody meant to write something.
    """
    folded = words[0].folded
    if folded[:1] not in ("+", "-", "="):
        return None, 0
    if folded not in ("+", "-", "="):
        if not any(char.isdigit() for char in folded):
            return None, 0
        return _amount(folded, words[0].text), 1
    following = words[1].folded if len(words) > 1 else ""
    if following[:1].isdigit() or (folded == "=" and following[:1] == "-"):
        return _amount(folded + following, f"{words[0].text} {words[1].text}"), 2
    if folded == "-" and following:
        return None, 0
    return Amount(folded, text=words[0].text, wrong="no_number"), 1


def _amount(folded: str, typed: str) -> Amount:
    found = _SIGNED.fullmatch(folded)
    if found is None or (found[1] == "+-"):
        return Amount(folded[0], text=short(typed), wrong="not_whole")
    sign = found[1][0]
    magnitude = amount_of(found[2])
    wrong = magnitude.wrong
    if not wrong and sign != "=" and magnitude.number == 0:
        wrong = "zero"
    if not wrong and found[1] == "=-" and magnitude.number:
        wrong = "negative"
    number = -magnitude.number if sign == "-" else magnitude.number
    return Amount(sign, 0 if wrong else number, short(typed), wrong)


def amount_of(folded: str) -> Amount:
    """A whole number without a plus ("14"); a minus is read, so that it can be refused by name."""
    if not re.fullmatch(r"-?\d+", folded):
        return Amount("", text=short(folded), wrong="not_whole")
    if len(folded.lstrip("-0")) > len(str(MOST)):
        return Amount("", text=short(folded), wrong="too_big")
    return Amount("", int(folded.lstrip("-").lstrip("0") or "0") * _sign(folded), folded)


def short(typed: str) -> str:
    """What an answer may repeat of it."""
    return typed if len(typed) <= ECHO else typed[:ECHO] + "…"


def _sign(folded: str) -> int:
    return -1 if folded.startswith("-") else 1


def person_of(text: str) -> str:
    """`<@U1|ann>` as an address, or what looks like one, `telegram:42`; else ""."""
    if mention := _MENTION.fullmatch(text):
        return Address(SLACK, mention[1]).text
    return text if _ADDRESS.fullmatch(text) else ""
