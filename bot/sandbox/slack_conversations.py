"""conversations.*, users.* and auth.test: what the bot can look up."""

from collections.abc import Callable
from typing import Any

from bot.sandbox.slack_params import SlackParams
from bot.sandbox.slack_state import APP_ID, BOT_ID, BOT_USER, TEAM, Slack, SlackError, SlackMessage
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


def list_conversations(slack: Slack, params: SlackParams) -> Json:
    types = (params.text("types") or "public_channel").split(",")
    found = []
    for channel in slack.channels.values():
        kind = "private_channel" if channel.is_private else "public_channel"
        kind = "im" if channel.im_with else kind
        archived = channel.archived and params.flag("exclude_archived")
        if kind in types and not archived:
            found.append(channel.as_api())
    return page(found, params, "channels")


def conversation_info(slack: Slack, params: SlackParams) -> Json:
    return {"channel": slack.channel(params.text("channel")).as_api()}


def in_range(ts: str, params: SlackParams) -> bool:
    oldest, latest = params.text("oldest") or "0", params.text("latest") or "9" * 20
    if params.flag("inclusive"):
        return float(oldest) <= float(ts) <= float(latest)
    return float(oldest) < float(ts) < float(latest)


def with_metadata(message: SlackMessage, params: SlackParams) -> Json:
    """https://docs.slack.dev/messaging/message-metadata#retrieving"""
    body = message.as_api()
    if message.metadata:
        kept = {"event_type": message.metadata.get("event_type")}
        body["metadata"] = message.metadata if params.flag("include_all_metadata") else kept
    return body


def history(slack: Slack, params: SlackParams) -> Json:
    """https://docs.slack.dev/reference/methods/conversations.history: newest first."""
    channel = slack.channel(params.text("channel"))
    if not channel.member:
        raise SlackError("not_in_channel")
    found = [
        with_metadata(message, params)
        for message in reversed(channel.messages.values())
        if in_range(message.ts, params) and message.thread_ts in (None, message.ts)
    ]
    return page(found, params, "messages")


def replies(slack: Slack, params: SlackParams) -> Json:
    channel = slack.channel(params.text("channel"))
    root = params.text("ts")
    if root not in channel.messages:
        raise SlackError("thread_not_found")
    thread = [m for m in channel.messages.values() if root in (m.ts, m.thread_ts)]
    return page([with_metadata(m, params) for m in thread], params, "messages")


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
# https://docs.slack.dev/reference/scopes; a method that is not here needs none
NEEDED = {
    "chat.postMessage": "chat:write",
    "chat.postEphemeral": "chat:write",
    "chat.update": "chat:write",
    "chat.delete": "chat:write",
    "conversations.list": "channels:read",
    "conversations.info": "channels:read",
    "conversations.history": "channels:history",
    "conversations.replies": "channels:history",
    "conversations.open": "im:write",
    "conversations.join": "channels:join",
    "users.info": "users:read",
    "users.list": "users:read",
}
