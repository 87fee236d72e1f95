"""SQLite under the simulation: the real library and a real file, without the thread.

Each call ends before it returns, so one call is open at a time and a seed replays. What a busy
machine adds (waits, `database is locked`, a full disk, death before and after a commit) is added
here, below everything that the bot calls storage.
"""

import asyncio
import copy
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import aiosqlite
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from storage.database import Database
from tests.simulation.loop import LIFE, Life


class Machine(Protocol):
    """What the world does to a transaction. Each may wait, raise sqlite3.Error, or be the end."""

    async def begins(self, *, writing: bool) -> None: ...

    async def commits(self) -> None: ...

    async def committed(self) -> None: ...


class _AtOnce:
    """In the place of aiosqlite's queue to its thread."""

    def put_nowait(self, item: tuple[asyncio.Future[Any] | None, Callable[[], Any]]) -> None:
        future, call = item
        result = call()
        if future is not None:
            future.set_result(result)


class Connection(aiosqlite.Connection):
    """A connection of one life; it is gone with it, and what was not committed too."""

    def __init__(self, disk: "Disk", life: Life | None, **options: Any) -> None:
        super().__init__(lambda: sqlite3.connect(disk.path, **options), 64)
        self._tx = _AtOnce()  # type: ignore[assignment]
        self._machine = disk.machine
        self._life = life
        self._writing = False

    def __await__(self) -> Any:
        return self._connect().__await__()

    async def _connect(self) -> "Connection":
        if self._life is not None and self._life.dead:
            raise sqlite3.OperationalError("unable to open database file")
        self._connection = self._connector()
        return self

    async def _execute(self, fn: Any, *args: Any, **kwargs: Any) -> Any:
        if self._connection is None:
            raise ValueError("Connection closed")
        words = args[0] if args and isinstance(args[0], str) else ""
        if words.startswith("BEGIN"):
            self._writing = words == "BEGIN IMMEDIATE"
            await self._machine.begins(writing=self._writing)
        elif not (self._writing and getattr(fn, "__name__", "") == "commit"):
            return fn(*args, **kwargs)
        else:
            self._writing = False
            await self._machine.commits()
            fn()
            return await self._machine.committed()
        return fn(*args, **kwargs)

    def stop(self) -> None:
        self.cut()

    async def close(self) -> None:
        self.cut()

    def cut(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class Disk:
    """The engines of the whole run, with what they know of the statements; the file changes."""

    def __init__(self, template: Path) -> None:
        self._template = template
        self._database = Database(f"sqlite:///{template}")
        self._open: list[Connection] = []
        self.path = template
        self.machine: Machine = Calm()
        for engine in self._engines():
            self._rewire(engine)

    def _engines(self) -> tuple[AsyncEngine, AsyncEngine]:
        return self._database._writer, self._database._reader

    def _rewire(self, engine: AsyncEngine) -> None:
        # A connection that is cut in the middle of a call is closed at once, not in a task.
        engine.sync_engine.dialect.do_terminate = _cut  # type: ignore[assignment,method-assign]

        @event.listens_for(engine.sync_engine, "do_connect")
        def connect(_dialect: Any, _record: Any, _args: Any, options: dict[str, Any]) -> None:
            options["async_creator_fn"] = self._connect

        @event.listens_for(engine.sync_engine, "connect")
        def hurry(connection: Any, _record: Any) -> None:
            """Deaths are above the file: what SQLite was given stays."""
            cursor = connection.cursor()
            cursor.execute("PRAGMA synchronous=OFF")
            cursor.close()

    def _connect(self, _path: str, **options: Any) -> Connection:
        connection = Connection(self, LIFE.get(), **options)
        self._open.append(connection)
        return connection

    def insert(self, path: Path, machine: "Machine") -> None:
        """From now on this file is the database."""
        self.eject()
        self.path, self.machine = path, machine

    def eject(self) -> None:
        """Whoever had it open has no more: what was not committed never was."""
        for connection in self._open:
            connection.cut()
        self._open.clear()
        for engine in self._engines():
            engine.sync_engine.dispose(close=False)

    def database(self) -> Database:
        """As a process that has just started opens it."""
        fresh = copy.copy(self._database)
        for name, value in vars(fresh).items():
            if isinstance(value, list):
                setattr(fresh, name, [])
            elif isinstance(value, asyncio.Lock):
                setattr(fresh, name, asyncio.Lock())
        return fresh


class Calm:
    """A machine on which nothing happens."""

    async def begins(self, *, writing: bool) -> None:
        del writing

    async def commits(self) -> None:
        return

    async def committed(self) -> None:
        return


def _cut(adapted: Any) -> None:
    adapted.driver_connection.cut()


def error(words: str, code: int) -> sqlite3.OperationalError:
    """As SQLite raises it."""
    raised = sqlite3.OperationalError(words)
    raised.sqlite_errorcode = code
    return raised
