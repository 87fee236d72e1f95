"""Ways to break a database under a running bot; each mends it at the end."""

import asyncio
import resource
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

from sqlalchemy.engine import make_url

from storage.lock import LEADER
from tests.faults.broken_database import broken_in
from tests.faults.rows import Row, size
from tests.faults.stage import Stage
from tests.support.databases import PostgresServer, own_postgres_server

IN_FLIGHT = 8  # as many as a worker has ahead
NO_LIMIT = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
CUT = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
BUT_THE_LEADERS = (
    f" AND pid NOT IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = {LEADER})"
)


@asynccontextmanager
async def locked(stage: Stage) -> AsyncIterator[None]:
    """Another process writes and does not come to an end."""
    with closing(sqlite3.connect(str(make_url(stage.url).database), timeout=10)) as other:
        other.isolation_level = None
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


@asynccontextmanager
async def full(stage: Stage) -> AsyncIterator[None]:
    """No file of the bot may hold any byte more."""
    process = stage.bot.pid
    resource.prlimit(process, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
    yield
    resource.prlimit(process, resource.RLIMIT_FSIZE, NO_LIMIT)


class OnPostgres:
    """Faults of one database on a server of ours."""

    def __init__(self, server: PostgresServer) -> None:
        self.server = server

    @staticmethod
    def name(stage: Stage) -> str:
        return str(make_url(stage.url).database)

    @asynccontextmanager
    async def cut(self, stage: Stage) -> AsyncIterator[None]:
        """Every connection breaks at once; the server goes on."""
        self.server.run(CUT.format(name=self.name(stage)))
        yield

    @asynccontextmanager
    async def read_only(self, stage: Stage) -> AsyncIterator[None]:
        """As after a switch to a replica: everything can be read and nothing written."""
        name = self.name(stage)
        cut = CUT.format(name=name) + BUT_THE_LEADERS
        self.server.run(f"ALTER DATABASE {name} SET default_transaction_read_only = on", cut)
        yield
        # a setting of the database holds for the connection that would take it away, too
        self.server.run(f"ALTER DATABASE {name} RESET default_transaction_read_only", cut)

    @asynccontextmanager
    async def stopped(self, stage: Stage) -> AsyncIterator[None]:
        """The server ends and is started again."""
        del stage
        await asyncio.to_thread(self.server.stop)
        yield
        await asyncio.to_thread(self.server.start)


async def on_sqlite(folder: Path, seed: int) -> list[Row]:
    """Locked, and full."""
    seconds = size("BROKEN_SECONDS", 5)
    what = f"SQLite locked for {seconds} s"
    rows = await broken_in(place(folder, "locked"), seed, what, locked, seconds)
    what = f"disk full for {2 * seconds} s"
    return rows + await broken_in(place(folder, "full"), seed, what, full, 2 * seconds)


def place(folder: Path, name: str) -> Path:
    """A folder of its own for each story."""
    found = folder / name
    found.mkdir()
    return found


async def on_postgres(folder: Path, seed: int) -> list[Row]:
    """All connections cut, read-only, and stopped, on a server of its own."""
    with own_postgres_server() as server:
        return await on_server(server, folder, seed)


async def on_server(server: PostgresServer, folder: Path, seed: int, words: str = "") -> list[Row]:
    """All of it, or the stories that these `words` name."""
    seconds = size("BROKEN_SECONDS", 5)
    faults = OnPostgres(server)
    stories = {
        "PostgreSQL cuts all connections": (faults.cut, 0),
        f"PostgreSQL read-only for {2 * seconds} s": (faults.read_only, 2 * seconds),
        f"PostgreSQL stopped for {seconds} s": (faults.stopped, seconds),
    }
    rows: list[Row] = []
    for number, (what, (broken, lasts)) in enumerate(stories.items()):
        if words in what:
            own = place(folder, str(number))
            # another one may lead before the answers to what is on the wire can be written down
            rows += await broken_in(
                own, seed, what, broken, lasts, url=server.new(), in_flight=IN_FLIGHT
            )
    return rows
