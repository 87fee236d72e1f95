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
    await asyncio.wait_for(lock.acquire(wait=True), timeout=20)
    await lock.release()


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
async def test_a_process_that_stands_by_leads_when_the_leader_is_gone(
    database: Database, second: Database
) -> None:
    leader, standby = RunLock(database), RunLock(second)
    await leader.acquire()
    waiting = asyncio.create_task(standby.acquire(wait=True))
    while not await _somebody_waits(database):
        assert not waiting.done()
    await leader.release()
    await waiting
    assert await standby.held()
    await standby.release()


async def _somebody_waits(database: Database) -> bool:
    ungranted = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
    async with database.read() as tx:
        return bool((await tx.execute(ungranted)).scalar_one())


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
async def test_who_stands_by_can_be_stopped(database: Database, second: Database) -> None:
    async with RunLock(database):
        waiting = asyncio.create_task(RunLock(second).acquire(wait=True))
        while not await _somebody_waits(database):
            assert not waiting.done()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting


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
    assert not await lock.held()
    await lock.release()
