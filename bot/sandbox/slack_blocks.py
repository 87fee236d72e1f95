"""What Slack refuses in blocks, with the limits of https://docs.slack.dev/reference/block-kit"""

import json
from collections.abc import Callable, Iterator
from typing import Any

from bot.sandbox.slack_state import SlackError
from bot.sandbox.state import Json

MESSAGE_BLOCKS = 50
VIEW_BLOCKS = 100
MESSAGE_TEXT = 13_200  # not documented; measured in https://github.com/slackapi/bolt-js/issues/2509
VIEW_BYTES = 250_000  # https://docs.slack.dev/reference/methods/views.open#errors
Problems = Iterator[tuple[str, str]]  # (json pointer, words)

TEXT_INPUTS = ("plain_text_input", "number_input", "email_text_input", "url_text_input")
SELECTS = (
    "static_select",
    "external_select",
    "users_select",
    "conversations_select",
    "channels_select",
)
PICKERS = ("datepicker", "timepicker", "datetimepicker")
CHOICES = ("overflow", "checkboxes", "radio_buttons")
INTERACTIVE = (
    "button",
    *SELECTS,
    *(f"multi_{name}" for name in SELECTS),
    *PICKERS,
    *CHOICES,
)
ELEMENTS = (*INTERACTIVE, *TEXT_INPUTS, "rich_text_input", "file_input", "image")
BUTTON_TEXT, BUTTON_VALUE, ACTION_ID, BLOCK_ID = 75, 2000, 255, 255
OPTIONS, OPTION_TEXT, OPTION_VALUE, OVERFLOW_OPTIONS = 100, 75, 150, 5


def text_problems(text: Any, at: str, limit: int, kinds: tuple[str, ...]) -> Problems:
    """https://docs.slack.dev/reference/block-kit/composition-objects/text-object"""
    if not isinstance(text, dict) or text.get("type") not in kinds:
        yield at, f"must be a text object of type {' or '.join(kinds)}"
        return
    words = text.get("text")
    if not isinstance(words, str) or not words:
        yield f"{at}/text", "must be more than 0 characters"
    elif len(words) > limit:
        yield f"{at}/text", f"must be less than {limit + 1} characters"


BOTH, PLAIN = ("plain_text", "mrkdwn"), ("plain_text",)


def section(block: Json, at: str) -> Problems:
    """https://docs.slack.dev/reference/block-kit/blocks/section-block"""
    fields = block.get("fields")
    if "text" in block:
        yield from text_problems(block["text"], f"{at}/text", 3000, BOTH)
    elif not fields:
        yield at, "missing required field: text"
    if fields is not None and not 1 <= len(fields) <= 10:
        yield f"{at}/fields", "no more than 10 items allowed"
    for index, field in enumerate(fields or []):
        yield from text_problems(field, f"{at}/fields/{index}", 2000, BOTH)
    if "accessory" in block:
        yield from element(block["accessory"], f"{at}/accessory", ELEMENTS)


def header(block: Json, at: str) -> Problems:
    """https://docs.slack.dev/reference/block-kit/blocks/header-block"""
    yield from text_problems(block.get("text"), f"{at}/text", 150, PLAIN)


def actions(block: Json, at: str) -> Problems:
    """https://docs.slack.dev/reference/block-kit/blocks/actions-block"""
    elements = block.get("elements") or []
    if not 1 <= len(elements) <= 25:
        yield f"{at}/elements", "must have between 1 and 25 items"
    for index, part in enumerate(elements):
        yield from element(part, f"{at}/elements/{index}", INTERACTIVE)


def context(block: Json, at: str) -> Problems:
    """https://docs.slack.dev/reference/block-kit/blocks/context-block"""
    elements = block.get("elements") or []
    if not 1 <= len(elements) <= 10:
        yield f"{at}/elements", "must have between 1 and 10 items"
    for index, part in enumerate(elements):
        if part.get("type") != "image":
            yield from text_problems(part, f"{at}/elements/{index}", 3000, BOTH)


def input_block(block: Json, at: str) -> Problems:
    """https://docs.slack.dev/reference/block-kit/blocks/input-block"""
    yield from text_problems(block.get("label"), f"{at}/label", 2000, PLAIN)
    if block.get("hint") is not None:
        yield from text_problems(block["hint"], f"{at}/hint", 2000, PLAIN)
    yield from element(block.get("element") or {}, f"{at}/element", ELEMENTS)


def image(block: Json, at: str) -> Problems:
    """https://docs.slack.dev/reference/block-kit/blocks/image-block"""
    if not block.get("image_url") and not block.get("slack_file"):
        yield at, "missing required field: image_url"
    if not block.get("alt_text"):
        yield at, "missing required field: alt_text"


def markdown(block: Json, at: str) -> Problems:
    """https://docs.slack.dev/reference/block-kit/blocks/markdown-block"""
    if not 1 <= len(str(block.get("text", ""))) <= 12_000:
        yield f"{at}/text", "must be between 1 and 12000 characters"


def table(block: Json, at: str) -> Problems:
    """https://docs.slack.dev/reference/block-kit/blocks/table-block"""
    rows = block.get("rows") or []
    if not 1 <= len(rows) <= 100:
        yield f"{at}/rows", "must have between 1 and 100 items"
    for index, row in enumerate(rows):
        if len(row) > 20:
            yield f"{at}/rows/{index}", "no more than 20 items allowed"


def anything(_block: Json, _at: str) -> Problems:
    yield from ()


BLOCKS: dict[str, Callable[[Json, str], Problems]] = {
    "section": section,
    "header": header,
    "actions": actions,
    "context": context,
    "input": input_block,
    "image": image,
    "markdown": markdown,
    "table": table,
    "divider": anything,
    "rich_text": anything,
    "video": anything,
    "file": anything,
}


