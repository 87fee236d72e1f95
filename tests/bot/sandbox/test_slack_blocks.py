"""Blocks are refused at the limits that Slack documents, and only there."""

from typing import Any

import pytest

from bot.sandbox.slack_blocks import check_message_blocks, check_view
from bot.sandbox.slack_state import SlackError

Json = dict[str, Any]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def section(text: str = "x", **more: Any) -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}, **more}


def button(text: str = "Go", **more: Any) -> Json:
    return {"type": "button", "action_id": "go", "text": plain(text), **more}


def actions(*elements: Json) -> Json:
    return {"type": "actions", "elements": list(elements)}


def buttons(count: int) -> Json:
    return actions(*(button(action_id=str(n)) for n in range(count)))


def select(count: int, **more: Any) -> Json:
    options = [{"text": plain("o"), "value": str(n)} for n in range(count)]
    return {"type": "static_select", "action_id": "s", "options": options, **more}


def input_block(element: Json) -> Json:
    return {"type": "input", "block_id": "i", "label": plain("L"), "element": element}


FIELD = {"type": "mrkdwn", "text": "f"}
TEXT_INPUT = {"type": "plain_text_input", "action_id": "t"}
GOOD: dict[str, list[Json]] = {
    "50 blocks": [section()] * 50,
    "a section of 3000": [section("x" * 3000)],
    "a header of 150": [{"type": "header", "text": plain("x" * 150)}],
    "10 fields": [{"type": "section", "fields": [FIELD] * 10}],
    "25 elements": [buttons(25)],
    "a button of 75": [actions(button("x" * 75, value="v" * 2000, style="danger"))],
    "the same action_id in two blocks": [actions(button()), section(accessory=button())],
    "100 options": [actions(select(100))],
    "a context of 10": [{"type": "context", "elements": [FIELD] * 10}],
    "an image": [{"type": "image", "image_url": "https://x.test/a.png", "alt_text": "a"}],
    "markdown": [{"type": "markdown", "text": "x" * 12_000}],
    "a table": [{"type": "table", "rows": [[{"type": "raw_text", "text": "x"}] * 20] * 100}],
    "a divider": [{"type": "divider"}],
}
BAD: dict[str, list[Any]] = {
    "51 blocks": [section()] * 51,
    "an unknown block": [{"type": "sectoin"}],
    "no object": ["section"],
    "a section of 3001": [section("x" * 3001)],
    "an empty section": [section("")],
    "a section without anything": [{"type": "section"}],
    "a header of 151": [{"type": "header", "text": plain("x" * 151)}],
    "mrkdwn in a header": [{"type": "header", "text": FIELD}],
    "11 fields": [{"type": "section", "fields": [FIELD] * 11}],
    "a field of 2001": [{"type": "section", "fields": [{"type": "mrkdwn", "text": "x" * 2001}]}],
    "26 elements": [buttons(26)],
    "no elements": [actions()],
    "a button of 76": [actions(button("x" * 76))],
    "mrkdwn in a button": [actions({"type": "button", "text": FIELD})],
    "a value of 2001": [actions(button(value="v" * 2001))],
    "an unknown style": [actions(button(style="loud"))],
    "an action_id twice in a block": [actions(button(), button())],
    "a block_id twice": [section(block_id="b"), section(block_id="b")],
    "an action_id of 256": [actions(button(action_id="x" * 256))],
    "101 options": [actions(select(101))],
    "6 choices in an overflow": [actions(select(6, type="overflow"))],
    "an option of 76": [actions(select(0, options=[{"text": plain("x" * 76), "value": "v"}]))],
    "an option value of 151": [
        actions(select(0, options=[{"text": plain("x"), "value": "v" * 151}]))
    ],
    "a text field in actions": [actions(TEXT_INPUT)],
    "11 in a context": [{"type": "context", "elements": [FIELD] * 11}],
    "an image without words": [{"type": "image", "image_url": "https://x.test/a.png"}],
    "an endless markdown": [{"type": "markdown", "text": "x" * 12_001}],
    "a table of 101 rows": [{"type": "table", "rows": [[]] * 101}],
}


@pytest.mark.parametrize("blocks", GOOD.values(), ids=GOOD)
def test_what_slack_takes_is_taken(blocks: list[Json]) -> None:
    check_message_blocks(blocks)


@pytest.mark.parametrize("blocks", BAD.values(), ids=BAD)
def test_what_slack_refuses_is_refused(blocks: list[Any]) -> None:
    with pytest.raises(SlackError, match="invalid_blocks") as caught:
        check_message_blocks(blocks)
    assert "json-pointer:/blocks" in caught.value.more["errors"][0]


def modal(**more: Any) -> Json:
    base = {"type": "modal", "title": plain("Adjust"), "submit": plain("Save")}
    return {**base, "blocks": [input_block(TEXT_INPUT)], **more}


@pytest.mark.parametrize(
    "view",
    [
        modal(),
        modal(blocks=[section()] * 100, submit=None),
        modal(title=plain("x" * 24), private_metadata="m" * 3000),
        {"type": "home", "blocks": [section()]},
    ],
)
def test_a_view_that_slack_takes_is_taken(view: Json) -> None:
    check_view(view)


@pytest.mark.parametrize(
    "view",
    [
        {"type": "window"},
        modal(blocks=[section()] * 101),
        modal(title=plain("x" * 25)),
        modal(submit=plain("x" * 25)),
        modal(submit=None),
        modal(private_metadata="m" * 3001),
        modal(blocks=[input_block(TEXT_INPUT), input_block(TEXT_INPUT)]),
        modal(blocks=[{**input_block(TEXT_INPUT), "hint": plain("")}]),
    ],
)
def test_a_view_that_slack_refuses_is_refused(view: Json) -> None:
    with pytest.raises(SlackError, match="invalid_arguments"):
        check_view(view)
