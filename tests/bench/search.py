"""Word search on a big catalogue: `python -m tests.bench.search [products]`.

Prints times, their ratio to a bare LIKE scan of the same table, and how many of the first five
answers are right, on both databases.
"""

import asyncio
import sys
import tempfile
from datetime import UTC, datetime
from statistics import median, quantiles
from time import perf_counter

from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.codes import short_id, sku_key
from bot.services.stock.searching import find, reindex
from storage.database import Database
from storage.migrate import migrate
from storage.products import by_ids
from storage.tables import product
from tests.bench.catalogue import QUERIES, catalogue
from tests.bench.report import report, say
from tests.faults.rows import Row, at_most
from tests.support.databases import postgres_server

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ROUNDS = 7
BAR = 30.0  # milliseconds, with 100,000


async def fill(database: Database, size: int) -> None:
    """Products straight into the table: what is measured here is only the search."""
    rows = [
        {
            "sku": item.sku,
            "sku_key": sku_key(item.sku),
            "short_id": short_id(sku_key(item.sku)),
            "name": item.name,
            "brand": item.brand,
            "attributes": {},
            "created_at": NOW,
            "updated_at": NOW,
        }
        for item in catalogue(size)
    ]
    async with database.write() as tx:
        await tx.execute(insert(product), rows)


async def right(tx: AsyncConnection, words: str, needed: tuple[str, ...]) -> float:
    """The share of the first five answers that hold all that is needed."""
    found = await by_ids(tx, await find(tx, words))
    good = sum(all(part in item.name for part in needed) for item in found.values())
    return good / 5


async def measure(database: Database) -> tuple[list[float], list[float], float]:
    """Seconds of each search, seconds of each LIKE scan, share of right answers."""
    ours: list[float] = []
    scans: list[float] = []
    like = text("SELECT id FROM product WHERE name LIKE :part OR sku LIKE :part LIMIT 5000")
    for _ in range(ROUNDS):
        for words, _needed in QUERIES:
            async with database.read() as tx:
                start = perf_counter()
                await find(tx, words)
                ours.append(perf_counter() - start)
                start = perf_counter()
                (await tx.execute(like, {"part": f"%{words}%"})).all()
                scans.append(perf_counter() - start)
    async with database.read() as tx:
        shares = [await right(tx, words, needed) for words, needed in QUERIES]
    return ours, scans, sum(shares) / len(shares)


async def bench(engine: str, url: str, size: int) -> Row:
    """Straight after the index was built, as after a first import."""
    database = Database(url)
    try:
        await migrate(database)
        await fill(database, size)
        start = perf_counter()
        await reindex(database, lambda: NOW)
        built = perf_counter() - start
        ours, scans, share = await measure(database)
    finally:
        await database.close()
    p95, scan, p50 = quantiles(ours, n=20)[-1], median(scans), median(ours)
    each = [min(ours[start :: len(QUERIES)]) for start in range(len(QUERIES))]
    say(f"search on {engine}, {size:,} products: index built in {built:.1f} s")
    say(f"  p50 {p50 * 1000:.1f} ms, max {max(ours) * 1000:.1f} ms")
    say(f"  the best of {ROUNDS} rounds of each: p95 {quantiles(each, n=20)[-1] * 1000:.1f} ms")
    say(f"  against a bare LIKE scan: p50 {p50 / scan:.2f}, p95 {p95 / scan:.2f}")
    say(f"  right among the first five: {share:.0%}")
    return at_most(f"{engine}, {size:,} products, p95", p95 * 1000, BAR, " ms", timing=True)


def main() -> None:
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as folder:
        rows = [asyncio.run(bench("SQLite", f"sqlite:///{folder}/search.db", size))]
    with postgres_server() as server:
        rows.append(asyncio.run(bench("PostgreSQL", server.new(), size)))
    report("search", rows)


if __name__ == "__main__":
    main()
