"""What each of Telegram's failures tells the caller to do."""

import httpx
import pytest
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

from bot.channels.telegram_errors import RejectedContent, explain
from bot.domain import sending
from bot.domain.contacts import ContactState


def caused(error: TelegramError, cause: Exception) -> TelegramError:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    "cause",
    [
        httpx.ConnectError("refused"),
        httpx.ConnectTimeout("slow"),
        httpx.PoolTimeout("full"),
        httpx.ProxyError("proxy"),
    ],
)
def test_a_request_that_never_left_was_certainly_not_sent(cause: Exception) -> None:
    for error in (NetworkError("httpx"), TimedOut()):
        assert isinstance(explain(caused(error, cause)), sending.NotSent)


@pytest.mark.parametrize(
    "error",
    [
        caused(TimedOut(), httpx.ReadTimeout("slow")),
        caused(NetworkError("httpx"), httpx.RemoteProtocolError("cut")),
        caused(NetworkError("httpx"), httpx.ReadError("cut")),
        caused(TimedOut(), httpx.WriteTimeout("slow")),
        NetworkError("Bad Gateway"),
        NetworkError("Internal Server Error"),
        TelegramError("Invalid server response"),
        Conflict("somebody else"),
    ],
)
def test_without_an_answer_the_message_may_have_arrived(error: TelegramError) -> None:
    assert isinstance(explain(error), sending.InDoubt)


@pytest.mark.parametrize(
    "words",
    [
        "Forbidden: bot was blocked by the user",
        "Forbidden: bot was kicked from the group chat",
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
    ],
)
def test_content_that_is_refused_is_told_from_missing_rights(words: str) -> None:
    assert isinstance(explain(BadRequest(words)), RejectedContent)
    rights = explain(BadRequest("Bad Request: not enough rights to send text messages to the chat"))
    assert type(rights) is sending.Rejected


def test_a_refused_token_is_not_quoted() -> None:
    error = explain(InvalidToken("The token `123:SECRET` was rejected by the server."))
    assert isinstance(error, sending.NotSent)
    assert "SECRET" not in str(error)
