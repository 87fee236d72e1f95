"""chat.* and response_url: the messages that the bot writes and changes."""

from collections.abc import Callable
from typing import Any

from bot.sandbox import slack_metadata
from bot.sandbox.slack_blocks import check_message_blocks
from bot.sandbox.slack_params import SlackParams
from bot.sandbox.slack_state import (
    BOT_USER,
    Channel,
    ResponseUrl,
    Slack,
    SlackError,
    SlackMessage,
)
from bot.sandbox.state import Json

MAX_TEXT = 40_000  # https://docs.slack.dev/reference/methods/chat.postMessage#truncating
MAX_UPDATE_TEXT = 4_000  # https://docs.slack.dev/reference/methods/chat.update#errors
# https://docs.slack.dev/interactivity/handling-user-interaction#message_responses
RESPONSE_URL_USES = 5
RESPONSE_URL_SECONDS = 30 * 60


def writable(slack: Slack, params: SlackParams) -> Channel:
    channel = slack.channel(params.text("channel"))
    if channel.archived:
        raise SlackError("is_archived")
    if not channel.member:
        raise SlackError("not_in_channel")
    return channel


def content(slack: Slack, params: SlackParams, limit: int) -> Json:
    """text, blocks, attachments, as they are kept; SlackError when they must not be sent."""
    text = params.text("text")
    blocks, attachments = params.json("blocks"), params.json("attachments")
    if not text and not blocks and not attachments:
        raise SlackError("no_text")
    if len(text) > limit:
        raise SlackError("msg_too_long")
    check_message_blocks(blocks)
    return {"text": text, "blocks": slack.named_blocks(blocks), "attachments": attachments}


def post_message(slack: Slack, params: SlackParams) -> Json:
    channel = writable(slack, params)
    thread = params.text("thread_ts") or None
    message = SlackMessage(
        channel.id,
        slack.new_ts(),
        BOT_USER,
        thread_ts=thread,
        metadata=slack_metadata.given(params),
        # a reply in a thread does not make the channel unread
        pings=thread is None or params.flag("reply_broadcast"),
        **content(slack, params, MAX_TEXT),
    )
    slack.add_message(message)
    answered = slack_metadata.answered(message)
    return {"channel": channel.id, "ts": message.ts, "message": answered}


def post_ephemeral(slack: Slack, params: SlackParams) -> Json:
    """https://docs.slack.dev/reference/methods/chat.postEphemeral"""
    channel = writable(slack, params)
    user = params.text("user")
    if user not in slack.users:
        raise SlackError("user_not_in_channel")
    fields = content(slack, params, MAX_TEXT)
    message = SlackMessage(channel.id, slack.new_ts(), BOT_USER, ephemeral_for=user, **fields)
    slack.add_message(message)
    return {"message_ts": message.ts}


def own_message(slack: Slack, params: SlackParams, refusal: str) -> SlackMessage:
    channel = slack.channel(params.text("channel"))
    message = channel.messages.get(params.text("ts"))
    if message is None:
        raise SlackError("message_not_found")
    if message.user != BOT_USER:
        raise SlackError(refusal)
    return message


def change(slack: Slack, message: SlackMessage, fields: Json) -> None:
    for name, value in fields.items():
        setattr(message, name, value)
    message.edits += 1
    message.edited_ts = slack.new_ts()
    slack.world.changes.bump()


def update(slack: Slack, params: SlackParams) -> Json:
    """https://docs.slack.dev/reference/methods/chat.update; ephemeral messages are not found."""
    message = own_message(slack, params, "cant_update_message")
    fields = content(slack, params, MAX_UPDATE_TEXT)
    # "If you don't include blocks, the message's previous blocks will only be retained if the text
    # argument is not provided. If you don't include attachments, ... will be retained."
    if "blocks" not in params.values and not params.text("text"):
        del fields["blocks"]
    if "attachments" not in params.values:
        del fields["attachments"]
    change(slack, message, fields | slack_metadata.changed(params))
    body = {"channel": message.channel, "ts": message.ts, "text": message.text}
    return {**body, "message": slack_metadata.answered(message)}


def delete(slack: Slack, params: SlackParams) -> Json:
    message = own_message(slack, params, "cant_delete_message")
    slack.channels[message.channel].messages.pop(message.ts)
    slack.world.changes.bump()
    return {"channel": message.channel, "ts": message.ts}


def permalink(slack: Slack, params: SlackParams) -> Json:
    channel = slack.channel(params.text("channel"))
    ts = params.text("message_ts")
    if ts not in channel.messages:
        raise SlackError("message_not_found")
    link = f"{slack.world.url}/archives/{channel.id}/p{ts.replace('.', '')}"
    return {"channel": channel.id, "permalink": link}


def respond(slack: Slack, key: str, params: SlackParams) -> None:
    """One use of a response_url."""
    ticket = slack.response_urls.get(key)
    if ticket is None or slack.world.clock() - ticket.at > RESPONSE_URL_SECONDS:
        raise SlackError("expired_url", status=404)
    if ticket.uses >= RESPONSE_URL_USES:
        raise SlackError("used_url", status=404)
    original = find_original(slack, ticket)
    if params.flag("delete_original"):
        ticket.uses += 1
        remove(slack, original)
        return
    fields = content(slack, params, MAX_TEXT)
    ticket.uses += 1
    if params.flag("replace_original") and original:
        change(slack, original, fields)
        return
    answer_in_channel(slack, ticket.channel, ticket.user, params, fields)


def find_original(slack: Slack, ticket: ResponseUrl) -> SlackMessage | None:
    ts = ticket.message_ts or ""
    return slack.ephemerals.get(ts) or slack.channels[ticket.channel].messages.get(ts)


def remove(slack: Slack, message: SlackMessage | None) -> None:
    if message is not None:
        slack.ephemerals.pop(message.ts, None)
        slack.channels[message.channel].messages.pop(message.ts, None)
    slack.world.changes.bump()


def answer_in_channel(
    slack: Slack, channel: str, user: str, params: SlackParams, fields: Json
) -> SlackMessage:
    """A new message for the person alone, or for all with response_type in_channel."""
    shared = params.text("response_type") == "in_channel"
    message = SlackMessage(
        channel,
        slack.new_ts(),
        BOT_USER,
        thread_ts=params.text("thread_ts") or None,
        ephemeral_for=None if shared else user,
        pings=shared,
        **fields,
    )
    return slack.add_message(message)


Method = Callable[[Slack, SlackParams], Any]
METHODS: dict[str, Method] = {
    "chat.postMessage": post_message,
    "chat.postEphemeral": post_ephemeral,
    "chat.update": update,
    "chat.delete": delete,
    "chat.getPermalink": permalink,
}
