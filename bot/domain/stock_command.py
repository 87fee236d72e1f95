"""The grammar of `/stock`: what staff type, as a request. It never raises or guesses a write.

    MUG-BLUE[@location]                 look it up
    MUG-BLUE[@location] +5 [reason]     add; -5 takes away, =40 sets
    low [location] | undo [number] | why SKU | threshold SKU[@location] 10 [clear 14]
    role [@person clerk|none] | health | help
    anything else                       search

A code with spaces, with an @ or spelled like one of the words above is put in quotes: "low" +5.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.domain.contacts import Role
from bot.domain.stock_words import (
    Word,
    amount_of,
    clean,
    located,
    person_of,
    short,
    signed_amount,
    words_of,
)

REASON_LENGTH = 300
QUERY_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Show:
    """Look up one SKU. `words` is what was typed, for a search when no such code exists."""

    sku: str
    location: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class Delta:
    """Add (+) or take away (-). `location` "" means: the only one there is."""

    sku: str
    location: str
    quantity: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class SetTo:
    sku: str
    location: str
    quantity: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Low:
    location: str = ""


@dataclass(frozen=True, slots=True)
class Undo:
    """`move_id` None: the caller's last move."""

    move_id: int | None = None


@dataclass(frozen=True, slots=True)
class Why:
    sku: str


@dataclass(frozen=True, slots=True)
class Threshold:
    """`point` 0 switches the rule off; `clear` None leaves the default distance."""

    sku: str
    location: str
    point: int
    clear: int | None = None


@dataclass(frozen=True, slots=True)
class SetRole:
    """`person` is an address ("slack:U1", "telegram:42"); `role` None: no longer staff."""

    person: str
    role: Role | None


@dataclass(frozen=True, slots=True)
class Roles:
    """Who is staff."""


@dataclass(frozen=True, slots=True)
class Health:
    """How the bot itself is."""


@dataclass(frozen=True, slots=True)
class Help:
    """What can be typed."""


@dataclass(frozen=True, slots=True)
class Search:
    """Words that are no SKU code. `was_write`: a quantity stood among them; it was not done."""

    words: str
    was_write: bool = False


@dataclass(frozen=True, slots=True)
class BadInput:
    """Not understood and nothing done. `text` is the piece that is wrong; `code` is one of

    no_number (a sign alone), not_whole (+1.5, +5kg), too_big, zero (+0), negative (=-5, threshold
    -1), reason_too_long, move_number (undo x), person (role ann clerk), role_word (role @ann boss),
    usage_low, usage_undo, usage_why, usage_threshold, usage_role.
    """

    code: str
    text: str = ""


StockRequest = (
    Show | Delta | SetTo | Low | Undo | Why | Threshold | SetRole | Roles | Health | Help
    | Search | BadInput
)  # fmt: skip


def parse(text: str) -> StockRequest:
    """Understand one line. Any text gives a request; only a signed number after ONE code writes."""
    words = words_of(clean(text))
    if not words:
        return Help()
    first = words[0]
    if not first.quoted and (reserved := _RESERVED.get(first.folded)):
        return reserved(words[1:])
    return _product(words)


def _product(words: Sequence[Word]) -> StockRequest:
    sku, location, rest = _code_and_place(words)
    if not sku or not rest:
        return _lookup(words, sku, location)
    amount, used = signed_amount(rest)
    if amount is None:
        return _search(words)
    if not location and len(rest) > used and rest[used].folded.startswith("@"):
        location, used = rest[used].place, used + 1
    reason = " ".join(word.text for word in rest[used:])
    if amount.wrong:
        return BadInput(amount.wrong, amount.text)
    if len(reason) > REASON_LENGTH:
        return BadInput("reason_too_long", str(REASON_LENGTH))
    kind = SetTo if amount.sign == "=" else Delta
    return kind(sku, location, amount.number, reason)


def _lookup(words: Sequence[Word], sku: str, location: str) -> StockRequest:
    if not sku or len(sku) > QUERY_LENGTH:
        return _search(words)
    return Show(sku, location, _joined(words))


def _search(words: Sequence[Word]) -> Search:
    later = (signed_amount(words[start:])[0] for start in range(min(len(words), 50)))
    return Search(_joined(words), was_write=any(amount is not None for amount in later))


def _joined(words: Sequence[Word]) -> str:
    return " ".join(word.text for word in words)[:QUERY_LENGTH]


def _code_and_place(words: Sequence[Word]) -> tuple[str, str, Sequence[Word]]:
    """The code, the location (`A@main` or `A @main`) and the words after them."""
    sku, location = located(words[0])
    if not location and len(words) > 1 and words[1].place:
        return sku, words[1].place, words[2:]
    return sku, location, words[1:]


def _low(words: Sequence[Word]) -> StockRequest:
    if len(words) > 1:
        return BadInput("usage_low")
    return Low((words[0].place or words[0].text) if words else "")


def _undo(words: Sequence[Word]) -> StockRequest:
    if not words:
        return Undo()
    number = amount_of(words[0].folded.removeprefix("#"))
    if len(words) > 1:
        return BadInput("usage_undo")
    if number.wrong or number.number < 1:
        return BadInput("move_number", short(words[0].text))
    return Undo(number.number)


def _why(words: Sequence[Word]) -> StockRequest:
    if not words:
        return BadInput("usage_why")
    sku, _, rest = _code_and_place(words)
    return Why(_joined(words) if rest or not sku else sku[:QUERY_LENGTH])


def _threshold(words: Sequence[Word]) -> StockRequest:
    if not words:
        return BadInput("usage_threshold")
    sku, location, rest = _code_and_place(words)
    if not sku or len(rest) not in (1, 3) or (len(rest) == 3 and rest[1].folded != "clear"):
        return BadInput("usage_threshold")
    if rest[0].folded in ("off", "none") and len(rest) == 1:
        return Threshold(sku, location, 0)
    numbers = [amount_of(word.folded) for word in rest[::2]]
    for number in numbers:
        if number.wrong or number.number < 0:
            return BadInput(number.wrong or "negative", number.text)
    return Threshold(
        sku, location, numbers[0].number, numbers[1].number if len(rest) == 3 else None
    )


def _role(words: Sequence[Word]) -> StockRequest:
    if not words or (len(words) == 1 and words[0].folded == "list"):
        return Roles()
    if len(words) != 2:
        return BadInput("usage_role")
    person, role = person_of(words[0].text), Role.from_word(words[1].folded)
    if not person:
        return BadInput("person", short(words[0].text))
    if role is None and words[1].folded != "none":
        return BadInput("role_word", short(words[1].text))
    return SetRole(person, role)


_RESERVED: dict[str, Callable[[Sequence[Word]], StockRequest]] = {
    "low": _low,
    "undo": _undo,
    "why": _why,
    "threshold": _threshold,
    "role": _role,
    "health": lambda words: Health(),  # noqa: ARG005  # as with "help"
    "help": lambda words: Help(),  # noqa: ARG005  # "help anything" is answered with all of it
}
