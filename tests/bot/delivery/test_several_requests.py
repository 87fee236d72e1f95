"""A notice that takes more than one request: a refused form and its plain words, or parts."""

from dataclasses import dataclass

import pytest

from bot.channels.pacer import Pacer
from bot.domain.forms import Rendered
from bot.domain.notices import Lane
from storage.database import Database
from storage.vault import Vault
from tests.bot.delivery.test_worker import Wire, drain, states
from tests.support.clock import Clock
from tests.support.shop import Shop


@dataclass
class Pieces(Wire):
    """Each message leaves in three requests, each in its own turn."""

    async def send(self, address: str, rendered: Rendered, lane: Lane) -> str:
        await self.pacer.turn(address, lane)
        await self.pacer.turn(address, lane)
        return await super().send(address, rendered, lane)


@pytest.fixture
async def shop(sqlite_database: Database, vault: Vault, clock: Clock) -> Shop:
    shop = await Shop.open(sqlite_database, vault, clock)
    await shop.product("MUG")
    for number in (1, 2):
        await shop.notify(number, "MUG")
    return shop


async def test_the_second_request_of_a_notice_leaves_and_the_next_notice_follows(
    shop: Shop,
) -> None:
    wire = Pieces(Pacer(10_000, 100))
    await shop.moved("MUG +2")
    await drain(shop, wire)
    assert sorted(wire.told) == ["1", "2"]
    assert set((await states(shop)).values()) == {"sent"}
    assert [row.attempts for row in await shop.rows("notice")] == [1, 1]
