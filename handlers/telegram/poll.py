"""Long polling that stores what arrives before Telegram forgets it."""

import asyncio
from typing import Any

import structlog
from telegram import Update
from telegram.error import Conflict, InvalidToken, TelegramError
from telegram.ext import ExtBot

from bot.domain.faults import DatabaseDown
from handlers.telegram.arrivals import ALLOWED_UPDATES, AcceptMany, arrival_of
from handlers.telegram.connection import persist, wait_after
from handlers.telegram.raw_updates import LONG_POLL, raw
from handlers.telegram.waiting import Backoff, TokenRefused, pause, until_stopped

log = structlog.get_logger(__name__)
NOT_STORED = 1.0  # seconds until updates are fetched again that could not be stored
NOTHING: tuple[Update, ...] = ()


class Poller:
    """Fetches updates batch by batch: fetch, store in one commit, and only then confirm.

    Telegram takes an update as confirmed when a later call asks for a higher offset, so a process
    that is killed anywhere in between gets the batch again; the arrival key drops the repeats.
    """

    def __init__(self, bot: ExtBot[Any], accept_many: AcceptMany, backoff: Backoff) -> None:
        self._bot = bot
        self._accept_many = accept_many
        self._backoff = backoff
        self._offset: int | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`. Raises TokenRefused when Telegram does not accept the token (any more)."""
        await self._leave_webhook(stop)
        while not stop.is_set():
            updates = await until_stopped(self._fetch(stop), stop)
            if updates:
                await self._keep(updates, stop)

    async def _keep(self, updates: tuple[Update, ...], stop: asyncio.Event) -> None:
        """Store, and only then move on; what could not be stored is fetched again."""
        try:
            await self._accept_many([arrival_of(raw(update)) for update in updates])
        except DatabaseDown as error:
            log.debug("updates stay at telegram", reason=str(error))
            await pause(stop, NOT_STORED)
        else:
            self._offset = max(update.update_id for update in updates) + 1

    async def _leave_webhook(self, stop: asyncio.Event) -> None:
        """While a web hook is set, getUpdates answers 409. What waits there is not dropped."""
        await persist("leave the web hook", self._bot.delete_webhook, stop, self._backoff)

    async def _fetch(self, stop: asyncio.Event) -> tuple[Update, ...]:
        """One long poll. After a failure it waits a little and returns nothing."""
        try:
            updates = await self._bot.get_updates(
                offset=self._offset, timeout=LONG_POLL, allowed_updates=ALLOWED_UPDATES
            )
        except InvalidToken:
            raise TokenRefused from None
        except TelegramError as error:
            await self._recover(error, stop)
            return NOTHING
        if self._backoff.reset():
            log.info("telegram answers again")
        return updates

    async def _recover(self, error: TelegramError, stop: asyncio.Event) -> None:
        tell = log.debug if self._backoff.failures else log.warning
        tell("telegram unavailable", doing="fetch updates", reason=str(error))
        await pause(stop, wait_after(error, self._backoff))
        if isinstance(error, Conflict):  # another program polls, or somebody set a web hook
            await self._leave_webhook(stop)
