"""Statements are compiled once a run, not once for each test's database.

SQLAlchemy keeps what it compiled by engine, and every test has engines of its own: a third of the
time of a small test went into compiling what the test before it had compiled.
"""

from typing import Any

from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.dialects.sqlite.aiosqlite import SQLiteDialect_aiosqlite
from sqlalchemy.ext.asyncio import AsyncEngine

from storage import database


def share() -> None:
    """For all databases that this process opens from now on."""
    create = vars(database)["create_async_engine"]
    kept: dict[Any, Any] = {}

    def sharing(url: Any, **options: Any) -> AsyncEngine:
        engine: AsyncEngine = create(url, execution_options={"compiled_cache": kept}, **options)
        return engine

    vars(database)["create_async_engine"] = sharing
    for kind in (SQLiteDialect_aiosqlite, PGDialect_asyncpg):  # the dialect is part of the key
        kind.__eq__ = lambda self, other: type(self) is type(other)  # type: ignore[method-assign]
        kind.__hash__ = lambda self: hash(type(self))  # type: ignore[method-assign]
