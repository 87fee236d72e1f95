"""Telegram's failures, told in the words of bot.domain.sending. The only place that reads them.

The texts are those of the Bot API server (core.telegram.org/bots/api#making-requests: a human
readable `description`; only `parameters` are machine readable, so the rest is matched by text).
"""

import datetime as dtm

import httpx
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    RetryAfter,
    TelegramError,
)

from bot.domain import sending
from bot.domain.contacts import ContactState

# The request never left: no connection, or no slot in the pool.
NEVER_LEFT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)
COMES_BACK = ("blocked by the user", "kicked", "initiate conversation", "not a member")
NOBODY = (
    "chat not found",
    "user not found",
    "user is deactivated",
    "peer_id_invalid",
    "group chat was deactivated",
    "chat was deleted",
    "to bots",
)
LOST = (
    "message to edit not found",
    "message can't be edited",
    "message_id_invalid",
    "message identifier is not specified",
    "query is too old",
    "query id is invalid",
)
CONTENT = ("parse entities", "button", "keyboard", "too long", "url", "entit")


class RejectedContent(sending.Rejected):
    """Telegram refuses the markup, a button or the length: plainer words may pass."""


def explain(error: TelegramError) -> sending.SendError:
    """What this failure tells the caller to do."""
    if isinstance(error, RetryAfter):
        return sending.RetryAfter(seconds_of(error))
    if isinstance(error, ChatMigrated):
        return sending.Moved(str(error.new_chat_id))
    if isinstance(error, (Forbidden, BadRequest)):
        return _explain_refusal(error)
    if isinstance(error, InvalidToken):
        # PTB's text may quote the token. Nothing was sent, and a corrected token can send it.
        return sending.NotSent("Telegram does not accept the token")
    if isinstance(error.__cause__, NEVER_LEFT):
        return sending.NotSent(error.message)
    return sending.InDoubt(error.message)


def seconds_of(error: RetryAfter) -> float:
    """PTB gives an int or a timedelta, as the PTB_TIMEDELTA switch says."""
    wait = error.retry_after
    return wait.total_seconds() if isinstance(wait, dtm.timedelta) else float(wait)


def _explain_refusal(error: Forbidden | BadRequest) -> sending.SendError:
    words = error.message.lower()
    if "message is not modified" in words:
        return sending.Unchanged(error.message)
    if _says(words, LOST):
        return sending.MessageLost(error.message)
    if _says(words, COMES_BACK):
        return sending.Gone(ContactState.BLOCKED, error.message)
    if _says(words, NOBODY):
        return sending.Gone(ContactState.GONE, error.message)
    if isinstance(error, BadRequest) and _says(words, CONTENT):
        return RejectedContent(error.message)
    return sending.Rejected(error.message)


def _says(words: str, phrases: tuple[str, ...]) -> bool:
    return any(phrase in words for phrase in phrases)
