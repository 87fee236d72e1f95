"""From a stored update to the handlers, and from a handler's failure back to the inbox."""

from contextvars import ContextVar
from typing import Any

from telegram import Update
from telegram.ext import ContextTypes

from bot.domain.sending import NotSent
from handlers.telegram.arrivals import Json
from handlers.telegram.build import AnyApplication
from handlers.telegram.connection import Connection

_failures: ContextVar[list[Exception]] = ContextVar("failures")


class Dispatcher:
    """The inbox worker's way into the handlers: returns when the update is handled, or raises.

    PTB hands what a handler raises to error handlers and goes on; they collect it here, per task,
    so that several updates may be in work at the same time.
    """

    def __init__(self, application: AnyApplication, connection: Connection) -> None:
        self._application = application
        self._connection = connection
        application.add_error_handler(_collect)

    async def __call__(self, payload: Json) -> None:
        """Raises NotSent while there is no connection yet, and whatever the handler raised."""
        if not self._connection.open:
            raise NotSent("not connected to Telegram yet")
        update = Update.de_json(payload, self._application.bot)
        failures: list[Exception] = []
        token = _failures.set(failures)
        try:
            await self._application.process_update(update)
        finally:
            _failures.reset(token)
        if failures:
            raise failures[0]


async def _collect(update: object, context: ContextTypes.DEFAULT_TYPE) -> None:
    del update
    error: Any = context.error
    _failures.get().append(error)
