"""Telegram's failures, told in the words of bot.domain.sending. The only place that reads them.

The texts are those of the Bot API server (core.telegram.org/bots/api#making-requests: a human
readable `description`; only `parameters` are machine readable, so the rest is matched by text;
github.com/tdlib/telegram-bot-api, Client::fail_query_with_error, makes them).
"""

import datetime as dtm
import re

import aiohttp
import httpx
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    RetryAfter,
    TelegramError,
)

from bot.domain import sending
from bot.domain.contacts import ContactState

# The request never left: no connection, no slot in the pool, a proxy or an address that is none.
# aiohttp's ConnectionTimeoutError is of the connection or of the pool; SocketTimeoutError, of the
# answer, is not here.
NEVER_LEFT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    aiohttp.ClientConnectorError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.ClientHttpProxyError,
    aiohttp.InvalidURL,
    aiohttp.NonHttpUrlClientError,
)
PAUSE = 30.0  # seconds to wait when Telegram asks for patience without a number
COMES_BACK = (
    "blocked by the user",
    "user_is_blocked",
    "kicked",
    "initiate conversation",
    "not a member",
)
NOBODY = (
    "chat not found",
    "user not found",
    "user is deactivated",
    "user_deactivated",
    "peer_id_invalid",
    "group chat was deactivated",
    "chat was deleted",
    "to bots",
)
LOST = (
    "message to edit not found",
    "message can't be edited",
    "message_id_invalid",
    "message_edit_time_expired",
    "message identifier is not specified",
    "no text in the message to edit",
    "query is too old",
    "query id is invalid",
)
CONTENT = (
    "parse entities",
    "button",
    "keyboard",
    "reply markup",
    "reply_markup",
    "too long",
    "too_long",
    "url",
    "entit",
)
# PTB names the status where the answer brought no words: "Request Entity Too Large (413)".
_STATUS = re.compile(r"[\w' -]+ \(4\d\d\)")
_LONGEST = 300  # characters of a reason: PTB quotes whole pages


class RejectedContent(sending.Rejected):
    """Telegram refuses the markup, a button or the length: plainer words may pass."""


def explain(error: TelegramError) -> sending.SendError:
    """What this failure tells the caller to do."""
    if isinstance(error, RetryAfter):
        return sending.RetryAfter(seconds_of(error))
    if isinstance(error, ChatMigrated):
        return sending.Moved(str(error.new_chat_id))
    if isinstance(error, InvalidToken):
        # PTB's text may quote the token. Nothing was sent, and a corrected token can send it.
        return sending.NotSent("Telegram does not accept the token")
    words = error.message[:_LONGEST]
    if isinstance(error, (Forbidden, BadRequest)) and not _is_a_strangers(error):
        return _explain_refusal(error, words)
    if isinstance(error.__cause__, NEVER_LEFT) or isinstance(error, Conflict):
        return sending.NotSent(words)
    return _explain_status(error, words)


def seconds_of(error: RetryAfter) -> float:
    """PTB gives an int or a timedelta, as the PTB_TIMEDELTA switch says."""
    wait = error.retry_after
    told = wait.total_seconds() if isinstance(wait, dtm.timedelta) else float(wait)
    return sending.meant(told)


def _is_a_strangers(error: TelegramError) -> bool:
    """PTB could not read the answer: a page of some proxy, no word of Telegram's."""
    return isinstance(error.__cause__, TelegramError)


def _explain_status(error: TelegramError, words: str) -> sending.SendError:
    """Whatever answered 4xx took no message; without an answer, and after 5xx, nobody knows."""
    said = words.lower()
    if said.startswith("too many requests"):
        return sending.RetryAfter(PAUSE)
    if _STATUS.match(said) and _is_a_strangers(error):
        return sending.NotSent(words)
    if _STATUS.match(said) or "entity too large" in said:
        return sending.Rejected(words)
    return sending.InDoubt(words)


def _explain_refusal(error: Forbidden | BadRequest, words: str) -> sending.SendError:
    said = words.lower()
    if "message is not modified" in said:
        return sending.Unchanged(words)
    if _says(said, LOST):
        return sending.MessageLost(words)
    if _says(said, COMES_BACK):
        return sending.Gone(ContactState.BLOCKED, words)
    if _says(said, NOBODY):
        return sending.Gone(ContactState.GONE, words)
    if isinstance(error, BadRequest) and _says(said, CONTENT):
        return RejectedContent(words)
    return sending.Rejected(words)


def _says(words: str, phrases: tuple[str, ...]) -> bool:
    return any(phrase in words for phrase in phrases)
