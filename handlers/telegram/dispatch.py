"""From a stored update to the handlers, and from a handler's failure back to the inbox."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from contextvars import ContextVar
from typing import Any

from telegram import Update
from telegram.ext import ContextTypes

from bot.domain.faults import DatabaseDown
from bot.domain.sending import NotSent, SendError
from handlers.telegram.arrivals import Json
from handlers.telegram.build import AnyApplication
from handlers.telegram.connection import Connection

PATIENCE = 2.0  # seconds for the connection of a bot that has just started
SORRY_AFTER = 3  # failures of one update: most pass at the second try, and nobody need hear of it
REMEMBERED = 500  # updates whose failures are counted

Sorry = Callable[[Update], Awaitable[None]]
_failures: ContextVar[list[Exception]] = ContextVar("failures")


class Dispatcher:
    """The inbox worker's way into the handlers: returns when the update is handled, or raises.

    PTB hands what a handler raises to error handlers and goes on; they collect it here, per task,
    so that several updates may be in work at the same time.
    """

    def __init__(
        self,
        application: AnyApplication,
        connection: Connection,
        sorry: Sorry,
        patience: float = PATIENCE,
    ) -> None:
        self._application = application
        self._connection = connection
        self._sorry = sorry
        self._patience = patience
        self._failed: dict[int, int] = {}
        application.add_error_handler(_collect)

    async def __call__(self, payload: Json) -> None:
        """Raises NotSent while there is no connection, and whatever the handler raised."""
        try:
            await asyncio.wait_for(self._connection.opened.wait(), self._patience)
        except TimeoutError:
            raise NotSent("not connected to Telegram yet") from None
        update = Update.de_json(payload, self._application.bot)
        failures: list[Exception] = []
        token = _failures.set(failures)
        try:
            await self._application.process_update(update)
        finally:
            _failures.reset(token)
        if failures:
            await self._count(update, failures[0])
            raise failures[0]
        self._failed.pop(update.update_id, None)

    async def _count(self, update: Update, error: Exception) -> None:
        """Who waits for an answer hears, once, that something of ours is broken."""
        if isinstance(error, SendError | DatabaseDown):  # no way to apologise, or no need: it waits
            return
        if len(self._failed) >= REMEMBERED:
            self._failed.pop(next(iter(self._failed)))
        times = self._failed[update.update_id] = self._failed.get(update.update_id, 0) + 1
        if times == SORRY_AFTER:
            with suppress(SendError):  # the failure itself is what goes to the inbox
                await self._sorry(update)


async def _collect(update: object, context: ContextTypes.DEFAULT_TYPE) -> None:
    del update
    error: Any = context.error
    _failures.get().append(error)