def element(part: Json, at: str, allowed: tuple[str, ...]) -> Problems:
    """https://docs.slack.dev/reference/block-kit/block-elements"""
    kind = part.get("type")
    if kind not in allowed:
        yield at, f"unsupported type: {kind}"
        return
    if len(str(part.get("action_id", ""))) > ACTION_ID:
        yield f"{at}/action_id", f"must be less than {ACTION_ID + 1} characters"
    if kind == "button":
        yield from button(part, at)
    if "options" in part or kind in ("static_select", "overflow"):
        yield from options(part, at)


def button(part: Json, at: str) -> Problems:
    """https://docs.slack.dev/reference/block-kit/block-elements/button-element"""
    yield from text_problems(part.get("text"), f"{at}/text", BUTTON_TEXT, PLAIN)
    if len(str(part.get("value", ""))) > BUTTON_VALUE:
        yield f"{at}/value", f"must be less than {BUTTON_VALUE + 1} characters"
    if part.get("style") not in (None, "primary", "danger"):
        yield f"{at}/style", "must be one of: primary, danger"
    if len(str(part.get("url", ""))) > 3000:
        yield f"{at}/url", "must be less than 3001 characters"


def options(part: Json, at: str) -> Problems:
    """https://docs.slack.dev/reference/block-kit/composition-objects/option-object"""
    found = part.get("options") or []
    most = OVERFLOW_OPTIONS if part.get("type") == "overflow" else OPTIONS
    if not part.get("option_groups") and not 1 <= len(found) <= most:
        yield f"{at}/options", f"must have between 1 and {most} items"
    for index, option in enumerate(found):
        where = f"{at}/options/{index}"
        yield from text_problems(option.get("text"), f"{where}/text", OPTION_TEXT, BOTH)
        if len(str(option.get("value", ""))) > OPTION_VALUE:
            yield f"{where}/value", f"must be less than {OPTION_VALUE + 1} characters"


def elements_of(block: Json) -> list[Json]:
    """Whatever in a block can be pressed or filled in."""
    single = [block[name] for name in ("accessory", "element") if isinstance(block.get(name), dict)]
    return single + (list(block.get("elements") or []) if block.get("type") == "actions" else [])


def duplicates(blocks: list[Json]) -> Problems:
    """ids "should be unique": block_id in the message, action_id in its block."""
    seen: set[str] = set()
    for index, block in enumerate(blocks):
        block_id = block.get("block_id")
        if block_id and block_id in seen:
            yield f"/blocks/{index}/block_id", f'"{block_id}" already exists'
        seen.add(str(block_id))
        actions_seen: set[str] = set()
        for part in elements_of(block):
            action = part.get("action_id")
            if action and action in actions_seen:
                yield f"/blocks/{index}", f'`action_id` "{action}" already exists'
            actions_seen.add(str(action))


def block_problems(blocks: Any, limit: int) -> Problems:
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        yield "/blocks", "must be an array of blocks"
        return
    if len(blocks) > limit:
        yield "/blocks", f"no more than {limit} items allowed"
    for index, block in enumerate(blocks):
        at, kind = f"/blocks/{index}", block.get("type")
        if kind not in BLOCKS:
            yield at, f"unsupported type: {kind}"
            continue
        if len(str(block.get("block_id", ""))) > BLOCK_ID:
            yield f"{at}/block_id", f"must be less than {BLOCK_ID + 1} characters"
        yield from BLOCKS[kind](block, at)
    yield from duplicates(blocks)


def texts(part: Any) -> Iterator[str]:
    """Every text that a reader sees."""
    if isinstance(part, dict):
        if isinstance(part.get("text"), str):
            yield part["text"]
        for value in part.values():
            yield from texts(value)
    elif isinstance(part, list):
        for value in part:
            yield from texts(value)


def check_message_blocks(blocks: Any) -> None:
    """https://docs.slack.dev/reference/methods/chat.postMessage#errors invalid_blocks"""
    if sum(map(len, texts(blocks))) > MESSAGE_TEXT:
        raise SlackError("msg_blocks_too_long")
    found = list(block_problems(blocks or [], MESSAGE_BLOCKS))
    if found:
        words = [f"{problem} [json-pointer:{at}]" for at, problem in found]
        raise SlackError("invalid_blocks", *(f"[ERROR] {line}" for line in words), errors=words)


def view_problems(view: Any) -> Problems:
    """https://docs.slack.dev/reference/views"""
    if not isinstance(view, dict) or view.get("type") not in ("modal", "home"):
        yield "/type", "must be one of: modal, home"
        return
    yield from block_problems(view.get("blocks"), VIEW_BLOCKS)
    if len(str(view.get("private_metadata", ""))) > 3000:
        yield "/private_metadata", "must be less than 3001 characters"
    if view["type"] == "home":
        return
    yield from text_problems(view.get("title"), "/title", 24, PLAIN)
    for name in ("submit", "close"):
        if view.get(name) is not None:
            yield from text_problems(view[name], f"/{name}", 24, PLAIN)
    has_input = any(block.get("type") == "input" for block in view.get("blocks") or [])
    if has_input and not view.get("submit"):
        yield "/submit", "missing required field: submit"


def check_view(view: Any) -> None:
    if len(json.dumps(view)) > VIEW_BYTES:
        raise SlackError("view_too_large")
    found = list(view_problems(view))
    if found:
        lines = (f"[ERROR] {problem} [json-pointer:{at}]" for at, problem in found)
        raise SlackError("invalid_arguments", *lines)
