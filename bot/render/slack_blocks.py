"""Block Kit pieces, each inside Slack's limits. https://docs.slack.dev/reference/block-kit"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from bot.domain.forms import Button, SlackBlocks
from bot.domain.utf16 import units
from bot.render.customer_parts import Row, Said
from bot.render.escape import Safe, truncate
from bot.render.voice import STYLES, View, Voice, lines, speak

Block = dict[str, Any]

BLOCKS = 50  # of a message
SECTION, FIELD, HEADER, BUTTON, OPTION = 2900, 1900, 140, 70, 70  # a little under the limits
FIELDS, ELEMENTS = 10, 25
MESSAGE = 11_000  # all text of a message; Slack refuses about 13,200: msg_blocks_too_long
FALLBACK = 3000
LINE = "line_"  # begins the actions of customers


def voice(view: View, language: str) -> Voice:
    return speak(view, language, STYLES[SlackBlocks])


def mrkdwn(text: str) -> Block:
    """`verbatim`: addresses and @names in the text stay text."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def plain(text: str, limit: int = BUTTON) -> Block:
    return {"type": "plain_text", "text": truncate(text, limit) or "…", "emoji": False}


def header(text: str) -> Block:
    return {"type": "header", "text": plain(text, HEADER)}


def section(text: str, accessory: Block | None = None) -> Block:
    block: Block = {"type": "section", "text": mrkdwn(text)}
    return block if accessory is None else {**block, "accessory": accessory}


def fields(pairs: Iterable[tuple[str, str]], head: str | None = None) -> Block:
    """Label over value, two columns on a desk, one on a phone."""
    cells = [mrkdwn(f"*{label}*\n{value}") for label, value in pairs][:FIELDS]
    block: Block = {"type": "section", "fields": cells}
    return block if head is None else {"type": "section", "text": mrkdwn(head), "fields": cells}


def context(*parts: str | None) -> Block | None:
    """Small print; None when there is none."""
    text = lines(*[part for part in parts if part])
    return {"type": "context", "elements": [mrkdwn(text)]} if text else None


def button(label: str, action: str, value: str, style: str = "") -> Block:
    block: Block = {"type": "button", "text": plain(label), "action_id": action}
    block |= {"value": value} if value else {}
    return block | ({"style": style} if style else {})


def actions(*buttons: Block | None) -> Block | None:
    there = [item for item in buttons if item is not None]
    return {"type": "actions", "elements": there[:ELEMENTS]} if there else None


def show_button(say: Voice, product_id: int) -> Block:
    return button(say.label("button.show"), "stock_show", str(product_id))


def link_button(label: str, url: str) -> Block:
    """Slack tells of a press on it too; nobody listens, and it is acknowledged."""
    return {**button(label, "link", ""), "url": url}


def message(fallback: str, *blocks: Block | None) -> SlackBlocks:
    """`fallback` is what a phone's push and a screen reader say."""
    there = tuple(block for block in blocks if block is not None)
    return SlackBlocks(text=fallback, blocks=there)


def note(text: Safe, *blocks: Block | None) -> SlackBlocks:
    """One paragraph, and what belongs to it."""
    return message(text, section(text), *blocks)


def in_blocks(words: Callable[[Voice, Any], Said]) -> Callable[[Voice, Any], SlackBlocks]:
    """What is told in every form, in this one."""

    def told(say: Voice, data: Any) -> SlackBlocks:  # what `words` takes
        made = words(say, data)
        sections, _ = packed(made.text.split("\n"))
        buttons = [actions(*group) for row in made.rows for group in _apart(row)]
        return message(words(say.quiet, data).text, *sections, *buttons[: BLOCKS - len(sections)])

    return told


def _apart(row: Row) -> Iterator[list[Block]]:
    """The buttons of a row; two that do the same stand in two blocks, as Slack demands."""
    group: list[Block] = []
    for made in map(_pressed, row):
        if made["action_id"] in [other["action_id"] for other in group]:
            yield group
            group = []
        group.append(made)
    yield group


def _pressed(made: Button) -> Block:
    """`sub:7:1` is the action line_sub with the value 7:1."""
    if made.url:
        return link_button(made.text, made.url)
    verb, _, numbers = made.data.partition(":")
    return button(made.text, f"{LINE}{verb}", numbers)


def fitting(blocks: Iterable[Block], room: int = MESSAGE // 2) -> list[Block]:
    """The first blocks whose text fits into `room`."""
    fit: list[Block] = []
    for block in blocks:
        room -= _size(block)
        if room < 0:
            break
        fit.append(block)
    return fit


def _size(block: Block) -> int:
    parts = [block.get("text"), *block.get("fields", []), *block.get("elements", [])]
    return sum(units(part["text"]) for part in parts if part and isinstance(part["text"], str))


def packed(entries: Sequence[str], room: int = MESSAGE, most: int = 40) -> tuple[list[Block], int]:
    """Lines into as few sections as hold them; also how many lines are shown."""
    blocks: list[Block] = []
    text, shown, used = "", 0, 0
    for entry in entries:
        used += units(entry) + 1
        if used > room:
            break
        longer = f"{text}\n{entry}" if text else entry
        if units(longer) > SECTION:
            if len(blocks) + 1 >= most:
                break
            blocks.append(section(text))
            longer = entry
        text, shown = longer, shown + 1
    return ([*blocks, section(text)] if text else blocks), shown
