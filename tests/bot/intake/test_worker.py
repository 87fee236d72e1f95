"""What arrived is worked off once it is stored, in order per sender, until it is done."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select

from bot.domain.faults import DatabaseDown
from bot.domain.sending import NotSent, RetryAfter
from bot.domain.telling import Fault
from bot.domain.ways import SLACK
from bot.intake.worker import InboxWorker
from bot.services.engine.bell import Bell
from bot.services.inbox.arriving import ATTEMPTS, LEASE, Arriving, Failed, Outcome
from storage import inbox
from storage.database import Database
from storage.inbox import Claimed
from storage.tables import inbox as inbox_table
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
    outcomes: list[Outcome] = []
    while claimed := await shop.services.arriving.turn(outcomes, 8):
        outcomes = [await worker.work(one) for one in claimed]


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


class Refused(Arriving):
    """Tells when an outcome could not be written."""

    refused = asyncio.Event()

    async def turn(
        self, outcomes: Sequence[Outcome], limit: int, held: Sequence[Claimed] = ()
    ) -> list[Claimed]:
        try:
            return await super().turn(outcomes, limit, held)
        except DatabaseDown:
            if outcomes:
                self.refused.set()
            raise


async def test_what_was_done_when_nothing_could_be_written_is_not_done_again(
    sqlite_database: Database, vault: Vault, clock: Clock
) -> None:
    shop = await Shop.open(sqlite_database, vault, clock)
    done: list[int] = []

    async def last_that_works(payload: Json) -> None:
        done.append(payload["n"])
        await read_only(sqlite_database, "ON")

    await arrive(shop, 1)
    arriving, stop = Refused(shop.services.ground, shop.services.routes), asyncio.Event()
    worker = InboxWorker(arriving, {"test": last_that_works}, Bell())
    running = asyncio.create_task(worker.run(stop))
    async with asyncio.timeout(10):
        await arriving.refused.wait()
        await read_only(sqlite_database, "OFF")
        stop.set()
        await running
    assert done == [1]
    assert await counts(shop) == {"done": 1}


async def read_only(database: Database, state: str) -> None:
    async with database.engine.connect() as connection:
        raw: Any = (await connection.get_raw_connection()).driver_connection
        await raw.execute(f"PRAGMA query_only = {state}")


async def test_what_a_killed_worker_held_is_worked_off_after_the_start(
    shop: Shop, desk: Desk
) -> None:
    await arrive(shop, 1)
    assert await shop.services.arriving.turn([], 8)  # and the worker dies
    assert not await shop.services.arriving.turn([], 8)
    assert await shop.services.arriving.release_orphans() == 1
    await work(shop, desk)
    assert desk.done == [1]


async def test_staff_are_told_once_of_a_dead_letter_and_not_what_was_written(
    shop: Shop, desk: Desk, clock: Clock
) -> None:
    await shop.alert_channel()
    desk.trouble[1] = [RuntimeError("cannot read 'my secret wish'")] * ATTEMPTS
    await arrive(shop, 1)
    for _ in range(ATTEMPTS + 2):
        await work(shop, desk)
        clock.forward(minutes=5)
    ((_, told),) = await shop.deliver(SLACK)
    assert told == Fault("fault.dead_letter", "#1 · test · RuntimeError")


async def test_a_hundred_dead_letters_of_a_day_are_one_message(shop: Shop, clock: Clock) -> None:
    await shop.alert_channel()
    arriving = shop.services.arriving
    for number in range(100):
        await arrive(shop, number, sender=str(number))
    for _ in range(ATTEMPTS):
        failed = [Failed(one, RuntimeError("always")) for one in await arriving.turn([], 100)]
        assert len(failed) == 100
        await arriving.turn(failed, 0)
        clock.forward(minutes=5)
    await shop.deliver(SLACK)
    assert await counts(shop) == {"dead": 100}
    states = Counter(row.state for row in await shop.rows("notice"))
    assert states == {"sent": 1, "dropped": 99}


async def test_work_that_takes_longer_than_the_lease_keeps_it(shop: Shop, clock: Clock) -> None:
    began, finish, stop = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def slow(payload: Json) -> None:
        del payload
        began.set()
        await finish.wait()

    await arrive(shop, 1)
    bell = Bell()
    worker = InboxWorker(shop.services.arriving, {"test": slow}, bell, renew=0)
    running = asyncio.create_task(worker.run(stop))
    try:
        async with asyncio.timeout(10):
            await began.wait()
            for _ in range(4):
                await leased_until(shop, clock.forward(seconds=LEASE.seconds - 1) + LEASE, bell)
            assert not await shop.services.arriving.turn([], 8)
    finally:
        finish.set()
        stop.set()
        await running
    assert await counts(shop) == {"done": 1}


async def leased_until(shop: Shop, moment: datetime, bell: Bell) -> None:
    """Wait until the worker has renewed its lease up to then."""
    lease = None
    while lease != moment:
        bell.ring()
        async with shop.database.read() as tx:
            lease = (await tx.execute(select(inbox_table.c.lease_until))).scalar_one()


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
