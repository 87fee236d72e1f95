"""One bot at a time on one database: two would poll and send everything twice."""

import asyncio
import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import trouble
from storage.database import Database

ASK_AGAIN = 1.0  # seconds between tries of a process that stands by while the server is down
LEADER = 0x53_42_52_4E  # "SBRN": PostgreSQL's advisory lock of the process that leads


class AlreadyRunning(RuntimeError):
    """Another process holds the lock; the text says what to do."""


class LockLost(RuntimeError):
    """The database cut the connection that held the lock; another process may lead by now."""

    def __init__(self) -> None:
        super().__init__("the database cut the connection that makes this Stockbell the leader")


class RunLock:
    """The right to run the bot on a database; it is freed whenever the process dies.

    SQLite: a lock that the operating system keeps on `<file>.lock`. PostgreSQL: an advisory lock of
    one connection. `async with RunLock(database):` refuses at once when it is taken.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: AsyncConnection | None = None
        self._file: int | None = None

    async def acquire(self, *, wait: bool = False) -> None:
        """Take the lock. Raises AlreadyRunning when it is taken, unless on PostgreSQL `wait`.

        A process that waits there stands by: it returns when the one that leads is gone, however
        often the server restarts meanwhile.
        """
        if self._database.is_sqlite:
            self._lock_file()
            return
        while True:
            try:
                await self._lock_connection(wait)
            except trouble.ERRORS as error:
                if not wait or trouble.down(error) is None:
                    raise
                await asyncio.sleep(ASK_AGAIN)
            else:
                return

    def _lock_file(self) -> None:
        path = Path(f"{self._database.url.database}.lock")
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            raise AlreadyRunning(
                f"Stockbell is already running on {self._database.url.database}: stop that one "
                "first, or set DATABASE_URL to another file. (import, export and the other "
                "commands work beside a running bot.)"
            ) from None
        self._file = handle

    async def _lock_connection(self, wait: bool) -> None:
        connection = await self._database.engine.connect()
        try:
            if not await self._ask(connection, wait):
                raise AlreadyRunning(
                    "Stockbell is already running on this database: stop that one first, or set "
                    "DATABASE_URL to another database"
                )
            self._connection = connection
        finally:
            if self._connection is None:
                await self._close(connection)

    @staticmethod
    async def _ask(connection: AsyncConnection, wait: bool) -> bool:
        # Outside of a transaction, or the server would see one open for as long as we lead.
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        function = "pg_advisory_lock" if wait else "pg_try_advisory_lock"
        answer = await connection.execute(text(f"SELECT {function}(:key)"), {"key": LEADER})
        return answer.scalar_one() is not False

    @staticmethod
    async def _close(connection: AsyncConnection) -> None:
        await connection.invalidate()  # closed, not given back: a lock never goes to the pool
        await connection.close()

    async def held(self) -> bool:
        """Whether the lock is still ours: PostgreSQL frees it when the connection is cut."""
        if self._connection is None:
            return self._file is not None
        try:
            await self._connection.execute(text("SELECT 1"))
        except trouble.ERRORS:
            return False
        return True

    async def release(self) -> None:
        """Give the lock back; without one it does nothing."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
        if self._connection is not None:
            connection, self._connection = self._connection, None
            await self._close(connection)

    async def __aenter__(self) -> Self:
        await self.acquire()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.release()
