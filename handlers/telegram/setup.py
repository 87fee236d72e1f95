"""What the bot shows before anybody writes to it: its commands and descriptions, per language."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import Any

import structlog
from telegram import BotCommandScopeAllPrivateChats
from telegram.error import BadRequest, Forbidden, InvalidToken, TelegramError
from telegram.ext import ExtBot

from bot.render import telegram as render
from bot.render.voice import View
from handlers.telegram.connection import wait_after
from handlers.telegram.waiting import Backoff, pause, until_stopped

log = structlog.get_logger(__name__)
Call = Callable[[], Awaitable[bool]]
PRIVATE = BotCommandScopeAllPrivateChats()  # in groups the bot takes no commands
FOR_ALL = None  # the entry without a language, for everybody whose language has none


class Profile:
    """Registers the commands and the descriptions in each language of the catalogue."""

    def __init__(self, bot: ExtBot[Any], view: View, backoff: Backoff) -> None:
        self._bot = bot
        self._view = view
        self._backoff = backoff

    async def run(self, stop: asyncio.Event) -> None:
        """Until all of it is registered, or `stop`."""
        for call in self._calls():
            while not stop.is_set() and not await self._done(call, stop):
                pass

    def _calls(self) -> Iterator[Call]:
        texts = self._view.texts
        yield from self._in_language(texts.pick(""), FOR_ALL)
        for language in texts.languages:
            yield from self._in_language(language, two_letters(language))

    def _in_language(self, language: str, code: str | None) -> Iterator[Call]:
        bot, view = self._bot, self._view
        commands = render.command_list(view, language)
        yield partial(bot.set_my_commands, commands, scope=PRIVATE, language_code=code)
        words = render.description(view, language)
        yield partial(bot.set_my_description, words, language_code=code)
        words = render.short_description(view, language)
        yield partial(bot.set_my_short_description, words, language_code=code)

    async def _done(self, call: Call, stop: asyncio.Event) -> bool:
        """False when it should be tried again. What Telegram refuses is left as it was."""
        try:
            await until_stopped(_awaited(call), stop)
        except (BadRequest, Forbidden, InvalidToken) as refused:
            # InvalidToken is PTB's word for 404 too: a server that does not know the method.
            log.warning("telegram profile refused", reason=type(refused).__name__)
        except TelegramError as error:
            log.info("telegram profile later", reason=str(error))
            await pause(stop, wait_after(error, self._backoff))
            return False
        return True


async def _awaited(call: Call) -> bool:
    return await call()


def two_letters(language: str) -> str:
    """Telegram's language codes are ISO 639-1: zh_CN is zh."""
    return language.partition("_")[0]
