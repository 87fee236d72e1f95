"""The sweep finds what moved without a word: stock that another process wrote past the services."""

import pytest
from sqlalchemy import update

from bot.domain.telling import RestockOver, RestockTold
from bot.services.bundle import Options
from bot.services.outbox.composing import Composed
from storage.database import Database
from storage.tables import position, product
from storage.vault import Vault
from tests.support.clock import Clock
from tests.support.shop import ADMIN, Shop


@pytest.fixture
async def shop(database: Database, vault: Vault, clock: Clock) -> Shop:
    """In stock with more than three."""
    options = Options(admins=(ADMIN.address,), out_level=3)
    return await Shop.open(database, vault, clock, options)


async def lies_there(shop: Shop, on_hand: int) -> None:
    async with shop.database.write() as tx:
        await tx.execute(update(position).values(on_hand=on_hand))


async def said(shop: Shop) -> list[type]:
    return [type(data) for _, data in await shop.deliver()]


async def told_but_for_one(shop: Shop) -> int:
    """A restock that goes on: a second chat is held, so that it does not wait for nothing."""
    product_id = await shop.product("MUG")
    for number in (1, 2):
        await shop.notify(number, "MUG")
    await shop.moved("MUG +5")
    first, held = await shop.claim(limit=2)
    await shop.services.settling.later(held, seconds=3600)
    composed = await shop.services.composing.compose(first)
    assert isinstance(composed, Composed)
    await shop.arrive(first, composed)
    return product_id


async def test_a_restock_that_fell_to_the_out_level_is_closed(shop: Shop) -> None:
    await told_but_for_one(shop)
    await lies_there(shop, 2)
    assert await shop.services.upkeep.sweep_restocks() == 1
    assert await said(shop) == [RestockOver]


async def test_a_restock_of_what_is_no_longer_sold_is_closed(shop: Shop) -> None:
    product_id = await told_but_for_one(shop)
    async with shop.database.write() as tx:
        await tx.execute(update(product).where(product.c.id == product_id).values(active=False))
    assert await shop.services.upkeep.sweep_restocks() == 1
    assert await said(shop) == [RestockOver]


async def test_stock_up_to_the_out_level_is_no_restock_and_above_it_is_one(shop: Shop) -> None:
    await shop.product("MUG")
    await shop.notify(1, "MUG")
    await lies_there(shop, 3)
    assert await shop.services.upkeep.sweep_restocks() == 0
    assert await said(shop) == []
    await lies_there(shop, 4)
    assert await shop.services.upkeep.sweep_restocks() == 1
    assert await said(shop) == [RestockTold]
