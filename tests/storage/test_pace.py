from datetime import timedelta

from storage import pace
from storage.database import Database
from storage.pace import Used
from tests.support.clock import Clock


def used(clock: Clock, used_for: float, held_for: float) -> Used:
    now = clock()
    return Used(now + timedelta(seconds=used_for), now + timedelta(seconds=held_for))


async def test_what_was_stored_last_is_what_is_known(database: Database, clock: Clock) -> None:
    async with database.write() as tx:
        await pace.put(tx, "telegram", {b"one": used(clock, 5, 0), b"two": used(clock, 1, 60)})
        await pace.put(tx, "slack", {b"one": used(clock, 7, 0)})
        await pace.put(tx, "telegram", {b"one": used(clock, 9, 0)})
        assert await pace.load(tx, "telegram", clock()) == {
            b"one": used(clock, 9, 0),
            b"two": used(clock, 1, 60),
        }


async def test_what_is_free_again_is_neither_known_nor_kept(
    database: Database, clock: Clock
) -> None:
    rows = {bytes([n]): used(clock, n, 100 - n) for n in range(100)}
    async with database.write() as tx:
        await pace.put(tx, "telegram", rows)
        clock.forward(seconds=70)
        assert len(await pace.load(tx, "telegram", clock())) == 59  # 0 to 29 held, 71 to 99 used
        assert await pace.purge(tx, clock()) == 41
        assert len(await pace.load(tx, "telegram", clock())) == 59


async def test_thousands_at_once(database: Database, clock: Clock) -> None:
    rows = {n.to_bytes(32, "big"): used(clock, n + 1, 0) for n in range(2_000)}
    async with database.write() as tx:
        await pace.put(tx, "telegram", rows)
        assert await pace.load(tx, "telegram", clock()) == rows
