"""Whether Telegram takes the token, and the chats that alerts go to."""

import warnings
from collections.abc import AsyncIterator

from telegram import Bot
from telegram.error import BadRequest, Forbidden, InvalidToken, TelegramError
from telegram.warnings import PTBUserWarning

from bot.checking.finding import Finding
from bot.settings import Settings


async def check(settings: Settings) -> AsyncIterator[Finding]:
    bot = Bot(settings.telegram_token, base_url=f"{settings.telegram_api_url.rstrip('/')}/bot")
    try:
        async with bot:
            yield Finding(True, f"Telegram: the bot is @{bot.username}.")
            for chat in settings.telegram_alert_chats:
                if not await _there(bot, chat):
                    yield _not_there(chat)
    except InvalidToken:
        yield Finding(
            False,
            "Telegram: TELEGRAM_BOT_TOKEN is not accepted. Copy it again from @BotFather "
            "(or look at TELEGRAM_API_URL).",
        )
    except TelegramError as error:
        yield Finding(False, f"Telegram: no answer from TELEGRAM_API_URL ({type(error).__name__}).")


async def _there(bot: Bot, chat: str) -> bool:
    """Whether Telegram shows the bot this chat; asked raw, since only that it answers counts."""
    try:
        with warnings.catch_warnings():  # the library would tell the reader to use its own method
            warnings.simplefilter("ignore", PTBUserWarning)
            await bot.do_api_request("getChat", api_kwargs={"chat_id": chat})
    except (BadRequest, Forbidden):
        return False
    return True


def _not_there(chat: str) -> Finding:
    return Finding(
        False,
        f"Telegram: no alert arrives in {chat} of TELEGRAM_ALERT_CHATS: add the bot to that group "
        "(a person must have written to it first), or correct the number.",
    )
