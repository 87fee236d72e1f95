import pytest

from storage.database import Database
from storage.vault import Vault
from tests.support.clock import Clock
from tests.support.shop import Shop


@pytest.fixture
async def shop(database: Database, vault: Vault, clock: Clock) -> Shop:
    """A shop on each engine."""
    return await Shop.open(database, vault, clock)
