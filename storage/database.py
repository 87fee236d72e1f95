"""One way to open a transaction, the same on SQLite and PostgreSQL."""

import asyncio
import fcntl
import os
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, closing, contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from bot.domain.faults import DatabaseDown
from storage import private, settings, trouble
from storage.one_visit import OneVisitDbapi
from storage.place import Place, begin_anew, remains
from storage.topics import Topic, collected

type_of_drivers = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}
READERS = 4
CHECK_WITHIN = 3.0  # seconds
CHECKED = "checked"  # the setting that `check` writes: a full disk can still be read


class DatabaseUrlError(ValueError):
    """DATABASE_URL names no database that Stockbell can use; the text says what to write."""


def parse_url(url: str) -> URL:
    """Turn `sqlite:///file` or `postgresql://...` into the URL of the async driver.

    Raises DatabaseUrlError, in words for the person who wrote it.
    """
    try:
        parsed = make_url(url.replace("postgres://", "postgresql://", 1))
        driver = type_of_drivers[parsed.get_backend_name()]
    except Exception as error:
        raise DatabaseUrlError(
            "DATABASE_URL must be sqlite:///data/stockbell.db or postgresql://user:password@host/name"
        ) from error
    if parsed.get_backend_name() == "sqlite" and parsed.database in (None, "", ":memory:"):
        raise DatabaseUrlError("DATABASE_URL needs a file: sqlite:///data/stockbell.db")
    return parsed.set(drivername=driver)


def is_new(url: str) -> bool:
    """Whether it would be an SQLite file that nobody has used yet; looks, makes nothing.

    Raises DatabaseUrlError where no file can be made.
    """
    parsed = parse_url(url)
    path = Path(str(parsed.database))
    if parsed.get_backend_name() != "sqlite" or path.exists() or remains(path):
        return False
    folder = next(one for one in path.absolute().parents if one.exists())
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise DatabaseUrlError(
            f"DATABASE_URL: the file {path} cannot be opened: {folder} is no folder to write in"
        )
    return True


class DatabaseMissing(DatabaseUrlError):
    """There was a database, and it is gone: an empty one must not take its place unasked."""


def _must_be_there(path: Path) -> None:
    """SQLite's own error, without its connection, whose thread would end after the loop."""
    if not path.exists():
        gone = sqlite3.OperationalError("unable to open database file")
        gone.sqlite_errorcode = sqlite3.SQLITE_CANTOPEN
        raise gone


