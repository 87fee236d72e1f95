"""Message metadata: what a message may carry, and what is shown of it.

https://docs.slack.dev/messaging/message-metadata and, for the payload's form,
https://docs.slack.dev/messaging/message-metadata/designing-metadata-event-schema
"""

import re

from bot.sandbox.slack_params import SlackParams
from bot.sandbox.slack_state import SlackError, SlackMessage
from bot.sandbox.state import Json

NAME = re.compile(r"[a-z][A-Za-z0-9_]*")
PLAIN = (str, int, float, bool)


def given(params: SlackParams) -> Json | None:
    """The metadata of a new message; None without. SlackError when it must not be sent."""
    try:
        found = params.json("metadata")
    except SlackError:
        raise SlackError("invalid_metadata_format") from None
    if found is None:
        return None
    check(found)
    kept: Json = found
    return kept


def changed(params: SlackParams) -> Json:
    """What an update changes of it: "If you don't include this field, the message's previous
    metadata will be retained. To remove previous metadata, include an empty object".

    https://docs.slack.dev/reference/methods/chat.update
    """
    if params.values.get("metadata") is None:
        return {}
    return {"metadata": given(params)}


def check(found: object) -> None:
    if not isinstance(found, dict):
        raise SlackError("invalid_metadata_format")
    kind, payload = found.get("event_type"), found.get("event_payload")
    if not isinstance(kind, str) or not kind or not isinstance(payload, dict):
        raise SlackError("invalid_metadata_format")
    if not all(NAME.fullmatch(name) and _fits(value) for name, value in payload.items()):
        raise SlackError("invalid_metadata_schema")


def _fits(value: object) -> bool:
    """Plain values, lists of them, and objects that hold no further objects."""
    if isinstance(value, dict):
        return all(isinstance(inner, PLAIN) for inner in value.values())
    if isinstance(value, list):
        return all(isinstance(inner, PLAIN) or _fits(inner) for inner in value)
    return isinstance(value, PLAIN)


def shown(message: SlackMessage, params: SlackParams) -> Json:
    """A message as history and replies show it: all of its metadata only to who asks for it.

    https://docs.slack.dev/reference/methods/conversations.history#arg_include_all_metadata
    """
    body = message.as_api()
    if message.metadata:
        kept = {"event_type": message.metadata.get("event_type")}
        body["metadata"] = message.metadata if params.flag("include_all_metadata") else kept
    return body


def answered(message: SlackMessage) -> Json:
    """A message as the call that wrote it gets it back, with its metadata."""
    body = message.as_api()
    return body | ({"metadata": message.metadata} if message.metadata else {})
