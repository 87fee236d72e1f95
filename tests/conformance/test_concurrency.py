"""Many writers at once, on both engines: nothing lost, nothing applied twice."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from bot.domain.staff import Moved
from storage import moves, positions
from storage.database import Database
from storage.vault import Vault
from tests.support.clock import Clock
from tests.support.shop import ADMIN, MANAGER, Shop

TASKS = 16


@pytest.fixture
async def shops(
    database: Database, database_url: str, vault: Vault, clock: Clock
) -> AsyncIterator[tuple[Shop, Shop]]:
    """Two programs on one database: a running bot, and the command line beside it."""
    async with AsyncExitStack() as stack:
        beside = Database(database_url)
        stack.push_async_callback(beside.close)
        yield (
            await Shop.open(database, vault, clock),
            await Shop.open(beside, vault, clock),
        )


async def _on_hand(shop: Shop, product_id: int) -> tuple[int, int]:
    """The position and the ledger's sum; they must agree."""
    async with shop.database.read() as tx:
        (position,) = (await positions.for_products(tx, [product_id]))[product_id]
        (total,) = (await moves.sums(tx, product_id)).values()
    return position.on_hand, total


@pytest.mark.parametrize("many", [96, pytest.param(480, marks=pytest.mark.promises)])
async def test_of_many_adjustments_at_once_none_is_lost(
    shops: tuple[Shop, Shop], many: int
) -> None:
    product_id = await shops[0].product("MUG-1")

    async def adjust(task: int) -> int:
        applied = 0
        for number in range(many // TASKS):
            answer = await shops[task % 2].stock("MUG-1 +1", key=f"{task}:{number}")
            applied += isinstance(answer, Moved) and not answer.repeated
        return applied

    assert sum(await asyncio.gather(*(adjust(task) for task in range(TASKS)))) == many
    assert await _on_hand(shops[0], product_id) == (many, many)
    ledger = await shops[0].rows("move")
    assert sorted(row.after for row in ledger) == list(range(1, many + 1))


async def test_of_20_keys_replayed_by_8_tasks_each_applies_once(
    shops: tuple[Shop, Shop],
) -> None:
    product_id = await shops[0].product("MUG-1")

    async def replay(task: int) -> list[bool]:
        answers = [
            await shops[task % 2].stock("MUG-1 +2", key=f"slack:{number}") for number in range(20)
        ]
        return [answer.repeated for answer in answers]

    told = await asyncio.gather(*(replay(task) for task in range(8)))
    assert [sum(not repeated for repeated in column) for column in zip(*told, strict=True)] == (
        [1] * 20
    )
    assert await _on_hand(shops[0], product_id) == (40, 40)


async def test_of_two_who_set_what_they_saw_one_learns_that_it_changed(
    shops: tuple[Shop, Shop],
) -> None:
    product_id = await shops[0].product("MUG-1")
    await asyncio.gather(
        *(shops[n % 2].stock("MUG-1 =5", who, f"k{n}") for n, who in enumerate((MANAGER, ADMIN)))
    )
    assert await _on_hand(shops[0], product_id) == (5, 5)


async def test_a_customer_who_presses_twice_at_once_waits_once(shops: tuple[Shop, Shop]) -> None:
    await shops[0].product("MUG-1")
    await asyncio.gather(*(shops[n % 2].notify(1, "MUG-1", key=f"telegram:{n}") for n in range(6)))
    assert len(await shops[0].rows("subscription")) == 1


async def test_the_last_unit_cannot_be_sold_twice(shops: tuple[Shop, Shop]) -> None:
    product_id = await shops[0].product("MUG-1")
    await shops[0].moved("MUG-1 +1")
    answers = await asyncio.gather(
        *(shops[n % 2].stock("MUG-1 -1 sold", key=f"sale:{n}") for n in range(6))
    )
    assert sum(isinstance(answer, Moved) for answer in answers) == 1
    assert await _on_hand(shops[0], product_id) == (0, 0)
