"""The payloads of commands, clicks and modals, and what a filled-in form looks like.

https://docs.slack.dev/interactivity
"""

import re
from typing import Any

from bot.sandbox.slack_blocks import TEXT_INPUTS, elements_of
from bot.sandbox.slack_state import APP_ID, TEAM, Channel, Slack, SlackMessage, User, View
from bot.sandbox.state import Json

TOKEN = "verification-token"  # noqa: S105  deprecated by Slack, still in every payload
PICKED = {
    "users_select": "selected_user",
    "conversations_select": "selected_conversation",
    "channels_select": "selected_channel",
    "datepicker": "selected_date",
    "timepicker": "selected_time",
    "datetimepicker": "selected_date_time",
}
INITIAL = {
    "users_select": "initial_user",
    "conversations_select": "initial_conversation",
    "channels_select": "initial_channel",
    "datepicker": "initial_date",
    "timepicker": "initial_time",
    "datetimepicker": "initial_date_time",
}
ONE_OPTION = ("static_select", "external_select", "radio_buttons", "overflow")
MANY_OPTIONS = ("checkboxes", "multi_static_select", "multi_external_select")


def escaped(slack: Slack, text: str) -> str:
    """https://docs.slack.dev/interactivity/implementing-slash-commands#command_payload_descriptions
    should_escape: @person and #channel arrive with ids, &, < and > as entities."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    users = {user.name: user.id for user in slack.users.values()}
    channels = {channel.name: channel.id for channel in slack.channels.values()}

    def person(match: re.Match[str]) -> str:
        name = match.group(1)
        return f"<@{users[name]}|{name}>" if name in users else match.group()

    def channel(match: re.Match[str]) -> str:
        name = match.group(1)
        return f"<#{channels[name]}|{name}>" if name in channels else match.group()

    return re.sub(r"(?<!\S)#([\w-]+)", channel, re.sub(r"(?<!\S)@([\w.-]+)", person, text))


def common(user: User) -> Json:
    person = {"id": user.id, "username": user.name, "name": user.name, "team_id": TEAM["id"]}
    return {
        "user": person,
        "team": {"id": TEAM["id"], "domain": TEAM["domain"]},
        "api_app_id": APP_ID,
        "token": TOKEN,
        "enterprise": None,
        "is_enterprise_install": False,
    }


def slash(slack: Slack, user: User, channel: Channel, command: str, text: str) -> Json:
    """https://docs.slack.dev/interactivity/implementing-slash-commands"""
    return {
        "token": TOKEN,
        "team_id": TEAM["id"],
        "team_domain": TEAM["domain"],
        "channel_id": channel.id,
        "channel_name": "directmessage" if channel.im_with else channel.name,
        "user_id": user.id,
        "user_name": user.name,
        "command": command,
        "text": escaped(slack, text),
        "api_app_id": APP_ID,
        "is_enterprise_install": "false",
        "response_url": slack.new_response_url(user.id, channel.id),
        "trigger_id": slack.new_trigger(user.id),
    }


def message_press(slack: Slack, user: User, message: SlackMessage, action: Json) -> Json:
    """https://docs.slack.dev/reference/interaction-payloads/block_actions-payload"""
    channel = slack.channels[message.channel]
    ephemeral = message.ephemeral_for is not None
    return {
        "type": "block_actions",
        **common(user),
        "container": {
            "type": "message",
            "message_ts": message.ts,
            "channel_id": channel.id,
            "is_ephemeral": ephemeral,
        },
        "channel": {"id": channel.id, "name": channel.name or "directmessage"},
        # what the app gets of an ephemeral message is only that it is there
        **({} if ephemeral else {"message": message.as_api()}),
        "state": {"values": {}},
        "response_url": slack.new_response_url(user.id, channel.id, message.ts),
        "trigger_id": slack.new_trigger(user.id),
        "actions": [action],
    }


def view_press(slack: Slack, user: User, view: View, action: Json) -> Json:
    return {
        "type": "block_actions",
        **common(user),
        "container": {"type": "view", "view_id": view.id},
        "view": view.as_api(),
        "trigger_id": slack.new_trigger(user.id, view.id),
        "actions": [action],
    }


def action_of(block: Json, element: Json, value: Any, ts: str) -> Json:
    """One entry of `actions`: what was pressed, and with which choice."""
    kept: Json = {name: element[name] for name in ("text", "style") if name in element}
    base: Json = {"action_id": element.get("action_id", ""), "block_id": block["block_id"]}
    kind = element["type"]
    if kind == "button":
        value = element.get("value") if value is None else value
        filled: Json = {} if value is None else {"value": value}
        return {**base, "type": kind, **kept, **filled, "action_ts": ts}
    return {**base, **filled_in(element, value), "action_ts": ts}


def filled_in(element: Json, value: Any) -> Json:
    """https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload state"""
    kind = element["type"]
    body: Json = {"type": kind}
    if kind in TEXT_INPUTS:
        value = element.get("initial_value") if value is None else str(value)
        return {**body, "value": value or None}
    if kind in ONE_OPTION:
        chosen = option(element, value) if value is not None else element.get("initial_option")
        return {**body, "selected_option": chosen}
    if kind in MANY_OPTIONS:
        chosen = [option(element, v) for v in value] if value is not None else None
        return {**body, "selected_options": chosen or element.get("initial_options") or []}
    if kind in PICKED:
        return {**body, PICKED[kind]: value if value is not None else element.get(INITIAL[kind])}
    return {**body, "value": value}


def option(element: Json, value: Any) -> Json:
    groups = element.get("option_groups") or []
    every = list(element.get("options") or []) + [o for g in groups for o in g["options"]]
    for found in every:
        if found.get("value") == value:
            return dict(found)
    return {"text": {"type": "plain_text", "text": str(value)}, "value": value}


def fill_form(view: View, values: dict[str, Json]) -> dict[str, str]:
    """Writes `values` into the view's state; returns what Slack itself refuses, by block."""
    state: dict[str, Json] = {}
    missing: dict[str, str] = {}
    for block in view.body["blocks"]:
        for element in elements_of(block):
            action = str(element.get("action_id", ""))
            given = values.get(block["block_id"], {}).get(action)
            if element["type"] == "button":
                continue
            filled = filled_in(element, given)
            state.setdefault(block["block_id"], {})[action] = filled
            answers = [v for k, v in filled.items() if k != "type"]
            if block.get("type") == "input" and not block.get("optional") and not any(answers):
                missing[block["block_id"]] = "Please complete this required field."
    view.state = {"values": state}
    return missing
