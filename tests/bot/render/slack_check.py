"""What Slack would refuse: slack_sdk's models, and the limits that they do not know."""

import re
from collections.abc import Iterator
from typing import Any

from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.basic_objects import JsonObject
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View as Modal

from bot.domain.forms import SlackBlocks

BLOCKS, MODAL_BLOCKS, MESSAGE = 50, 100, 13_000
LIMITS = {"header": 150, "button": 75, "section": 3000, "field": 2000, "option": 75}
# All that may stand in angle brackets: mentions of people we name on purpose.
MEANT = re.compile(r"<@(U0ADA|U1)>")
MARKUP = re.compile(r"<[^>]*>?|>")
ENTITY = re.compile(r"&(?!amp;|lt;|gt;)")


def problems(rendered: SlackBlocks) -> list[str]:
    """In words; empty when Slack takes it and nothing in it mentions or links."""
    blocks = list(rendered.blocks)
    found = [] if rendered.text.strip() else ["no fallback text"]
    found += markup(rendered.text)
    if not 0 < len(blocks) <= BLOCKS:
        found.append(f"{len(blocks)} blocks")
    if sum(len(text["text"]) for text in texts(blocks)) > MESSAGE:
        found.append("msg_blocks_too_long")
    return found + checked(blocks)


def modal_problems(view: dict[str, Any]) -> list[str]:
    """The same for a modal."""
    found = _valid(Modal(**view))
    if len(view["blocks"]) > MODAL_BLOCKS or len(view["private_metadata"]) > 3000:
        found.append("too large")
    return found + checked(view["blocks"])


def checked(blocks: list[dict[str, Any]]) -> list[str]:
    """Blocks wherever they stand."""
    models = Block.parse_all(blocks)
    found = [f"unknown block {b['type']}" for b, m in zip(blocks, models, strict=True) if m is None]
    found += [problem for model in models if model is not None for problem in _valid(model)]
    found += [problem for text in texts(blocks) for problem in _text(text)]
    ids = [block["block_id"] for block in blocks if "block_id" in block]
    found += ["a block_id twice"] if len(ids) != len(set(ids)) else []
    return found + [problem for block in blocks for problem in _block(block)]


def _valid(model: JsonObject) -> list[str]:
    try:
        model.validate_json()
        model.to_dict()
    except SlackObjectFormationError as error:
        return [str(error)]
    return []


def _block(block: dict[str, Any]) -> list[str]:
    """Action ids are unique in a block; lengths where they depend on the place."""
    found = []
    actions = [item["action_id"] for item in block.get("elements", []) if "action_id" in item]
    if len(actions) != len(set(actions)):
        found.append("an action_id twice in a block")
    if any("<" in item["text"]["text"] for item in block.get("elements", []) if "value" in item):
        found.append("markup in a label")
    for field in block.get("fields", []):
        found += ["a long field"] if len(field["text"]) > LIMITS["field"] else []
    if block["type"] == "section" and len(block.get("text", {}).get("text", "")) > 3000:
        found.append("a long section")
    return found


def _text(text: dict[str, Any]) -> list[str]:
    found = [] if text["text"].strip() else ["an empty text"]
    if any("\ud800" <= char <= "\udfff" for char in text["text"]):
        found.append("half a surrogate pair")
    if text["type"] == "plain_text":
        return found + (["angle brackets in plain text"] if "<" in text["text"] else [])
    return found + markup(text["text"]) + ([] if text.get("verbatim") else ["links come alive"])


def markup(text: str) -> list[str]:
    """Mentions and links that nobody meant, and half escapes."""
    rest = MEANT.sub("", text)
    return [f"markup {m.group()!r}" for m in (*MARKUP.finditer(rest), *ENTITY.finditer(rest))]


def texts(part: object) -> Iterator[dict[str, Any]]:
    """Every text object inside."""
    if isinstance(part, list):
        for item in part:
            yield from texts(item)
    elif isinstance(part, dict):
        if part.get("type") in ("mrkdwn", "plain_text"):
            yield part
        for item in part.values():
            yield from texts(item)
