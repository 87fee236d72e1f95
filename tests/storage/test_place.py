"""A database whose file is deleted or moved is a trouble, never a reason for an empty one."""
# ruff: noqa: ASYNC240  these files are small and local

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.domain.faults import DatabaseDown
from storage import settings
from storage.database import Database, DatabaseMissing, is_new
from storage.lock import RunLock
from storage.migrate import migrate, refuse_an_empty_one
from storage.vault import load_or_create_key_file


async def put(database: Database, value: str) -> None:
    async with database.write() as tx:
        await settings.put(tx, "a", value)


async def get(database: Database) -> str | None:
    async with database.read() as tx:
        return await settings.get(tx, "a")


@pytest.fixture
def path(sqlite_url: str) -> Path:
    return Path(sqlite_url.removeprefix("sqlite:///"))


async def test_a_file_that_is_moved_is_a_trouble_until_it_is_back(
    sqlite_database: Database, path: Path
) -> None:
    await put(sqlite_database, "1")
    path.rename(path.with_suffix(".away"))
    for use in (put(sqlite_database, "2"), get(sqlite_database)):
        with pytest.raises(DatabaseDown, match="was moved or deleted; put it back"):
            await use
    assert "was moved or deleted" in await sqlite_database.check()
    assert not path.exists()  # nothing was made in its place
    path.with_suffix(".away").rename(path)
    assert await sqlite_database.check() == ""
    assert await get(sqlite_database) == "1"


async def test_a_file_that_is_deleted_is_a_trouble_before_anything_was_read(
    sqlite_database: Database, path: Path
) -> None:
    path.unlink()
    with pytest.raises(DatabaseDown):
        await get(sqlite_database)
    with pytest.raises(DatabaseDown):
        await put(sqlite_database, "1")
    assert not path.exists()


async def test_another_file_in_its_place_is_not_taken_for_it(
    sqlite_database: Database, path: Path
) -> None:
    await put(sqlite_database, "1")
    shutil.copyfile(path, path.with_suffix(".copy"))
    path.with_suffix(".copy").rename(path)
    with pytest.raises(DatabaseDown, match="another file stands at"):
        await put(sqlite_database, "2")
    assert "start the bot anew" in await sqlite_database.check()


async def test_what_was_written_while_the_file_went_is_not_said_to_be_stored(
    sqlite_database: Database, path: Path
) -> None:
    async def write_and_lose() -> None:
        async with sqlite_database.write() as tx:
            await settings.put(tx, "a", "1")
            path.unlink()

    with pytest.raises(DatabaseDown):
        await write_and_lose()


async def test_a_log_that_is_deleted_is_a_trouble(sqlite_database: Database, path: Path) -> None:
    await put(sqlite_database, "1")
    Path(f"{path}-wal").unlink()
    with pytest.raises(DatabaseDown, match="-wal was moved or deleted"):
        await put(sqlite_database, "2")


async def test_a_log_that_sqlite_itself_made_anew_is_none(
    sqlite_database: Database, path: Path
) -> None:
    await put(sqlite_database, "1")
    assert await get(sqlite_database) == "1"
    await sqlite_database.close()  # its connections; SQLite deletes the log with the last one
    assert not Path(f"{path}-wal").exists()
    await put(sqlite_database, "2")
    await put(sqlite_database, "3")
    assert await get(sqlite_database) == "3"


@pytest.mark.parametrize("left", [".key", ".lock", "-wal"])
def test_what_is_left_of_a_database_keeps_an_empty_one_from_its_place(
    tmp_path: Path, left: str
) -> None:
    path = tmp_path / "shop.db"
    url = f"sqlite:///{path}"
    assert is_new(url)
    Path(f"{path}{left}").write_text("left")
    assert not is_new(url)
    with pytest.raises(DatabaseMissing, match=r"is not there.*Put it back.*empty shop on purpose"):
        Database(url)
    assert not path.exists()
    Path(f"{path}{left}").rename(tmp_path / "moved")
    Database(url)
    assert path.exists()


async def test_a_database_without_tables_beside_a_key_is_none(
    empty_url: str, tmp_path: Path
) -> None:
    database = Database(empty_url)
    try:
        key_file = tmp_path / "shop.key"
        await refuse_an_empty_one(database, key_file)  # nothing is left of another: a first start
        load_or_create_key_file(key_file)
        with pytest.raises(DatabaseMissing, match=r"is empty, but there is .*shop\.key"):
            await refuse_an_empty_one(database, key_file)
        await migrate(database)
        await refuse_an_empty_one(database, key_file)
    finally:
        await database.close()


async def test_a_file_that_was_emptied_beside_its_lock_is_none(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    database = Database(f"sqlite:///{path}")
    await migrate(database)
    async with RunLock(database):
        pass
    await database.close()
    with closing(sqlite3.connect(path.with_suffix(".empty"))) as other:
        other.execute("VACUUM")
    path.with_suffix(".empty").rename(path)
    again = Database(f"sqlite:///{path}")
    try:
        with pytest.raises(DatabaseMissing, match=r"is empty, but there is .*shop\.db\.lock"):
            await refuse_an_empty_one(again, tmp_path / "shop.db.key")
    finally:
        await again.close()
