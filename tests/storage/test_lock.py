"""One running bot a database."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from sqlalchemy import text

from storage import settings
from storage.database import Database
from storage.lock import AlreadyRunning, RunLock

HOLDER = """
import asyncio, sys
from storage.database import Database
from storage.lock import RunLock

async def main():
    await RunLock(Database(sys.argv[1])).acquire()
    print("held", flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.fixture
async def second(database_url: str, database: Database) -> AsyncIterator[Database]:
    """What another process would open."""
    async with AsyncExitStack() as stack:
        database = Database(database_url)
        stack.push_async_callback(database.close)
        yield database


async def test_a_second_bot_on_the_database_is_refused_in_words(
    database: Database, second: Database
) -> None:
    async with RunLock(database) as lock:
        assert await lock.held()
        with pytest.raises(AlreadyRunning, match=r"already running.*DATABASE_URL"):
            await RunLock(second).acquire()


async def test_the_next_bot_runs_when_the_first_has_stopped(
    database: Database, second: Database
) -> None:
    async with RunLock(database) as lock:
        pass
    assert not await lock.held()
    async with RunLock(second):
        pass


async def test_a_refused_bot_can_try_again(database: Database, second: Database) -> None:
    other = RunLock(second)
    async with RunLock(database):
        with pytest.raises(AlreadyRunning):
            await other.acquire()
        await other.release()
    async with other:
        assert await other.held()


async def test_commands_work_beside_a_running_bot(database: Database, second: Database) -> None:
    async with RunLock(database):
        async with second.write() as tx:
            await settings.put(tx, "a", "1")
        async with database.read() as tx:
            assert await settings.get(tx, "a") == "1"


async def test_the_lock_is_free_again_after_kill_9(database: Database, database_url: str) -> None:
    holder = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOLDER, database_url, stdout=asyncio.subprocess.PIPE
    )
    assert holder.stdout is not None
    assert await holder.stdout.readline() == b"held\n"
    with pytest.raises(AlreadyRunning):
        await RunLock(database).acquire()
    holder.send_signal(signal.SIGKILL)
    await holder.communicate()
    lock = RunLock(database)
    # The server needs a moment to see that the connection is gone; a file lock is free at once.
    async with asyncio.timeout(20):
        while not await lock.try_acquire():
            assert not await lock.held()
    await lock.release()


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
async def test_who_stands_by_asks_again_and_again_over_one_connection(
    database: Database, second: Database
) -> None:
    leader, standby = RunLock(database), RunLock(second)
    await leader.acquire()
    for _ in range(20):
        assert not await standby.try_acquire()
    async with database.read() as tx:
        counted = text("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%try_advisory%'")
        connections = (await tx.execute(counted)).scalar_one()
    assert connections <= 3  # the leader's, the one that stands by, this one
    await leader.release()
    async with asyncio.timeout(20):
        while not await standby.try_acquire():
            assert not await standby.held()
    assert await standby.held()
    await standby.release()


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
async def test_a_leader_whose_connection_was_cut_knows_it(
    database: Database, second: Database
) -> None:
    lock = RunLock(database)
    await lock.acquire()
    cut = text(
        "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    async with second.write() as tx:
        await tx.execute(cut)
    async with asyncio.timeout(20):
        await lock.lost.wait()  # told by the connection itself, nobody asked
    assert not await lock.held()
    await lock.release()
    async with lock:
        assert not lock.lost.is_set()
