"""A real bot against the sandbox: PTB, sockets and all, only the shop's services are near."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from bot.channels.pacer import Pacer
from bot.channels.telegram_limits import PacedRequests
from bot.sandbox.server import Sandbox
from handlers.telegram.arrivals import Arrival
from handlers.telegram.build import (
    AnyApplication,
    Transport,
    build_application,
    httpx_transport,
)
from handlers.telegram.connection import Connection
from storage.database import Database
from storage.vault import Vault
from tests.handlers.telegram.live import Live, quick
from tests.support.clock import Clock
from tests.support.shop import Shop

TOKEN = "123456:SANDBOX"


class Kept:
    """Where arrivals are stored, as the inbox does it: once per key, waking who waits for them."""

    def __init__(self) -> None:
        self.arrivals: dict[str, Arrival] = {}
        self.commits = 0
        self._more = asyncio.Condition()

    async def accept_many(self, arrivals: Sequence[Arrival]) -> None:
        async with self._more:
            self.commits += 1
            for arrival in arrivals:
                self.arrivals.setdefault(arrival.key, arrival)
            self._more.notify_all()

    async def wait_for(self, count: int) -> list[Arrival]:
        async with self._more, asyncio.timeout(5):
            await self._more.wait_for(lambda: len(self.arrivals) >= count)
        return list(self.arrivals.values())


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(telegram_token=TOKEN) as running:
        yield running


@pytest.fixture
def pacer() -> Pacer:
    return Pacer(1000, burst=1000)


@pytest.fixture
def transport() -> Transport:
    return httpx_transport


@pytest.fixture
async def application(
    sandbox: Sandbox, pacer: Pacer, transport: Transport
) -> AsyncIterator[AnyApplication]:
    """Connected."""
    limits = PacedRequests(pacer)
    built = build_application(TOKEN, sandbox.telegram_api_url, limits, transport)
    connection = Connection(built, quick())
    await connection.connect(asyncio.Event())
    yield built
    await connection.close()


@pytest.fixture
def kept() -> Kept:
    return Kept()


@pytest.fixture
async def shop(sqlite_database: Database, vault: Vault, clock: Clock) -> Shop:
    """Nothing here depends on the engine."""
    return await Shop.open(sqlite_database, vault, clock)


@pytest.fixture
async def live(sandbox: Sandbox, shop: Shop, application: AnyApplication) -> Live:
    """A bot that is ready, not yet running."""
    ready = Live(sandbox, shop, application)
    await ready.connection.connect(asyncio.Event())
    return ready


@asynccontextmanager
async def running(part: object) -> AsyncIterator[asyncio.Event]:
    """Run `part.run(stop)`; at the end it is told to stop and must have done so in a second."""
    stop = asyncio.Event()
    async with AsyncExitStack() as stack:
        task = asyncio.create_task(part.run(stop))  # type: ignore[attr-defined]

        async def finish() -> None:
            stop.set()
            await asyncio.wait_for(task, 1)

        stack.push_async_callback(finish)
        yield stop
