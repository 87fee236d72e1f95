"""A sandbox, and small bots made of the real libraries that talk to it over real sockets."""

from collections.abc import AsyncIterator

import pytest

from bot.sandbox.server import Sandbox
from bot.sandbox.state import wall_clock
from tests.bot.sandbox.bots import SlackBot, TelegramBot


@pytest.fixture(autouse=True)
def _seconds_as_timedelta(monkeypatch: pytest.MonkeyPatch) -> None:
    """python-telegram-bot warns about each RetryAfter that still counts in numbers."""
    monkeypatch.setenv("PTB_TIMEDELTA", "1")


class MovableClock:
    """The real time plus what a test adds to it."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return wall_clock() + self.ahead


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
async def sandbox(clock: MovableClock) -> AsyncIterator[Sandbox]:
    async with Sandbox(clock=clock) as running:
        yield running


@pytest.fixture
async def telegram_bot(sandbox: Sandbox) -> AsyncIterator[TelegramBot]:
    """A client of the Bot API that handles no updates."""
    async with TelegramBot(sandbox) as bot:
        yield bot


@pytest.fixture
async def slack_bot(sandbox: Sandbox) -> AsyncIterator[SlackBot]:
    """A Bolt app with an open Socket Mode connection; a test adds its listeners."""
    async with SlackBot(sandbox) as bot:
        yield bot
