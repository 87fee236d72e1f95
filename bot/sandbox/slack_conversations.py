"""conversations.*, users.* and auth.test: what the bot can look up."""

import base64
import binascii
from collections.abc import Callable
from typing import Any

from bot.sandbox.slack_metadata import shown
from bot.sandbox.slack_params import SlackParams
from bot.sandbox.slack_state import APP_ID, BOT_ID, BOT_USER, TEAM, Channel, Slack, SlackError
from bot.sandbox.state import Json


def auth_test(slack: Slack, _params: SlackParams) -> Json:
    """https://docs.slack.dev/reference/methods/auth.test"""
    return {
        "url": f"{slack.world.url}/",
        "team": TEAM["name"],
        "team_id": TEAM["id"],
        "user": slack.users[BOT_USER].name,
        "user_id": BOT_USER,
        "bot_id": BOT_ID,
        "app_id": APP_ID,
        "is_enterprise_install": False,
    }


def page(found: list[Json], params: SlackParams, name: str) -> Json:
    """https://docs.slack.dev/apis/web-api/pagination"""
    start = params.number("cursor", 0)
    end = start + (params.number("limit", 100) or 100)
    cursor = str(end) if end < len(found) else ""
    more = {"next_cursor": cursor}
    return {name: found[start:end], "response_metadata": more, "has_more": bool(cursor)}


def kind_of(channel: Channel) -> str:
    if channel.im_with:
        return "im"
    return "private_channel" if channel.is_private else "public_channel"


# https://docs.slack.dev/reference/scopes: each kind of conversation has its own
FAMILY = {"public_channel": "channels", "private_channel": "groups", "im": "im", "mpim": "mpim"}


def need(slack: Slack, scope: str) -> None:
    if scope not in slack.scopes:
        raise SlackError("missing_scope", needed=scope, provided=",".join(slack.scopes))


def list_conversations(slack: Slack, params: SlackParams) -> Json:
    """https://docs.slack.dev/reference/methods/conversations.list"""
    types = (params.text("types") or "public_channel").split(",")
    if not set(types) <= set(FAMILY):
        raise SlackError("invalid_types")
    for kind in types:
        need(slack, f"{FAMILY[kind]}:read")
    found = [
        channel.as_api()
        for channel in slack.channels.values()
        if kind_of(channel) in types
        and not (channel.archived and params.flag("exclude_archived"))
        and (channel.member or not channel.is_private)
    ]
    return page(found, params, "channels")


def conversation_info(slack: Slack, params: SlackParams) -> Json:
    return {"channel": slack.channel(params.text("channel")).as_api()}


def readable(slack: Slack, params: SlackParams) -> Channel:
    """By its id alone, no #name, no person: "Conversation ID to fetch history for"."""
    channel = slack.channels.get(params.text("channel"))
    if channel is None or (channel.is_private and not channel.member):
        raise SlackError("channel_not_found")
    need(slack, f"{FAMILY[kind_of(channel)]}:history")
    if not channel.member:
        raise SlackError("not_in_channel")
    return channel


def moment(params: SlackParams, name: str, default: float) -> float:
    text = params.text(name)
    try:
        return float(text) if text else default
    except ValueError:
        raise SlackError(f"invalid_ts_{name}") from None


def in_range(ts: str, oldest: float, latest: float, params: SlackParams) -> bool:
    if params.flag("inclusive"):
        return oldest <= float(ts) <= latest
    return oldest < float(ts) < latest


def before_cursor(params: SlackParams) -> str:
    """A cursor names the newest message of the next page, whatever was posted meanwhile."""
    cursor = params.text("cursor")
    if not cursor:
        return "9" * 20
    try:
        kind, _, ts = base64.b64decode(cursor, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise SlackError("invalid_cursor") from None
    if kind != "next_ts":
        raise SlackError("invalid_cursor")
    return ts


def history(slack: Slack, params: SlackParams) -> Json:
    """https://docs.slack.dev/reference/methods/conversations.history: newest first, no replies.

    "Fewer than the requested number of items may be returned"; "Maximum of 999", default 100.
    """
    channel = readable(slack, params)
    oldest, latest = moment(params, "oldest", 0.0), moment(params, "latest", float("9" * 20))
    newest = before_cursor(params)
    found = [
        message
        for message in reversed(channel.messages.values())
        if in_range(message.ts, oldest, latest, params)
        and float(message.ts) <= float(newest)
        and message.thread_ts in (None, message.ts)
    ]
    limit = min(params.number("limit", 100) or 100, 999)
    answer: Json = {
        "messages": [shown(message, params) for message in found[:limit]],
        "has_more": len(found) > limit,
    }
    if len(found) > limit:
        cursor = base64.b64encode(f"next_ts:{found[limit].ts}".encode()).decode()
        answer["response_metadata"] = {"next_cursor": cursor}
    return answer


def replies(slack: Slack, params: SlackParams) -> Json:
    channel = readable(slack, params)
    root = params.text("ts")
    if root not in channel.messages:
        raise SlackError("thread_not_found")
    thread = [m for m in channel.messages.values() if root in (m.ts, m.thread_ts)]
    return page([shown(m, params) for m in thread], params, "messages")


def open_conversation(slack: Slack, params: SlackParams) -> Json:
    user = params.text("users") or params.text("user")
    if user not in slack.users:
        raise SlackError("user_not_found")
    channel = slack.direct(user)
    full = channel.as_api() if params.flag("return_im") else {"id": channel.id}
    return {"channel": full}


def join(slack: Slack, params: SlackParams) -> Json:
    channel = slack.channel(params.text("channel"))
    if channel.is_private or channel.im_with:
        raise SlackError("method_not_supported_for_channel_type")
    channel.member = True
    slack.world.changes.bump()
    return {"channel": channel.as_api()}


def user_info(slack: Slack, params: SlackParams) -> Json:
    user = slack.users.get(params.text("user"))
    if user is None:
        raise SlackError("user_not_found")
    return {"user": user.as_api()}


def list_users(slack: Slack, params: SlackParams) -> Json:
    return page([user.as_api() for user in slack.users.values()], params, "members")


Method = Callable[[Slack, SlackParams], Any]
METHODS: dict[str, Method] = {
    "auth.test": auth_test,
    "conversations.list": list_conversations,
    "conversations.info": conversation_info,
    "conversations.history": history,
    "conversations.replies": replies,
    "conversations.open": open_conversation,
    "conversations.join": join,
    "users.info": user_info,
    "users.list": list_users,
}
# https://docs.slack.dev/reference/scopes; a method that is not here needs none, or looks itself
NEEDED = {
    "chat.postMessage": "chat:write",
    "chat.postEphemeral": "chat:write",
    "chat.update": "chat:write",
    "chat.delete": "chat:write",
    "conversations.info": "channels:read",
    "conversations.open": "im:write",
    "conversations.join": "channels:join",
    "users.info": "users:read",
    "users.list": "users:read",
}
