import pytest

from tests.support.shop import Shop


@pytest.fixture
async def mug(shop: Shop) -> int:
    return await shop.product("MUG", "Blue mug")
