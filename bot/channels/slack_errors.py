"""What Slack's refusals and broken requests mean: for a send, and for reading back.

The words: docs.slack.dev/reference/methods/chat.postMessage#errors, chat.update#errors and
conversations.history#errors.
"""

import math
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError

from bot.domain.contacts import ContactState
from bot.domain.sending import (
    CannotLook,
    Gone,
    InDoubt,
    MessageLost,
    NotSent,
    Rejected,
    RetryAfter,
    SendError,
    meant,
)

PAUSE = 30.0  # seconds to wait when Slack asks for patience without a number
# The request never left: no connection, no slot in the pool, or a proxy that lets nothing through.
# ConnectionTimeoutError is of the connection; SocketTimeoutError, of the answer, is not here.
NEVER_LEFT = (
    aiohttp.ClientConnectorError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.ClientHttpProxyError,
    aiohttp.InvalidURL,
    aiohttp.NonHttpUrlClientError,
)
_GONE = {
    "channel_not_found",
    "is_archived",
    "is_inactive",
    "user_not_found",
    "users_not_found",
    "user_disabled",
    "cannot_dm_bot",
}
_LOST = {"message_not_found", "edit_window_closed", "cant_update_message"}
# The fault is not the message's: it waits until somebody repairs the token or Slack is back.
# account_inactive speaks of the owner of the token, not of the person who is written to.
_LATER = {
    "accesslimited",
    "account_inactive",
    "external_channel_migrating",
    "invalid_auth",
    "message_limit_exceeded",
    "not_authed",
    "org_login_required",
    "request_timeout",
    "service_unavailable",
    "team_added_to_org",
    "token_expired",
    "token_revoked",
}
# "It's possible some aspect of the operation succeeded before the error was raised."
_DOUBT = {"", "fatal_error", "internal_error", "update_failed"}
_METADATA = {
    "invalid_metadata_format",
    "invalid_metadata_schema",
    "metadata_too_large",
    "metadata_must_be_sent_from_app",
}
_FORM = {
    "block_mismatch",
    "invalid_blocks",
    "invalid_blocks_format",
    "msg_blocks_too_long",
    "msg_too_long",
}
_REINSTALL = "the Slack app lacks a permission; install it again from `slack-manifest`"
_HINTS = {
    "not_in_channel": "the bot is not in this channel; write /invite @ and its name there",
    "channel_not_found": "no such channel, or a private one that the bot was not invited to",
    "missing_scope": _REINSTALL,
    "messages_tab_disabled": "direct messages to the bot are off; see `slack-manifest`",
}


class RejectedContent(Rejected):
    """Slack refuses the form of the message; the plain text of it may pass."""


class RejectedMetadata(RejectedContent):
    """Slack refuses the metadata; the message without it may pass."""


def explain(error: Exception) -> SendError:
    """The SendError that says what to do about an error of slack_sdk or aiohttp."""
    if isinstance(error, SlackApiError):
        return _refusal(error)
    if isinstance(error, NEVER_LEFT):
        return NotSent(type(error).__name__)
    return InDoubt(type(error).__name__)


def explain_look(error: Exception) -> SendError:
    """The same for a request that only reads: making it again changes nothing."""
    found = explain(error)
    if isinstance(found, RetryAfter | NotSent):
        return found
    return NotSent(str(found)) if isinstance(found, InDoubt) else CannotLook(str(found))


def _refusal(error: SlackApiError) -> SendError:
    status, code = status_of(error), code_of(error)
    if status == 429 or code in ("ratelimited", "rate_limited"):
        return RetryAfter(patience_of(error))
    if code in _LATER or (not code and 400 <= status < 500):  # a proxy's page: none of Slack's
        return NotSent(code or f"HTTP {status}")
    if status >= 500 or code in _DOUBT:
        return InDoubt(code or f"HTTP {status}")
    return _final(code, needed_by(error))


def _final(code: str, needed: str) -> SendError:
    words = f"{code}: {_HINTS[code]}" if code in _HINTS else code
    words += f" ({needed})" if needed else ""
    if code in _METADATA:
        return RejectedMetadata(words)
    if code in _GONE:
        return Gone(ContactState.GONE, words)
    if code in _LOST:
        return MessageLost(words)
    return RejectedContent(words) if code in _FORM else Rejected(words)


def code_of(error: SlackApiError) -> str:
    """Slack's word for it ("channel_not_found"); "" when the answer was none of Slack's."""
    data = getattr(error.response, "data", None)
    return str(data.get("error", "")) if isinstance(data, dict) else ""


def needed_by(error: SlackApiError) -> str:
    """The scope that was missing, as Slack names it; else ""."""
    data = getattr(error.response, "data", None)
    return str(data.get("needed", "")) if isinstance(data, dict) else ""


def status_of(error: SlackApiError) -> int:
    # slack_sdk puts aiohttp's response in place of its own when the body is no JSON
    for name in ("status_code", "status"):
        if isinstance(found := getattr(error.response, name, None), int):
            return found
    return 0


def patience_of(error: SlackApiError) -> float:
    """Seconds from the Retry-After header."""
    return seconds_in(getattr(error.response, "headers", None) or {})


def seconds_in(headers: Any) -> float:
    """Retry-After as seconds; PAUSE when there is none that can be read."""
    given = headers.get("Retry-After") or headers.get("retry-after") or ""
    try:
        seconds = float(given)
    except ValueError:
        return PAUSE
    return meant(seconds) if math.isfinite(seconds) and seconds >= 0 else PAUSE
