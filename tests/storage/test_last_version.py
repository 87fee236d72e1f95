"""A shop that ran the version before: everything it held is there after the update, and goes on.

shop_of_0006.json is the whole database of a small shop, written by that version itself: customers
in several lines (told, waiting, paused, watching, blocked, gone), staff in Slack and Telegram,
alerts in every state with their messages, a restock that is being told with one message in doubt.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime

import pytest

from bot.domain.contacts import Role
from bot.domain.customers import SubscriptionList
from bot.domain.staff import RoleList, StaffWhy
from bot.domain.telling import AlertTold, RestockTold
from storage.database import Database
from storage.migrate import migrate
from tests.support.clock import Clock
from tests.support.earlier import Earlier
from tests.support.shop import ADMIN, Shop, customer

MADE_AT = datetime(2026, 3, 2, 9, 20, tzinfo=UTC)


@pytest.fixture
async def shop(empty_url: str) -> AsyncIterator[Shop]:
    """The shop of the version before, migrated, on each engine."""
    earlier = Earlier.read("shop_of_0006.json")
    async with AsyncExitStack() as stack:
        database = Database(empty_url)
        stack.push_async_callback(database.close)
        await earlier.put_into(database)
        await migrate(database)
        yield await Shop.open(database, earlier.vault(), Clock(MADE_AT))


async def lines(shop: Shop, number: int) -> dict[str, tuple[str, int]]:
    found = await shop.services.subscribing.list(customer(number))
    assert isinstance(found, SubscriptionList)
    return {item.product.sku: (item.state.value, item.place) for item in found.subscriptions}


async def test_everybody_keeps_the_place(shop: Shop) -> None:
    assert await lines(shop, 1) == {
        "MUG-BLUE": ("told", 0), "TEA-PUER": ("waiting", 2), "CANDLE": ("waiting", 1)
    }  # fmt: skip
    assert await lines(shop, 2) == {"MUG-BLUE": ("waiting", 1), "TEA-PUER": ("waiting", 1)}
    assert await lines(shop, 3) == {"MUG-BLUE": ("paused", 0)}
    assert await lines(shop, 4) == {"MUG-BLUE": ("waiting", 2)}
    assert await lines(shop, 5) == {"MUG-BLUE": ("waiting", 3)}
