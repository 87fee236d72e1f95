"""What others may not read: the shop's files, and values of rows in what an engine says."""

import stat
import subprocess
import sys
import traceback
from pathlib import Path

import pytest
from sqlalchemy import insert, text

from bot.logs import CHATTY
from storage.database import Database
from storage.lock import RunLock
from storage.tables import product, setting
from storage.trouble import EngineError
from storage.vault import load_or_create_key_file
from tests.support.process import bare_environment

ROOT = Path(__file__).parents[2]
WORDS = "a-word-that-nobody-may-read"


async def said(database: Database, statement: object, values: dict[str, object]) -> str:
    """All that a log would show of the error."""
    with pytest.raises(EngineError) as refused:
        async with database.write() as tx:
            await tx.execute(statement, values)  # type: ignore[call-overload]  # of several kinds
    return "".join(traceback.format_exception(refused.value))


@pytest.mark.parametrize(
    ("statement", "values"),
    [
        (insert(setting), {"name": WORDS, "value": None}),
        (insert(product), {"sku": WORDS, "sku_key": WORDS}),
        (text(f"SELECT '{'x'}' FROM nowhere WHERE :it = 1"), {"it": WORDS}),
        (text("SELECT CAST(:it AS INTEGER) / 0, nothing"), {"it": WORDS}),
    ],
    ids=["not null", "several", "no table", "no column"],
)
async def test_no_value_of_a_row_stands_in_an_error(
    database: Database, statement: object, values: dict[str, object]
) -> None:
    assert WORDS not in await said(database, statement, values)


async def test_no_value_of_a_row_that_is_there_already_stands_in_an_error(
    database: Database,
) -> None:
    async with database.write() as tx:
        await tx.execute(insert(setting).values(name=WORDS, value=WORDS))
    told = await said(database, insert(setting), {"name": WORDS, "value": WORDS})
    assert WORDS not in told
    assert "setting" in told  # but which rule was broken


async def test_a_value_that_the_engine_cannot_read_is_not_quoted(
    request: pytest.FixtureRequest, database: Database
) -> None:
    if database.is_sqlite:
        return  # it reads every value as something
    for statement in ("SELECT CAST(CAST(:it AS TEXT) AS INTEGER)", "SELECT CAST(:it AS INTEGER)"):
        assert WORDS not in await said(database, text(statement), {"it": WORDS})


def test_the_libraries_of_the_database_print_no_statement_at_any_level() -> None:
    assert {"sqlalchemy", "asyncpg", "aiosqlite"} <= set(CHATTY)


def files_in(folder: Path) -> list[Path]:
    return list(folder.iterdir())


def others_may(path: Path) -> bool:
    return bool(stat.S_IMODE(path.stat().st_mode) & 0o077)


async def test_all_files_of_a_database_are_their_owners_alone(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/data/shop.db")
    try:
        async with database.write() as tx:
            await tx.execute(text("CREATE TABLE one (a INTEGER)"))
        async with RunLock(database):
            load_or_create_key_file(tmp_path / "data" / "shop.db.key")
            files = files_in(tmp_path / "data")
            assert {file.name for file in files} >= {
                "shop.db",
                "shop.db-wal",
                "shop.db-shm",
                "shop.db.lock",
                "shop.db.key",
            }
            assert [file for file in (*files, tmp_path / "data") if others_may(file)] == []
    finally:
        await database.close()


async def test_files_that_others_could_read_become_their_owners_alone(tmp_path: Path) -> None:
    first = Database(f"sqlite:///{tmp_path}/shop.db")
    async with first.write() as tx:
        await tx.execute(text("CREATE TABLE one (a INTEGER)"))
    (tmp_path / "shop.db.lock").touch()
    (tmp_path / "shop.db.key").write_text("key")
    for file in files_in(tmp_path):
        file.chmod(0o644)
    second = Database(f"sqlite:///{tmp_path}/shop.db")
    load_or_create_key_file(tmp_path / "shop.db.key")
    async with RunLock(second):
        assert [file for file in files_in(tmp_path) if others_may(file)] == []
    await first.close()
    await second.close()


def test_an_export_is_its_owners_alone_whatever_stood_there(tmp_path: Path) -> None:
    (tmp_path / "old.csv").touch(mode=0o644)
    for name in ("new.csv", "old.csv"):
        subprocess.run(
            [sys.executable, "-m", "bot", "export", name],
            cwd=tmp_path,
            env=bare_environment() | {"PYTHONPATH": str(ROOT)},
            timeout=60,
            check=True,
        )
        assert not others_may(tmp_path / name)
        assert (tmp_path / name).read_bytes()
