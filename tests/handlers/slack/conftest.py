from collections.abc import AsyncIterator

import pytest

from bot.sandbox.server import Sandbox
from bot.services.stock.searching import reindex
from storage.database import Database
from storage.vault import Vault
from tests.handlers.slack.desk import Desk, by_http, by_socket, open_desk, open_sandbox
from tests.support.clock import Clock
from tests.support.shop import Shop


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with open_sandbox() as sandbox:
        yield sandbox


@pytest.fixture
async def shop(sqlite_database: Database, vault: Vault, clock: Clock) -> Shop:
    """A shop with 20 blue mugs and no red bowl."""
    shop = await Shop.open(sqlite_database, vault, clock)
    await shop.product("MUG-BLUE", "Blue mug")
    await shop.product("BOWL-RED", "Red bowl")
    await reindex(sqlite_database, clock)
    await shop.moved("MUG-BLUE +20")
    return shop


@pytest.fixture
async def desk(sandbox: Sandbox, shop: Shop) -> AsyncIterator[Desk]:
    """The Slack side without a way in."""
    async with open_desk(sandbox, shop) as desk:
        yield desk


@pytest.fixture(params=["socket", "http"])
async def open_both_ways(request: pytest.FixtureRequest, desk: Desk) -> AsyncIterator[Desk]:
    """The Slack side, once by Socket Mode and once by signed HTTP."""
    async with by_socket(desk) if request.param == "socket" else by_http(desk):
        yield desk


@pytest.fixture
async def open_socket(desk: Desk) -> AsyncIterator[Desk]:
    async with by_socket(desk):
        yield desk
