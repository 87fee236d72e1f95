"""Telegram HTML and plain words inside the length limits; no tag or entity is ever divided."""

import html
import re
from collections.abc import Iterator, Sequence

from telegram.constants import MessageLimit

from bot.channels.splitting import CHARACTER, ELLIPSIS, Token, chunks, tokens
from bot.domain.utf16 import units

LONGEST = int(MessageLimit.MAX_TEXT_LENGTH)  # counted after the entities are parsed
_HTML = re.compile(rf"<[^<>]*>|&(?:#\d+|#[xX][0-9a-fA-F]+|[a-zA-Z]+);|{CHARACTER}")
_WORDS = re.compile(CHARACTER)
_TAG = re.compile(r"</?([a-zA-Z0-9-]+)")


def split_html(text: str, limit: int = LONGEST) -> list[str]:
    """The text as valid messages: what is open at a cut is closed and opened again after it."""
    if units(text) <= limit:
        return [text]
    return list(_messages(text, limit)) or [text]


def cut_html(text: str, limit: int = LONGEST) -> str:
    """The text, or its beginning over a line with an ellipsis."""
    if units(text) <= limit or sum(token.width for token in _parsed(text)) <= limit:
        return text
    return f"{_closed(_first(_parsed(text), limit), [])[0]}\n{ELLIPSIS}"


def cut_words(words: str, limit: int = LONGEST) -> str:
    """The same for words without markup."""
    if units(words) <= limit:
        return words
    return f"{''.join(token.raw for token in _first(tokens(_WORDS, words), limit))}\n{ELLIPSIS}"


def words_of(text: str) -> str:
    """What people read of it, without markup."""
    return html.unescape("".join(token.raw for token in _parsed(text) if token.width))


def _messages(text: str, limit: int) -> Iterator[str]:
    """Parts that show something; Telegram refuses those that show nothing."""
    open_tags: list[str] = []
    for chunk in chunks(_parsed(text), limit):
        part, open_tags = _closed(chunk, open_tags)
        if any(token.width and html.unescape(token.raw).strip() for token in chunk):
            yield part


def _parsed(text: str) -> list[Token]:
    return [_as_shown(token) for token in tokens(_HTML, text)]


def _as_shown(token: Token) -> Token:
    """A tag shows nothing, an entity one character."""
    if len(token.raw) < 3:
        return token
    if token.raw[0] == "<":
        return Token(token.raw, 0)
    return Token(token.raw, units(html.unescape(token.raw))) if token.raw[0] == "&" else token


def _first(whole: Sequence[Token], limit: int) -> Sequence[Token]:
    """The beginning, with room for the ellipsis under it; no blank line between them."""
    first = next(chunks(whole, limit - 2))
    while first and first[-1].raw.isspace():
        first = first[:-1]
    return first


def _closed(chunk: Sequence[Token], open_tags: list[str]) -> tuple[str, list[str]]:
    """A part that is valid by itself, and the tags that the next one has to open again."""
    begun = list(open_tags)
    for token in chunk:
        if token.width or not (name := _name(token.raw)):
            continue
        if not token.raw.startswith("</"):
            begun.append(token.raw)
        elif begun and _name(begun[-1]) == name:
            begun.pop()
    closing = "".join(f"</{_name(tag)}>" for tag in reversed(begun))
    return "".join([*open_tags, *(token.raw for token in chunk), closing]), begun


def _name(tag: str) -> str:
    found = _TAG.match(tag)
    return found.group(1).lower() if found else ""
