"""What each of Telegram's failures tells the caller to do."""

import aiohttp
import httpx
import pytest
from aiohttp.client_reqrep import ConnectionKey, RequestInfo
from multidict import CIMultiDict, CIMultiDictProxy
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)
from yarl import URL

from bot.channels.telegram_errors import RejectedContent, explain
from bot.domain import sending
from bot.domain.contacts import ContactState


def caused(error: TelegramError, cause: Exception) -> TelegramError:
    error.__cause__ = cause
    return error


HOST = ConnectionKey("127.0.0.1", 1, False, True, None, None, None)
ABOUT = RequestInfo(URL("http://127.0.0.1:1"), "POST", CIMultiDictProxy(CIMultiDict()))


@pytest.mark.parametrize(
    "cause",
    [
        httpx.ConnectError("refused"),
        httpx.ConnectTimeout("slow"),
        httpx.PoolTimeout("full"),
        httpx.ProxyError("proxy"),
        httpx.UnsupportedProtocol("ftp"),
        aiohttp.ClientConnectorError(HOST, OSError("refused")),
        aiohttp.ClientConnectorDNSError(HOST, OSError("no such name")),
        aiohttp.ClientProxyConnectionError(HOST, OSError("refused")),
        aiohttp.ClientConnectorSSLError(HOST, OSError("no handshake")),
        aiohttp.ConnectionTimeoutError("slow, or no slot in the pool"),
        aiohttp.ClientHttpProxyError(ABOUT, (), status=407),
        aiohttp.InvalidURL("http://["),
        aiohttp.NonHttpUrlClientError("ftp://x"),
    ],
    ids=lambda cause: type(cause).__name__,
)
def test_a_request_that_never_left_was_certainly_not_sent(cause: Exception) -> None:
    for error in (NetworkError("words of PTB"), TimedOut()):
        assert isinstance(explain(caused(error, cause)), sending.NotSent)


@pytest.mark.parametrize(
    "error",
    [
        caused(TimedOut(), httpx.ReadTimeout("slow")),
        caused(TimedOut(), httpx.WriteTimeout("slow")),
        caused(NetworkError("httpx"), httpx.RemoteProtocolError("cut")),
        caused(NetworkError("httpx"), httpx.ReadError("cut")),
        caused(NetworkError("httpx"), httpx.WriteError("cut")),
        caused(TimedOut(), aiohttp.SocketTimeoutError("slow")),
        caused(TimedOut(), TimeoutError("total")),
        caused(NetworkError("aiohttp"), aiohttp.ServerDisconnectedError()),
        caused(NetworkError("aiohttp"), aiohttp.ClientOSError("reset")),
        caused(NetworkError("aiohttp"), aiohttp.ClientPayloadError("cut")),
        NetworkError("Bad Gateway"),
        NetworkError("Internal Server Error"),
        NetworkError("Internal Server Error: restart"),
        NetworkError("Gateway Timeout (504)"),
        TelegramError("Invalid server response"),
    ],
    ids=repr,
)
def test_without_an_answer_the_message_may_have_arrived(error: TelegramError) -> None:
    assert isinstance(explain(error), sending.InDoubt)


@pytest.mark.parametrize("error", [Forbidden, BadRequest, NetworkError])
def test_a_page_that_is_not_telegrams_took_no_message_and_says_nothing_of_the_chat(
    error: type[TelegramError],
) -> None:
    page = error("Forbidden (403). Parsing the server response b'<html>blocked by the user' failed")
    found = explain(caused(page, TelegramError("Invalid server response")))
    assert isinstance(found, sending.NotSent)


def test_a_page_over_5xx_leaves_it_in_doubt() -> None:
    page = NetworkError("Bad Gateway (502). Parsing the server response b'<html>(404)' failed")
    found = explain(caused(page, TelegramError("Invalid server response")))
    assert isinstance(found, sending.InDoubt)


def test_somebody_elses_conflict_took_no_message() -> None:
    assert isinstance(explain(Conflict("terminated by other getUpdates")), sending.NotSent)


@pytest.mark.parametrize(
    "words", ["Request Entity Too Large", "Request Entity Too Large (413)", "Locked (423)"]
)
def test_any_other_refusal_is_final(words: str) -> None:
    assert type(explain(NetworkError(words))) is sending.Rejected


