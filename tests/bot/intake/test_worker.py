"""What arrived is worked off once it is stored, in order per sender, until it is done."""

import asyncio
from collections import defaultdict
from typing import Any

import pytest

from bot.domain.sending import NotSent, RetryAfter
from bot.intake.worker import InboxWorker
from bot.services.bell import Bell
from storage import inbox
from storage.database import Database
from storage.vault import Vault
from tests.support.clock import Clock
from tests.support.shop import Shop

Json = dict[str, Any]


class Desk:
    """Works payloads off; `trouble` holds errors by payload number, used up in turn."""

    def __init__(self) -> None:
        self.done: list[int] = []
        self.trouble: defaultdict[int, list[Exception]] = defaultdict(list)

    async def __call__(self, payload: Json) -> None:
        await asyncio.sleep(0)  # a chance for another one to overtake
        if self.trouble[payload["n"]]:
            raise self.trouble[payload["n"]].pop(0)
        self.done.append(payload["n"])


@pytest.fixture
async def shop(database: Database, vault: Vault, clock: Clock) -> Shop:
    return await Shop.open(database, vault, clock)


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def arrive(shop: Shop, number: int, sender: str = "7", key: str = "") -> None:
    await shop.services.arriving.accept("test", key or str(number), sender, {"n": number})


async def work(shop: Shop, desk: Desk) -> None:
    worker = InboxWorker(shop.services.arriving, {"test": desk}, Bell())
    while (claimed := await shop.services.arriving.claim()) is not None:
        await worker.work(claimed)


async def counts(shop: Shop) -> dict[str, int]:
    async with shop.database.read() as tx:
        found = await inbox.count_by_state(tx)
    return {state.value: n for state, n in found.items() if n}


async def test_an_arrival_that_is_delivered_again_is_worked_off_once(
    shop: Shop, desk: Desk
) -> None:
    for _ in range(4):
        await arrive(shop, 1, key="same")
    await work(shop, desk)
    await arrive(shop, 1, key="same")
    await work(shop, desk)
    assert desk.done == [1]


async def test_one_sender_is_answered_in_order_even_when_the_first_fails(
    shop: Shop, desk: Desk, clock: Clock
) -> None:
    desk.trouble[1] = [RuntimeError("once")]
    for number in (1, 2, 3):
        await arrive(shop, number)
    await arrive(shop, 9, sender="another")
    await work(shop, desk)
    assert desk.done == [9]
    clock.forward(seconds=5)
    await work(shop, desk)
    assert desk.done == [9, 1, 2, 3]


async def test_what_always_fails_becomes_a_dead_letter_and_the_next_goes_on(
    shop: Shop, desk: Desk, clock: Clock
) -> None:
    desk.trouble[1] = [RuntimeError("always")] * 50
    await arrive(shop, 1)
    await arrive(shop, 2)
    for _ in range(10):
        await work(shop, desk)
        clock.forward(minutes=5)
    assert desk.done == [2]
    assert await counts(shop) == {"dead": 1, "done": 1}


@pytest.mark.parametrize("error", [NotSent("no connection"), RetryAfter(3)])
async def test_a_platform_that_is_down_makes_no_dead_letters(
    shop: Shop, desk: Desk, clock: Clock, error: Exception
) -> None:
    desk.trouble[1] = [error] * 40
    await arrive(shop, 1)
    for _ in range(60):
        await work(shop, desk)
        clock.forward(seconds=5)
    assert desk.done == [1]


async def test_what_a_killed_worker_held_is_worked_off_after_the_start(
    shop: Shop, desk: Desk
) -> None:
    await arrive(shop, 1)
    assert await shop.services.arriving.claim() is not None  # and the worker dies
    assert await shop.services.arriving.claim() is None
    assert await shop.services.arriving.release_orphans() == 1
    await work(shop, desk)
    assert desk.done == [1]


async def test_stopping_finishes_what_is_in_work(shop: Shop) -> None:
    began, done, stop = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def slow(payload: Json) -> None:
        del payload
        began.set()
        await stop.wait()
        done.set()

    await arrive(shop, 1)
    running = asyncio.create_task(
        InboxWorker(shop.services.arriving, {"test": slow}, Bell()).run(stop)
    )
    async with asyncio.timeout(5):
        await began.wait()
        stop.set()
        await running
    assert done.is_set()
    assert await counts(shop) == {"done": 1}
