"""Telegram as one supervised part of the bot: it connects, says what it can do, and listens."""

import asyncio
from typing import Protocol

import structlog

from handlers.telegram.connection import Connection
from handlers.telegram.setup import Profile

log = structlog.get_logger(__name__)


class Listening(Protocol):
    """How updates come in: a Poller or a WebhookKeeper."""

    async def run(self, stop: asyncio.Event) -> None: ...


class TelegramPart:
    """`run(stop)` returns soon after `stop`. Raises TokenRefused, which no restart mends."""

    def __init__(self, connection: Connection, listening: Listening, profile: Profile) -> None:
        self._connection = connection
        self._listening = listening
        self._profile = profile

    async def run(self, stop: asyncio.Event) -> None:
        if not await self._connection.connect(stop):
            return
        profile = asyncio.create_task(self._profile.run(stop))
        profile.add_done_callback(_report)  # a bot without a command menu is still a bot
        try:
            await self._listening.run(stop)
        finally:
            profile.cancel()
            await asyncio.wait([profile])

    async def close(self) -> None:
        """After the last message is out: give the HTTP clients back."""
        await self._connection.close()


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("telegram profile failed", exc_info=error)
