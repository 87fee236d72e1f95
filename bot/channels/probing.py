"""Asks a platform who we are: whether it answers, and whether it takes our token."""

from collections.abc import Awaitable
from typing import Any, Protocol

import aiohttp
from slack_sdk.errors import SlackApiError
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    RetryAfter,
    TelegramError,
)

from bot.channels.slack_errors import status_of
from bot.domain import sending
from bot.domain.health import Reach

# docs.slack.dev/reference/methods/auth.test#errors
_REFUSED = {"invalid_auth", "not_authed", "account_inactive", "token_expired", "token_revoked"}


class TelegramBot(Protocol):
    """PTB's bot, as far as it is asked here."""

    def get_me(self) -> Awaitable[Any]: ...


class SlackClient(Protocol):
    """The paced client, as far as it is asked here."""

    def auth_test(self) -> Awaitable[Any]: ...


async def telegram(bot: TelegramBot) -> Reach:
    """What getMe says. It needs no turn and writes into no chat."""
    try:
        await bot.get_me()
    except (InvalidToken, Forbidden):
        return Reach.REFUSES
    except (BadRequest, ChatMigrated, Conflict, RetryAfter):
        return Reach.ANSWERS
    except TelegramError:  # no connection, no answer in time, an error on Telegram's side
        return Reach.SILENT
    return Reach.ANSWERS


async def slack(client: SlackClient) -> Reach:
    """What auth.test says."""
    try:
        await client.auth_test()
    except SlackApiError as error:
        return _refusal(error)
    except sending.RetryAfter:
        return Reach.ANSWERS
    except (aiohttp.ClientError, TimeoutError, OSError):
        return Reach.SILENT
    return Reach.ANSWERS


def _refusal(error: SlackApiError) -> Reach:
    if error.response.get("error") in _REFUSED:
        return Reach.REFUSES
    return Reach.SILENT if status_of(error) >= 500 else Reach.ANSWERS
