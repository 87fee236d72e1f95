"""Asks Telegram who we are: whether it answers, and whether it takes our token."""

from collections.abc import Awaitable
from typing import Any, Protocol

from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    RetryAfter,
    TelegramError,
)

from bot.domain.health import Reach


class Bot(Protocol):
    """PTB's bot, as far as it is asked here."""

    def get_me(self) -> Awaitable[Any]: ...


async def reach(bot: Bot) -> Reach:
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
