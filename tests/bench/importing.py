"""Importing a big stock file: `python -m tests.bench.importing [rows]`.

Prints what each step takes and its ratio to a bare executemany of the same rows into one table,
and (SQLite has one writer) how long another write waited at most while it ran.
"""

import asyncio
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from time import perf_counter, sleep
from typing import Any

from bot.domain.batches import Piece
from bot.domain.bulk import Staged
from bot.domain.sources import CLI
from bot.formats.csv_in import read
from bot.services.stock.bulk import Bulk
from bot.services.stock.exporting import Exporting
from storage.database import Database
from storage.migrate import migrate
from tests.bench.catalogue import catalogue
from tests.support.databases import postgres_server

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def stock_file(rows: int) -> bytes:
    lines = ["sku,name,quantity,reorder_point,price,currency,brand,product,url,Colour"]
    lines += [
        f"{item.sku},{item.name},{item.quantity},10,{item.price},EUR,{item.brand},{item.thing},"
        f"https://shop.example/p/{item.sku},{item.thing}"
        for item in catalogue(rows)
    ]
    return "\n".join(lines).encode()


def bare(folder: str, rows: int) -> float:
    """Seconds that SQLite itself needs to take the rows, nothing checked, nothing indexed."""
    made = [
        (item.sku, item.name, item.quantity, item.price, item.brand, item.thing)
        for item in catalogue(rows)
    ]
    connection = sqlite3.connect(f"{folder}/bare.db")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE t (sku, name, quantity, price, brand, thing)")
    start = perf_counter()
    with connection:
        connection.executemany("INSERT INTO t VALUES (?, ?, ?, ?, ?, ?)", made)
    taken = perf_counter() - start
    connection.close()
    return taken


class Others:
    """Another process that writes to the same file all the time; `longest` seconds it waited."""

    def __init__(self, path: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.importing", "--others", path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def longest(self) -> float:
        """The longest wait since this was asked the last time."""
        if self.process.stdin is None or self.process.stdout is None:
            raise RuntimeError("the other process has no pipes")
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()


def write_all_the_time(path: str) -> None:
    """What the other process does; each line that it reads asks for the longest wait."""
    longest = [0.0]

    def answer() -> None:
        for _ in sys.stdin:
            say(str(longest[0]))
            longest[0] = 0.0

    threading.Thread(target=answer, daemon=True).start()
    connection = sqlite3.connect(path, isolation_level=None, timeout=30)
    while True:
        start = perf_counter()
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("UPDATE setting SET value = value")
        connection.execute("COMMIT")
        longest[0] = max(longest[0], perf_counter() - start)
        sleep(0.02)


async def nobody_waits(tx: Any, piece: Piece, now: datetime) -> None:
    """There are no subscriptions here; bench/restock measures those."""


class Steps:
    """`others`: who writes meanwhile; None on PostgreSQL, where writers wait for rows only."""

    def __init__(self, bare_seconds: float, others: Others | None) -> None:
        self.bare = bare_seconds
        self.others = others
        self.total = 0.0

    async def take(self, name: str, work: Callable[[], Awaitable[Any]]) -> Any:
        if self.others is not None:
            self.others.longest()
        start = perf_counter()
        result = await work()
        taken = perf_counter() - start
        self.total += taken
        line = f"  {name:<22}{taken:6.2f} s  {taken / self.bare:6.1f} x bare"
        if self.others is not None:
            line += f"; another write waited {self.others.longest() * 1000:.0f} ms at most"
        say(line)
        return result


async def once(bulk: Bulk, steps: Steps, data: bytes, key: str) -> None:
    staged = await steps.take("parse and stage", lambda: bulk.stage(read(data), CLI, key))
    if not isinstance(staged, Staged):
        raise TypeError(staged.problems[:3])
    await steps.take("preview", lambda: bulk.preview(staged.batch_id))
    await steps.take("apply, and tidy up", lambda: bulk.apply(staged.batch_id))
    await steps.take("index for search", bulk.reindex)


async def bench(engine: str, url: str, rows: int, bare_seconds: float) -> None:
    database = Database(url)
    await migrate(database)
    others = Others(str(database.url.database)) if database.is_sqlite else None
    bulk = Bulk(database, lambda: NOW, nobody_waits)
    data = stock_file(rows)
    size = f"{rows:,} rows, {len(data) / 1e6:.1f} MB; bare executemany {bare_seconds:.2f} s"
    say(f"import on {engine} ({size})")
    steps = Steps(bare_seconds, others)
    await once(bulk, steps, data, "first")
    say(f"  first import in all   {steps.total:6.2f} s")
    steps.total = 0.0
    changed = data.replace(b",10,", b",12,").replace(b"Acme ", b"Acme & Co ")
    await once(bulk, steps, changed, "second")
    say(f"  an update of all      {steps.total:6.2f} s")
    await steps.take("export", lambda: export(database))
    if others is not None:
        others.close()
    await database.close()


async def export(database: Database) -> int:
    """How many characters the file has; where it is written is the caller's matter."""
    return sum([len(part) async for part in Exporting(database).csv()])


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    if "--others" in sys.argv:
        write_all_the_time(sys.argv[-1])
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as folder:
        seconds = bare(folder, rows)
        asyncio.run(bench("SQLite", f"sqlite:///{folder}/import.db", rows, seconds))
    with postgres_server() as server:
        asyncio.run(bench("PostgreSQL", server.new(), rows, seconds))


if __name__ == "__main__":
    main()