def _prepare(path: Path) -> None:
    """Make the file if there is none and switch it to WAL, which it then stays in.

    SQLite does not wait for others when it switches, so two first starters would collide: a lock on
    the folder lets them take turns. Nobody but the owner may read it. Raises DatabaseUrlError.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            if not path.exists() and (left := remains(path)):
                raise DatabaseMissing(begin_anew(f"the database {path} is not there", left))
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            private.tighten(path, Path(f"{path}-wal"), Path(f"{path}-shm"))
            with closing(sqlite3.connect(path, timeout=30)) as connection:
                connection.execute("PRAGMA journal_mode=WAL")
        finally:
            os.close(folder)
    except (OSError, sqlite3.Error) as error:
        raise DatabaseUrlError(
            f"DATABASE_URL: the file {path} cannot be opened: {error}"
        ) from error


class Database:
    """Writers queue for one connection (SQLite) or lock rows (PostgreSQL); readers are separate.

    `write()` commits when the block ends and rolls back when it raises. On SQLite it is BEGIN
    IMMEDIATE behind an asyncio queue, so no two writers of this process ever race; on PostgreSQL a
    service first locks the rows it decides on (`lock_product`).

    Both raise DatabaseDown when the database cannot be used now. `down` says why until something
    could be written again; `after_trouble` hears of the beginning and of the end ("").
    """

    def __init__(self, url: str) -> None:
        self.url = parse_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._turn = asyncio.Lock()
        self.after_commit: list[Callable[[], None]] = []  # called after each write() commits
        self._listeners: list[tuple[Topic, Callable[[], None]]] = []
        self.after_trouble: list[Callable[[str], None]] = []
        self._held = 0.0  # seconds that the last write() took
        self.down = ""
        self._checking: asyncio.Task[None] | None = None
        self._place: Place | None = None
        if self.is_sqlite:
            path = Path(str(self.url.database))
            _prepare(path)
            self._place = Place(path)
            self._writer = self._sqlite(1, begin="BEGIN IMMEDIATE")
            self._reader = self._sqlite(READERS, begin="BEGIN")
        else:
            # The inbox alone has 16 people in work, each with a transaction or two.
            self._writer = create_async_engine(
                self.url, pool_size=10, max_overflow=25, pool_pre_ping=True, hide_parameters=True
            )
            private.hide_values(self._writer)
            self._reader = self._writer

    def _sqlite(self, size: int, begin: str) -> AsyncEngine:
        engine = create_async_engine(
            self.url, module=OneVisitDbapi(), pool_size=size, max_overflow=0,
            connect_args={"timeout": 30}, hide_parameters=True,
        )  # fmt: skip

        @event.listens_for(engine.sync_engine, "do_connect")
        def open_what_is_there(
            dialect: object, record: object, arguments: list[str], named: dict[str, Any]
        ) -> None:
            """Never make an empty file in the place of one that is gone."""
            del dialect, record
            _must_be_there(Path(arguments[0]))
            arguments[0] = f"{Path(arguments[0]).absolute().as_uri()}?mode=rw"
            named["uri"] = True

        @event.listens_for(engine.sync_engine, "connect")
        def configure(connection: Any, record: Any) -> None:
            del record
            connection.isolation_level = None  # we say BEGIN ourselves
            cursor = connection.cursor()
            if self._place is not None:
                self._place.opened()
            for pragma in (
                "synchronous=FULL",
                "foreign_keys=ON",
                "secure_delete=ON",
                "busy_timeout=30000",
            ):
                cursor.execute(f"PRAGMA {pragma}")
            cursor.close()

        @event.listens_for(engine.sync_engine, "close")
        def closed(connection: Any, record: Any) -> None:
            del connection, record
            if self._place is not None:
                self._place.closed()

        @event.listens_for(engine.sync_engine, "begin")
        def start(connection: Any) -> None:
            connection.exec_driver_sql(begin)

        return engine

    @property
    def engine(self) -> AsyncEngine:
        """The writing engine, for migrations."""
        return self._writer

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that may change rows; commits at the end, rolls back on an error."""
        with collected() as topics:
            async with self._writing() as connection:
                yield connection
        if self.down:
            self._begin_check()  # this one may have changed nothing, which needs no room on a disk
        for call in self.after_commit:
            call()
        for topic, call in self._listeners:
            if topic in topics:
                call()

    def on_commit(self, topic: Topic, call: Callable[[], None]) -> None:
        """Call it after each commit that brought something of this topic."""
        self._listeners.append((topic, call))

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator[AsyncConnection]:
        async with AsyncExitStack() as stack:
            stack.enter_context(self._noticed())
            if self.is_sqlite:
                await stack.enter_async_context(self._turn)
            connection = await stack.enter_async_context(self._writer.begin())
            began = asyncio.get_running_loop().time()
            self._require_place()
            yield connection
        self._require_place()  # or it was written into a file that is gone
        self._held = asyncio.get_running_loop().time() - began

    @contextmanager
    def _noticed(self) -> Iterator[None]:
        """Tell apart what is wrong with the database from what is wrong with a transaction."""
        try:
            yield
        except trouble.ERRORS as error:
            reason = trouble.down(error)
            if reason is None:
                raise
            self._require_place()  # it says more, if that is what is wrong
            self._set_down(reason)
            raise DatabaseDown(reason) from error

    def _require_place(self) -> None:
        """Raises DatabaseDown when the path names another file than the open one, or none."""
        reason = self._place.trouble() if self._place is not None else ""
        if reason:
            self._set_down(reason)
            raise DatabaseDown(reason)

    def _set_down(self, reason: str) -> None:
        before, self.down = self.down, reason
        if bool(before) != bool(reason):
            for call in self.after_trouble:
                call(reason)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that only reads; on SQLite it never waits for a writer."""
        with self._noticed():
            async with self._reader.begin() as connection:
                self._require_place()
                yield connection

    async def ping(self) -> None:
        """Returns when the database answered a question. Raises DatabaseDown or EngineError."""
        async with self.read() as tx:
            await tx.execute(text("SELECT 1"))

    async def check(self, within: float = CHECK_WITHIN) -> str:
        """Why nothing can be written now, or ""; answers within so many seconds.

        It really writes, because on a full disk or a read-only database everything else looks well.
        """
        checking = self._begin_check()
        await asyncio.wait({checking}, timeout=within)
        if not checking.done():
            return self.down or f"no answer within {within:g} s"
        checking.result()
        return self.down

    def _begin_check(self) -> asyncio.Task[None]:
        """One at a time. A write that waits for the lock is never cancelled: SQLite would take the
        lock for it later, and nobody would give it back."""
        if self._checking is None or self._checking.done():
            self._checking = asyncio.create_task(self._check())
        return self._checking

    async def _check(self) -> None:
        with suppress(DatabaseDown):  # `down` says it
            async with self._writing() as tx:
                # always another value: SQLite does not write what is there already
                await settings.put(tx, CHECKED, uuid4().hex)
            self._set_down("")

    async def yield_turn(self) -> None:
        """Between two transactions of one long piece of work: let others write.

        Tasks of this process queue fairly. Another process on the same SQLite file only looks now
        and then: each 25 ms when it has waited for less than 128 ms, then each 50 and 100 ms. It
        would miss a gap that is shorter than that again and again.
        """
        if self.is_sqlite:
            gap = 0.025 if self._held < 0.12 else 0.05 if self._held < 0.22 else 0.1
            await asyncio.sleep(gap)

    async def vacuum(self, *tables: str) -> None:
        """Let PostgreSQL note now, not within a minute, that these tables were filled.

        Until then it plans with old counts and looks up every row that it reads from an index. Who
        may not do it (the tables are another role's) is only warned by the server. SQLite needs
        nothing of the kind.
        """
        if self.is_sqlite:
            return
        with self._noticed():
            async with self._writer.connect() as connection:
                alone = await connection.execution_options(isolation_level="AUTOCOMMIT")
                await alone.exec_driver_sql(f"VACUUM (ANALYZE) {', '.join(tables)}")

    async def close(self) -> None:
        """Give every connection back; without it aiosqlite's threads outlive the loop."""
        if self._checking is not None:
            await self._checking
        await self._writer.dispose()
        if self._reader is not self._writer:
            await self._reader.dispose()