@pytest.mark.parametrize(
    "words",
    [
        "Forbidden: bot was blocked by the user",
        "Forbidden: bot was kicked from the group chat",
        "Forbidden: bot was kicked from the supergroup chat",
        "Forbidden: bot is not a member of the channel chat",
        "Forbidden: bot can't initiate conversation with a user",
    ],
)
def test_who_blocked_the_bot_may_come_back(words: str) -> None:
    gone = explain(Forbidden(words))
    assert isinstance(gone, sending.Gone)
    assert gone.state is ContactState.BLOCKED


@pytest.mark.parametrize(
    "error",
    [
        Forbidden("Forbidden: user is deactivated"),
        Forbidden("Forbidden: the group chat was deleted"),
        Forbidden("Forbidden: bot can't send messages to bots"),
        BadRequest("Bad Request: chat not found"),
        BadRequest("Bad Request: group chat was deactivated"),
        BadRequest("Bad Request: PEER_ID_INVALID"),
    ],
)
def test_a_deleted_account_or_chat_is_gone(error: TelegramError) -> None:
    gone = explain(error)
    assert isinstance(gone, sending.Gone)
    assert gone.state is ContactState.GONE


def test_a_group_that_became_a_supergroup_names_its_new_address() -> None:
    moved = explain(ChatMigrated(-1002000000001))
    assert isinstance(moved, sending.Moved)
    assert moved.new_address == "-1002000000001"


@pytest.mark.filterwarnings("ignore:.*retry_after")
def test_too_many_requests_says_how_long_to_wait() -> None:
    later = explain(RetryAfter(7))
    assert isinstance(later, sending.RetryAfter)
    assert later.seconds == 7.0


@pytest.mark.parametrize("words", ["Too Many Requests", "Too Many Requests (429)"])
def test_too_many_requests_without_a_number_waits_half_a_minute(words: str) -> None:
    later = explain(NetworkError(words))
    assert isinstance(later, sending.RetryAfter)
    assert later.seconds == 30.0


def test_an_edit_that_changes_nothing_is_told_from_one_without_a_message() -> None:
    same = explain(
        BadRequest(
            "Bad Request: message is not modified: specified new message content and reply markup"
            " are exactly the same as a current content and reply markup of the message"
        )
    )
    assert isinstance(same, sending.Unchanged)
    for words in (
        "Bad Request: message to edit not found",
        "Bad Request: message can't be edited",
        "Bad Request: MESSAGE_ID_INVALID",
        "Bad Request: there is no text in the message to edit",
        "Bad Request: query is too old and response timeout expired or query ID is invalid",
    ):
        assert isinstance(explain(BadRequest(words)), sending.MessageLost)


@pytest.mark.parametrize(
    "words",
    [
        "Bad Request: can't parse entities: unsupported start tag",
        "Bad Request: BUTTON_DATA_INVALID",
        "Bad Request: inline keyboard button URL 'x' is invalid: wrong HTTP URL",
        "Bad Request: message is too long",
        "Bad Request: MESSAGE_TOO_LONG",
        "Bad Request: message caption is too long",
        "Bad Request: MEDIA_CAPTION_TOO_LONG",
        "Bad Request: reply markup is too long",
        "Bad Request: REPLY_MARKUP_INVALID",
        "Bad Request: wrong HTTP URL specified",
    ],
)
def test_content_that_is_refused_is_told_from_missing_rights(words: str) -> None:
    assert isinstance(explain(BadRequest(words)), RejectedContent)
    for rights in (
        BadRequest("Bad Request: not enough rights to send text messages to the chat"),
        BadRequest("Bad Request: CHAT_WRITE_FORBIDDEN"),
        BadRequest("Bad Request: message text is empty"),
        Forbidden("Forbidden: not enough rights to send text messages to the chat"),
    ):
        assert type(explain(rights)) is sending.Rejected


def test_a_refused_token_is_not_quoted() -> None:
    error = explain(InvalidToken("The token `123:SECRET` was rejected by the server."))
    assert isinstance(error, sending.NotSent)
    assert "SECRET" not in str(error)
