"""Getting in touch with Telegram, however long it takes."""

import asyncio
import datetime as dtm
from collections.abc import Awaitable, Callable

import structlog
from telegram.error import InvalidToken, RetryAfter, TelegramError

from handlers.telegram.build import AnyApplication
from handlers.telegram.waiting import Backoff, TokenRefused, pause, until_stopped

log = structlog.get_logger(__name__)


async def persist(
    what: str, call: Callable[[], Awaitable[object]], stop: asyncio.Event, backoff: Backoff
) -> bool:
    """Try until Telegram has answered `call`; False when `stop` came first.

    Raises TokenRefused for 401 and 404; PTB's own text may quote the token, so it goes no further.
    """

    async def attempt() -> bool:
        await call()
        return True

    while not stop.is_set():
        try:
            if await until_stopped(attempt(), stop):
                backoff.reset()
                return True
        except InvalidToken:
            raise TokenRefused from None
        except TelegramError as error:
            log.warning("telegram unavailable", doing=what, reason=str(error))
            await pause(stop, wait_after(error, backoff))
    return False


def wait_after(error: TelegramError, backoff: Backoff) -> float:
    """As long as Telegram asks for, or else the next pause."""
    if not isinstance(error, RetryAfter):
        return backoff.next()
    wait = error.retry_after
    return wait.total_seconds() if isinstance(wait, dtm.timedelta) else float(wait)


class Connection:
    """Whether Telegram has told who the bot is; before that PTB handles no update."""

    def __init__(self, application: AnyApplication, backoff: Backoff) -> None:
        self._application = application
        self._backoff = backoff
        self.opened = asyncio.Event()

    async def connect(self, stop: asyncio.Event) -> bool:
        """False when `stop` came first. Raises TokenRefused."""
        if await persist("connect", self._application.initialize, stop, self._backoff):
            self.opened.set()
        return self.opened.is_set()

    async def close(self) -> None:
        """Give the HTTP clients back; after the last message is out."""
        self.opened.clear()
        await self._application.shutdown()
        await self._application.bot.shutdown()  # when getMe never succeeded
