"""Every way to the newest schema ends in the same one: the one of storage/tables/."""

import asyncio
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import insert, select, text

import storage.migrations
from storage.database import Database
from storage.migrate import SCRIPTS, DatabaseTooNew, migrate, newest, pending
from storage.tables import contact, message, metadata
from tests.support.clock import START
from tests.support.schema import Schema, reflect


def _revisions() -> list[str]:
    config = Config()
    config.set_main_option("script_location", SCRIPTS)
    script = ScriptDirectory.from_config(config)
    return [revision.revision for revision in script.walk_revisions()][::-1]


REVISIONS = _revisions()


@pytest.fixture
async def empty(empty_url: str) -> AsyncIterator[Database]:
    """A database without tables."""
    async with AsyncExitStack() as stack:
        database = Database(empty_url)
        stack.push_async_callback(database.close)
        yield database


@pytest.fixture
async def second(empty_url: str, empty: Database) -> AsyncIterator[Database]:
    """Another starter on the same empty database."""
    async with AsyncExitStack() as stack:
        database = Database(empty_url)
        stack.push_async_callback(database.close)
        yield database


@pytest.fixture
async def declared(empty: Database) -> Schema:
    """The schema of storage/tables/, as this engine understands it; it leaves no table."""
    async with empty.write() as tx:
        await tx.run_sync(metadata.create_all)
        schema = await tx.run_sync(reflect)
        await tx.run_sync(metadata.drop_all)
    return schema


async def _schema(database: Database) -> Schema:
    async with database.read() as tx:
        return await tx.run_sync(reflect)


async def test_from_empty_it_becomes_the_declared_schema(empty: Database, declared: Schema) -> None:
    assert await migrate(empty) == REVISIONS
    assert await _schema(empty) == declared, (
        "the migrations and storage/tables/ differ: draft a migration with "
        "python -m tests.support.draft_migration"
    )


async def test_step_by_step_it_becomes_the_declared_schema(
    empty: Database, declared: Schema
) -> None:
    for done, revision in enumerate(REVISIONS, 1):
        assert await migrate(empty, until=revision) == [revision]
        assert await pending(empty) == REVISIONS[done:]
    assert await _schema(empty) == declared


@pytest.mark.promises
@pytest.mark.parametrize("earlier", REVISIONS)
async def test_from_each_earlier_revision_it_becomes_the_declared_schema(
    empty: Database, declared: Schema, earlier: str
) -> None:
    done = REVISIONS.index(earlier) + 1
    assert await migrate(empty, until=earlier) == REVISIONS[:done]
    assert await pending(empty) == REVISIONS[done:]
    assert await migrate(empty) == REVISIONS[done:]
    assert await _schema(empty) == declared


async def test_everything_is_pending_on_an_empty_database_and_nothing_afterwards(
    empty: Database,
) -> None:
    assert await pending(empty) == REVISIONS
    await migrate(empty)
    assert await pending(empty) == []
    assert await migrate(empty) == []


async def test_of_two_starters_at_once_one_migrates_and_the_other_finds_it_done(
    empty: Database, second: Database
) -> None:
    first, other = await asyncio.gather(migrate(empty), migrate(second))
    assert sorted([first, other]) == [[], REVISIONS]


@pytest.mark.promises
async def test_of_three_processes_at_once_one_migrates(empty: Database, empty_url: str) -> None:
    program = (
        "import asyncio, sys\n"
        "from storage.database import Database\n"
        "from storage.migrate import migrate\n"
        "async def main():\n"
        "    database = Database(sys.argv[1])\n"
        "    print(*await migrate(database))\n"
        "    await database.close()\n"
        "asyncio.run(main())\n"
    )
    starters = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", program, empty_url, stdout=asyncio.subprocess.PIPE
        )
        for _ in range(3)
    ]
    said = [(await starter.communicate())[0].decode().split() for starter in starters]
    assert [starter.returncode for starter in starters] == [0, 0, 0]
    assert sorted(said) == [[], [], REVISIONS]


async def test_a_database_of_a_newer_version_is_refused_in_words(database: Database) -> None:
    async with database.write() as tx:
        await tx.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseTooNew, match="9999"):
        await migrate(database)
    with pytest.raises(DatabaseTooNew, match="run the version that made it"):
        await pending(database)


REBUILD = """
import sqlalchemy as sa
from alembic import op

revision = "9001"
down_revision = "{head}"


def upgrade() -> None:
    with op.batch_alter_table("contact") as batch:
        batch.alter_column("state", existing_type=sa.String(16), type_=sa.Text())
        batch.add_column(sa.Column("note", sa.Text(), server_default="", nullable=False))
"""
BREAK = """
from alembic import op

revision = "9001"
down_revision = "{head}"


def upgrade() -> None:
    op.execute("CREATE TABLE halfway (id INTEGER)")
    op.execute("this is no SQL")
"""


@pytest.fixture
def scripts(tmp_path: Path) -> Path:
    """A copy of the migrations, to which a test adds one of the future."""
    package = Path(next(iter(storage.migrations.__path__)))
    shutil.copytree(package, tmp_path / "migrations", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path / "migrations"


def _add(scripts: Path, script: str) -> None:
    path = scripts / "versions" / "9001_of_the_future.py"
    path.write_text(script.format(head=REVISIONS[-1]), encoding="utf-8")


async def _remember_a_message(database: Database) -> None:
    async with database.write() as tx:
        await tx.execute(
            insert(contact).values(
                id=1,
                way="telegram",
                kind="person",
                address_index=b"i",
                address=b"a",
                state="active",
                created_at=START,
                wrote_at=START,
            )
        )
        await tx.execute(
            insert(message).values(id=1, contact_id=1, subject="s", ref="1", created_at=START)
        )


async def test_a_table_that_is_rebuilt_keeps_what_refers_to_it(
    database: Database, scripts: Path
) -> None:
    await _remember_a_message(database)
    _add(scripts, REBUILD)
    assert await migrate(database, str(scripts)) == ["9001"]
    async with database.read() as tx:
        assert (await tx.execute(select(message.c.contact_id))).scalars().all() == [1]
        assert (await tx.execute(text("SELECT note FROM contact"))).scalars().all() == [""]


async def test_foreign_keys_hold_again_after_a_migration(
    sqlite_database: Database, scripts: Path
) -> None:
    _add(scripts, REBUILD)
    await migrate(sqlite_database, str(scripts))
    async with sqlite_database.write() as tx:
        assert (await tx.execute(text("PRAGMA foreign_keys"))).scalar_one() == 1


async def test_a_migration_that_fails_leaves_nothing_behind(
    database: Database, scripts: Path
) -> None:
    before = await _schema(database)
    _add(scripts, BREAK)
    with pytest.raises(Exception, match="this is no SQL"):
        await migrate(database, str(scripts))
    assert await _schema(database) == before
    assert await pending(database) == []


def test_the_newest_migration_is_known_without_loading_any() -> None:
    assert newest() == REVISIONS[-1]
