"""Texts that are longer than a platform takes: cut between lines, words, at worst characters.

A token is never divided: a tag, an entity, or a character with all that belongs to it.
"""

import re
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from bot.domain.sending import InDoubt, NotSent, RetryAfter
from bot.domain.utf16 import units

Part = TypeVar("Part")
ELLIPSIS = "…"
# Accents, variation selectors, skin tones and what a joiner glues on; flags are pairs of letters.
_TAIL = "[\u0300-\u036f\u1ab0-\u1aff\u20d0-\u20ff\ufe00-\ufe0f\U0001f3fb-\U0001f3ff]"
CHARACTER = rf"[\U0001f1e6-\U0001f1ff]{{2}}|[\s\S](?:{_TAIL}|\u200d[\s\S]){{0,16}}"


@dataclass(frozen=True, slots=True)
class Token:
    """`width` is what the platform counts of it, in UTF-16 code units."""

    raw: str
    width: int


def tokens(pattern: re.Pattern[str], text: str) -> list[Token]:
    """The text as `pattern` divides it, each token as wide as it is long."""
    return [Token(found.group(), units(found.group())) for found in pattern.finditer(text)]


def chunks(whole: Sequence[Token], limit: int) -> Iterator[Sequence[Token]]:
    """As few runs as fit into `limit` each; together they are the whole."""
    start = 0
    while start < len(whole):
        end = _reach(whole, start, limit)
        if end < len(whole):
            end = _place_to_cut(whole, start, end)
        yield whole[start:end]
        start = end


def _reach(whole: Sequence[Token], start: int, limit: int) -> int:
    used = 0
    for place in range(start, len(whole)):
        used += whole[place].width
        if used > limit:
            return max(place, start + 1)
    return len(whole)


def _place_to_cut(whole: Sequence[Token], start: int, end: int) -> int:
    """After the last line end of the second half, else after its last blank, else at the end."""
    for mark in ("\n", " "):
        for place in range(end, (start + end) // 2, -1):
            if whole[place - 1].raw == mark:
                return place
    return end


async def one_by_one(parts: Sequence[Part], put: Callable[[Part], Awaitable[str]]) -> str:
    """Post the parts in their order; returns the reference of the last one.

    Once one of them has left, the whole is no longer certainly not sent: it is in doubt.
    """
    ref = ""
    for number, part in enumerate(parts, start=1):
        try:
            ref = await put(part)
        except (NotSent, RetryAfter) as error:
            if number == 1:
                raise
            raise InDoubt(f"part {number} of {len(parts)}: {error}") from error
    return ref
