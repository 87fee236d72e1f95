"""What every test would make anew is made once a run: half of the time of a small test went there.

Statements are compiled (SQLAlchemy keeps them by engine, and every test has engines of its own),
catalogues are read, the certificates of the world are loaded for clients that talk to loopback.
"""

import functools
import ssl
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog as Catalogue
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.dialects.sqlite.aiosqlite import SQLiteDialect_aiosqlite
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.render import catalogue
from storage import database


def share() -> None:
    """For all that this process opens from now on."""
    _statements()
    _catalogues()
    vars(ssl)["create_default_context"] = functools.cache(ssl.create_default_context)


def _statements() -> None:
    create = vars(database)["create_async_engine"]
    kept: dict[Any, Any] = {}

    def sharing(url: Any, **options: Any) -> AsyncEngine:
        engine: AsyncEngine = create(url, execution_options={"compiled_cache": kept}, **options)
        return engine

    vars(database)["create_async_engine"] = sharing
    for kind in (SQLiteDialect_aiosqlite, PGDialect_asyncpg):  # the dialect is part of the key
        kind.__eq__ = lambda self, other: type(self) is type(other)  # type: ignore[method-assign]
        kind.__hash__ = lambda self: hash(type(self))  # type: ignore[method-assign]


def _catalogues() -> None:
    read = catalogue.read_catalogue

    @functools.cache
    def once(po: Path, language: str, _changed: int) -> Catalogue:
        return read(po, language)

    def reading(po: Traversable, language: str) -> Catalogue:
        path = Path(str(po))
        return once(path, language, path.stat().st_mtime_ns)

    vars(catalogue)["read_catalogue"] = reading
    vars(catalogue)["_compiled"] = functools.cache(vars(catalogue)["_compiled"])
