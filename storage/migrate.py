"""Bringing a database to the schema of this version."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import Database, DatabaseMissing
from storage.place import begin_anew, remains

SCRIPTS = "storage:migrations"  # a package resource, so that an installed wheel finds it too
GUARD = 0x53_42_4D_49  # "SBMI": the advisory lock that lets one starter migrate at a time


class DatabaseTooNew(RuntimeError):
    """The database was brought to a schema that this version does not know."""

    def __init__(self, revision: str) -> None:
        super().__init__(
            f"the database is at schema {revision}, which this version of Stockbell does not know: "
            "run the version that made it, or a newer one"
        )
        self.revision = revision


async def migrate(database: Database, scripts: str = SCRIPTS, until: str = "head") -> list[str]:
    """Apply what is pending, all or nothing; returns the names of the revisions applied.

    Two starters at once take turns, and the second finds nothing to do. Raises DatabaseTooNew.
    """
    if scripts == SCRIPTS and until == "head" and await _is_new(database):
        return []
    async with _exclusive(database) as tx:
        return await tx.run_sync(_upgrade, scripts, until)


async def refuse_an_empty_one(database: Database, key_file: Path) -> None:
    """Raises DatabaseMissing when it has no tables, but what is left of one that was in use."""
    async with database.read() as tx:
        if await tx.run_sync(lambda it: inspect(it).has_table("alembic_version")):
            return
    left = remains(Path(str(database.url.database)), (".lock",)) if database.is_sqlite else []
    left += remains(key_file, ("",))
    if left:
        name = database.url.database
        raise DatabaseMissing(begin_anew(f"the database {name} is empty", left))


async def pending(database: Database, scripts: str = SCRIPTS) -> list[str]:
    """The revisions that `migrate` would apply, oldest first. Raises DatabaseTooNew."""
    async with database.read() as tx:
        return await tx.run_sync(_missing, scripts)


def newest() -> str:
    """The last revision of SCRIPTS: a migration's file begins with it."""
    names = [file.name for file in files("storage.migrations.versions").iterdir()]
    return max(name.partition("_")[0] for name in names if name[0].isdigit())


async def _is_new(database: Database) -> bool:
    """Whether the schema is that of this version: then there is nothing to load and to lock."""
    async with database.read() as tx:
        if not await tx.run_sync(lambda it: inspect(it).has_table("alembic_version")):
            return False
        found = await tx.execute(text("SELECT version_num FROM alembic_version"))
        return bool(found.scalar_one_or_none() == newest())


@asynccontextmanager
async def _exclusive(database: Database) -> AsyncIterator[AsyncConnection]:
    """The writing connection in a transaction that shuts out every other starter."""
    async with database.engine.connect() as connection:
        if not database.is_sqlite:
            async with connection.begin():
                await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": GUARD})
                yield connection
            return
        # SQLite changes a column by copying its table, and dropping the old copy would cascade.
        # The switch works outside of transactions only; BEGIN IMMEDIATE is the guard.
        await _foreign_keys(connection, "OFF")
        try:
            async with connection.begin():
                yield connection
                broken = (await connection.execute(text("PRAGMA foreign_key_check"))).first()
                if broken is not None:
                    raise RuntimeError(f"a migration left a reference to nothing: {broken}")
        finally:
            await _foreign_keys(connection, "ON")


async def _foreign_keys(connection: AsyncConnection, state: str) -> None:
    raw: Any = (await connection.get_raw_connection()).driver_connection
    await raw.execute(f"PRAGMA foreign_keys={state}")


def _upgrade(connection: Connection, scripts: str, until: str) -> list[str]:
    from storage import upgrade

    try:
        return upgrade.upgrade(connection, scripts, until)
    except upgrade.UnknownRevision as error:
        raise DatabaseTooNew(str(error)) from error


def _missing(connection: Connection, scripts: str) -> list[str]:
    from storage import upgrade

    try:
        return upgrade.missing(connection, scripts, "head")
    except upgrade.UnknownRevision as error:
        raise DatabaseTooNew(str(error)) from error
