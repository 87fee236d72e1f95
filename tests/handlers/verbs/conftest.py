import pytest

from storage.database import Database
from storage.vault import Vault
from tests.support.clock import Clock
from tests.support.shop import Shop


@pytest.fixture
async def shop(database: Database, vault: Vault, clock: Clock) -> Shop:
    """On each engine, with a blue mug."""
    shop = await Shop.open(database, vault, clock)
    await shop.product("MUG-BLUE", "Blue mug")
    return shop
