"""Transactions: the promises of Database, on both engines."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text

from storage.database import Database, DatabaseUrlError, parse_url
from storage.tables import setting


async def test_a_write_is_kept_when_the_block_ends(database: Database) -> None:
    async with database.write() as tx:
        await tx.execute(insert(setting).values(name="a", value="1"))
    async with database.read() as tx:
        assert (await tx.execute(select(setting.c.value))).scalars().all() == ["1"]


async def _write_and_fail(database: Database) -> None:
    async with database.write() as tx:
        await tx.execute(insert(setting).values(name="a", value="1"))
        raise LookupError


async def test_a_write_is_undone_when_the_block_raises(database: Database) -> None:
    with pytest.raises(LookupError):
        await _write_and_fail(database)
    async with database.read() as tx:
        assert (await tx.execute(select(setting))).all() == []


async def test_a_reader_never_waits_for_a_writer(database: Database) -> None:
    async with database.write() as writer:
        await writer.execute(insert(setting).values(name="a", value="1"))
        async with database.read() as reader:
            assert (await reader.execute(select(setting))).all() == []


async def test_sqlite_is_durable_and_wipes_what_is_deleted(sqlite_database: Database) -> None:
    wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1}
    async with sqlite_database.write() as tx:
        found = {name: (await tx.execute(text(f"PRAGMA {name}"))).scalar_one() for name in wanted}
    assert found == wanted


@pytest.mark.parametrize(
    "url", ["", "mysql://host/name", "sqlite://", "sqlite:///:memory:", "data/stockbell.db"]
)
def test_a_url_that_names_no_usable_database_is_refused_in_words(url: str) -> None:
    with pytest.raises(DatabaseUrlError, match="DATABASE_URL"):
        parse_url(url)


def test_a_file_that_cannot_be_made_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DatabaseUrlError, match="DATABASE_URL"):
        Database(f"sqlite:///{tmp_path}/file/stockbell.db")


def test_first_starters_at_once_all_get_the_new_file(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        urls = [f"sqlite:///{tmp_path}/data/{number // 8}.db" for number in range(80)]
        assert len(list(threads.map(Database, urls))) == 80


@pytest.mark.parametrize("url", ["postgres://u:p@host/name", "postgresql://u:p@host/name"])
def test_both_spellings_of_postgresql_are_understood(url: str) -> None:
    assert parse_url(url).drivername == "postgresql+asyncpg"
