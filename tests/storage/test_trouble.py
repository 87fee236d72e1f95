"""A database that cannot be used is told apart from a transaction that is wrong."""

import asyncio
import errno
import sqlite3
from contextlib import closing
from typing import Any

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from bot.domain.faults import DatabaseDown
from storage.database import Database
from storage.tables import setting
from storage.trouble import down

TERMINATE = text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
READ_ONLY = text("SET TRANSACTION READ ONLY")
on_sqlite = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
on_postgresql = pytest.mark.parametrize("engine", ["postgresql"], indirect=True)


async def put(database: Database, name: str = "a") -> None:
    async with database.write() as tx:
        await tx.execute(insert(setting).values(name=name, value="1"))


async def fill_up(database: Database) -> None:
    """Leave the file no room: to SQLite it is as if the disk were full."""
    async with database.write() as tx:
        await tx.execute(text("PRAGMA max_page_count = 1"))


async def test_a_well_database_has_no_trouble(database: Database) -> None:
    assert await database.check() == ""
    assert await database.check() == ""


async def test_what_is_wrong_with_a_transaction_is_no_trouble_of_the_database(
    database: Database,
) -> None:
    await put(database)
    with pytest.raises(IntegrityError):
        await put(database)
    with pytest.raises(DBAPIError):
        async with database.read() as tx:
            await tx.execute(text("SELECT nothing FROM nowhere"))
    assert database.down == ""


@on_sqlite
async def test_a_full_disk_is_told_once_and_its_end_once(database: Database) -> None:
    await fill_up(database)
    told: list[str] = []
    database.after_trouble.append(told.append)
    for number in range(3):
        with pytest.raises(DatabaseDown, match="the disk is full"):
            await put(database, str(number) + "x" * 100_000)
    assert database.down == "the disk is full"
    async with database.write() as tx:
        await tx.execute(text("PRAGMA max_page_count = 100000"))
    assert await database.check() == ""
    assert told == ["the disk is full", ""]
    assert database.down == ""


async def read_only(database: Database, state: str) -> None:
    async with database.engine.connect() as connection:
        raw: Any = (await connection.get_raw_connection()).driver_connection
        await raw.execute(f"PRAGMA query_only = {state}")


@on_sqlite
async def test_a_read_only_file_is_seen_although_it_can_be_read(database: Database) -> None:
    await read_only(database, "ON")
    for _ in range(25):
        assert await database.check() == "it is read-only"
    async with database.read() as tx:
        assert (await tx.execute(select(setting))).all() == []


@on_sqlite
async def test_a_locked_file_is_said_to_give_no_answer_and_is_well_again_at_once(
    database: Database,
) -> None:
    with closing(sqlite3.connect(str(database.url.database))) as other:
        other.execute("BEGIN IMMEDIATE")
        assert await database.check(within=0.05) == "no answer within 0.05 s"
        assert await database.check(within=0.05) == "no answer within 0.05 s"
        other.rollback()
    assert await database.check() == ""
    await put(database)


async def _write_over_a_cut(database: Database) -> None:
    async with database.write() as tx:
        async with database.engine.connect() as other:
            await other.execute(TERMINATE)
        await tx.execute(select(setting))


@on_postgresql
async def test_cut_connections_are_a_passing_trouble(database: Database) -> None:
    with pytest.raises(DatabaseDown, match=r"stopping or starting|connection broke"):
        await _write_over_a_cut(database)
    await put(database)
    assert await database.check() == ""


async def _write_read_only(database: Database) -> None:
    async with database.write() as tx:
        await tx.execute(READ_ONLY)
        await tx.execute(insert(setting).values(name="a", value="1"))


@on_postgresql
async def test_a_read_only_server_is_a_trouble(database: Database) -> None:
    with pytest.raises(DatabaseDown, match="read-only"):
        await _write_read_only(database)


async def test_a_server_that_is_not_there_is_a_trouble() -> None:
    database = Database("postgresql://nobody@127.0.0.1:1/nothing")
    with pytest.raises(DatabaseDown, match="cannot be reached"):
        await put(database)
    assert await database.check() == "the server cannot be reached (ConnectionRefusedError)"
    await database.close()


async def test_writers_that_wait_for_a_locked_file_all_get_through(
    sqlite_database: Database,
) -> None:
    with closing(sqlite3.connect(str(sqlite_database.url.database))) as other:
        other.execute("BEGIN IMMEDIATE")
        waiting = [asyncio.create_task(put(sqlite_database, str(n))) for n in range(20)]
        await asyncio.sleep(0)
        other.rollback()
    await asyncio.gather(*waiting)


def test_an_error_that_is_none_of_the_engines_says_nothing() -> None:
    assert down(sqlite3.IntegrityError("twice")) is None
    assert down(OSError(errno.ECONNRESET, "reset")) is not None
