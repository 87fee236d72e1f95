"""Bringing a database to the schema of this version."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.script.revision import ResolutionError
from alembic.util import CommandError
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import Database

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
    config = _config(scripts)
    async with _exclusive(database) as tx:
        return await tx.run_sync(_upgrade, config, until)


async def pending(database: Database, scripts: str = SCRIPTS) -> list[str]:
    """The revisions that `migrate` would apply, oldest first. Raises DatabaseTooNew."""
    async with database.read() as tx:
        return await tx.run_sync(_pending, _config(scripts), "head")


def _config(scripts: str) -> Config:
    config = Config()
    config.set_main_option("script_location", scripts)
    return config


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


def _upgrade(connection: Connection, config: Config, until: str) -> list[str]:
    missing = _pending(connection, config, until)
    if missing:
        config.attributes["connection"] = connection
        command.upgrade(config, until)
    return missing


def _pending(connection: Connection, config: Config, until: str) -> list[str]:
    current = MigrationContext.configure(connection).get_current_revision()
    script = ScriptDirectory.from_config(config)
    try:
        missing = list(script.iterate_revisions(until, current or "base"))
    except (ResolutionError, CommandError) as error:
        raise DatabaseTooNew(str(current)) from error
    return [revision.revision for revision in reversed(missing)]
