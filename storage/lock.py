"""One bot at a time on one database: two would poll and send everything twice."""

import asyncio
import fcntl
import os
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import private, trouble
from storage.database import Database

ANSWERS_WITHIN = 5.0  # seconds; a server that takes longer is taken for gone
LEADER = 0x53_42_52_4E  # "SBRN": PostgreSQL's advisory lock of the process that leads
# So that the server sees within 20 s that the leader's machine is gone, without a word of it; by
# default it would keep the lock for two hours. By then the leader has stopped (ANSWERS_WITHIN).
KEEPALIVES = {"tcp_keepalives_idle": 5, "tcp_keepalives_interval": 5, "tcp_keepalives_count": 3}


class AlreadyRunning(RuntimeError):
    """Another process holds the lock; the text says what to do."""


class RunLock:
    """The right to run the bot on a database; it is freed whenever the process dies.

    SQLite: a lock that the operating system keeps on `<file>.lock`. PostgreSQL: an advisory lock of
    one connection; `lost` is set as soon as the server cuts it. `async with RunLock(database):`
    refuses at once when it is taken.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: AsyncConnection | None = None
        self._file: int | None = None
        self._ours = False
        self.lost = asyncio.Event()

    async def acquire(self) -> None:
        """Take the lock. Raises AlreadyRunning when another process has it."""
        if await self.try_acquire():
            return
        await self.release()
        name = "this database"
        if self._database.is_sqlite:
            name = str(self._database.url.database)
        raise AlreadyRunning(
            f"Stockbell is already running on {name}: stop that one first, or set DATABASE_URL to "
            "another one. (import, export and the other commands work beside a running bot.)"
        )

    async def try_acquire(self) -> bool:
        """False when another process has it. On PostgreSQL the connection is kept for another try;
        `release` gives it back."""
        if self._database.is_sqlite:
            self._ours = self._lock_file()
        else:
            self._ours = await self._lock_connection()
        return self._ours

    def _lock_file(self) -> bool:
        path = Path(f"{self._database.url.database}.lock")
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        private.tighten(path)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return False
        self._file = handle
        return True

    async def _lock_connection(self) -> bool:
        try:
            async with asyncio.timeout(ANSWERS_WITHIN):
                if self._connection is None:
                    self._connection = await self._connect()
                answer = await self._connection.execute(
                    text("SELECT pg_try_advisory_lock(:key)"), {"key": LEADER}
                )
                self.lost.clear()
                return bool(answer.scalar_one())
        except trouble.ERRORS:
            await self.release()
            raise

    async def _connect(self) -> AsyncConnection:
        connection = await self._database.engine.connect()
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self._close, connection)
            # Outside of a transaction, or the server would see one open for as long as we lead.
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            for name, value in KEEPALIVES.items():
                await connection.execute(text(f"SET {name} = {value}"))
            driver = (await connection.get_raw_connection()).driver_connection
            if driver is not None:
                driver.add_termination_listener(self._cut)
            stack.pop_all()
        return connection

    def _cut(self, connection: object) -> None:
        del connection
        if self._ours:
            self.lost.set()

    @staticmethod
    async def _close(connection: AsyncConnection) -> None:
        await connection.invalidate()  # closed, not given back: a lock never goes to the pool
        await connection.close()

    async def held(self) -> bool:
        """Whether the lock is still ours: PostgreSQL frees it when the connection is cut."""
        if self._connection is None or self.lost.is_set():
            return self._file is not None
        try:
            async with asyncio.timeout(ANSWERS_WITHIN):
                await self._connection.execute(text("SELECT 1"))
        except trouble.ERRORS:
            return False
        return self._ours

    async def release(self) -> None:
        """Give the lock back; without one it does nothing."""
        self._ours = False
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
