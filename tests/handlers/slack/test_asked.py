from typing import Any

import pytest

from bot.domain.contacts import Address, Caller
from bot.domain.staff import AdjustForm
from bot.domain.ways import SLACK
from handlers.slack.asked import (
    TEXT_LENGTH,
    Asked,
    arrival_key,
    form_of,
    metadata_of,
    of_action,
    of_command,
    of_submission,
)

Json = dict[str, Any]
COMMAND: Json = {
    "user_id": "U1",
    "user_name": "ann",
    "channel_id": "C1",
    "text": "MUG",
    "trigger_id": "1.2",
    "response_url": "https://hooks.slack.com/x",
}
PRESS: Json = {
    "user": {"id": "U1", "username": "ann"},
    "trigger_id": "1.2",
    "container": {"channel_id": "C1", "is_ephemeral": True},
    "response_url": "https://hooks.slack.com/x",
}


def view(metadata: str, **values: Json) -> Json:
    state = {block: {"value": filled} for block, filled in values.items()}
    body = {"id": "V2", "root_view_id": "V1", "private_metadata": metadata}
    return {"user": {"id": "U1", "name": "ann"}, "view": body | {"state": {"values": state}}}


def test_a_command_is_kept_with_what_an_answer_needs() -> None:
    asked = Asked.of(of_command(COMMAND))
    assert asked.caller == Caller(Address(SLACK, "U1"), "ann")
    assert (asked.key, asked.channel) == ("slack:command:1.2", "C1")
    assert arrival_key(of_command(COMMAND)) == "command:1.2"


def test_nothing_else_of_slacks_body_is_kept() -> None:
    kept = of_command(COMMAND | {"token": "secret", "team_domain": "shop"})
    assert "secret" not in str(kept)
    assert "shop" not in str(kept)


def test_without_a_trigger_the_same_body_is_the_same_arrival() -> None:
    bare = {key: value for key, value in COMMAND.items() if key != "trigger_id"}
    assert of_command(bare)["key"] == of_command(dict(bare))["key"]
    assert of_command(bare)["key"] != of_command(bare | {"text": "CUP"})["key"]


def test_a_text_is_cut_where_slack_ends() -> None:
    assert len(of_command(COMMAND | {"text": "x" * 9_000})["text"]) == TEXT_LENGTH


def test_two_presses_with_one_trigger_are_two_arrivals() -> None:
    first = of_action(PRESS, {"action_id": "a", "action_ts": "1"})
    second = of_action(PRESS, {"action_id": "a", "action_ts": "2"})
    assert first["key"] != second["key"]
    assert first["channel"] == "C1"
    assert Asked.of(first).alone


def test_a_form_comes_back_as_it_was_filled_in() -> None:
    body = view(
        '{"product_id":7,"channel":"C1","response_url":"r","shown":{"3":20}}',
        location={"type": "static_select", "selected_option": {"value": "3"}},
        mode={"type": "static_select", "selected_option": {"value": "set"}},
        quantity={"type": "plain_text_input", "value": " 5 "},
        reason={"type": "plain_text_input", "value": None},
    )
    payload = of_submission(body)
    assert form_of(payload) == AdjustForm(7, 3, "set", "5", "", 20)
    assert payload["key"] == "slack:view:V1"
    assert Asked.of(payload).response_url == "r"


@pytest.mark.parametrize("metadata", ["", "{", "[]", "7", '{"product_id":"x"}'])
def test_a_view_with_foreign_metadata_is_about_no_product(metadata: str) -> None:
    assert form_of(of_submission(view(metadata))).product_id == 0
    assert isinstance(metadata_of({"private_metadata": metadata}), dict)
