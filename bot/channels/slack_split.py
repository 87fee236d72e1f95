"""Slack messages inside the limits: long texts become more blocks, many blocks more messages.

docs.slack.dev/reference/block-kit/blocks, docs.slack.dev/reference/methods/chat.postMessage.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from bot.channels.splitting import CHARACTER, ELLIPSIS, chunks, tokens
from bot.domain.forms import SlackBlocks
from bot.domain.utf16 import units

Block = dict[str, Any]

LONGEST = 3_900  # of a message's text; chat.update refuses more than 4,000
BLOCKS = 50
SECTION, HEADER = 3_000, 150
SHOWN = 12_000  # of all blocks together; about 13,200 are msg_blocks_too_long
_MRKDWN = re.compile(rf"<[^<>\n]*>|&(?:amp|lt|gt);|{CHARACTER}")


def parts_of(rendered: SlackBlocks) -> list[SlackBlocks]:
    """The message as messages that fit. Only the last one carries the metadata."""
    if rendered.blocks:
        bare = replace(rendered, text=cut_text(rendered.text), blocks=(), metadata={})
        parts = [replace(bare, blocks=tuple(group)) for group in _groups(_fitting(rendered.blocks))]
    else:
        parts = [replace(rendered, text=text, metadata={}) for text in _texts(rendered.text)]
    return [*parts[:-1], replace(parts[-1], metadata=rendered.metadata)]


def cut(rendered: SlackBlocks) -> SlackBlocks:
    """The message, or its beginning over a line with an ellipsis: what an edit can show."""
    if not rendered.blocks:
        return replace(rendered, text=cut_text(rendered.text))
    first, *rest = parts_of(rendered)
    if not rest:
        return first
    room = _groups(_fitting(rendered.blocks), BLOCKS - 1)
    more = {"type": "context", "elements": [{"type": "mrkdwn", "text": ELLIPSIS}]}
    return replace(first, blocks=(*next(room), more), metadata=rendered.metadata)


def cut_text(text: str, limit: int = LONGEST) -> str:
    """The text, or its beginning over a line with an ellipsis."""
    if units(text) <= limit:
        return text
    return f"{_texts(text, limit - 2)[0].rstrip()}\n{ELLIPSIS}"


def _texts(text: str, limit: int = LONGEST) -> list[str]:
    """The text in parts, none of them blank; a mention, link or escape is in one of them."""
    if units(text) <= limit:
        return [text]
    cuts = chunks(tokens(_MRKDWN, text), limit)
    parts = ["".join(token.raw for token in chunk) for chunk in cuts]
    return [part for part in parts if part.strip()] or [text[:limit]]


def _fitting(blocks: Iterable[Block]) -> Iterator[Block]:
    """The blocks, those with too long a text as several."""
    for block in blocks:
        text = block.get("text", {})
        if block["type"] == "header" and units(text["text"]) > HEADER:
            yield from _sections({"type": "section", "text": text})
        elif block["type"] == "section" and units(text.get("text", "")) > SECTION:
            yield from _sections(block)
        else:
            yield block


def _sections(block: Block) -> Iterator[Block]:
    """What belongs to the section (a button, fields) stays with its last piece."""
    *earlier, last = _texts(block["text"]["text"], SECTION)
    for piece in earlier:
        yield {"type": "section", "text": {**block["text"], "text": piece}}
    yield {**block, "text": {**block["text"], "text": last}}


def _groups(blocks: Iterable[Block], most: int = BLOCKS) -> Iterator[list[Block]]:
    """As many blocks a message as it takes."""
    group: list[Block] = []
    used = 0
    for block in blocks:
        size = _size(block)
        if group and (len(group) == most or used + size > SHOWN):
            yield group
            group, used = [], 0
        group.append(block)
        used += size
    yield group


def _size(block: Block) -> int:
    parts = [block.get("text"), *block.get("fields", []), *block.get("elements", [])]
    found = [part.get("text") for part in parts if isinstance(part, dict)]
    return sum(units(text) for text in found if isinstance(text, str))
