"""One adjustment, opening a restock, the start, and the memory of a large shop.

python -m tests.bench.basics 10000
"""

import asyncio
import sys
import tempfile
from pathlib import Path
from time import perf_counter

from bot.domain.contacts import Address, Caller
from bot.domain.ways import SLACK
from storage import settings
from storage.database import Database
from storage.migrate import migrate
from storage.vault import Vault, generate_key
from tests.bench.fanout import fill
from tests.bench.report import report, say
from tests.faults.rows import Row, at_most
from tests.faults.stage import staged
from tests.support.clock import Clock
from tests.support.shop import Shop

MANAGER = Caller(Address(SLACK, "U1"))
ROUNDS = 300
OPENING = 50.0  # milliseconds, with 10,000 who wait
START = 2.0  # seconds
MEMORY = 160.0  # MB, with 100,000 subscriptions


def part(figures: list[float], of_100: int) -> float:
    """The value in milliseconds that so many of 100 do not exceed."""
    return sorted(figures)[max(0, len(figures) * of_100 // 100 - 1)] * 1000


async def services(url: str, people: int) -> list[Row]:
    database = Database(url)
    try:
        await migrate(database)
        shop = await Shop.open(database, Vault([generate_key()]), Clock())
        await adjusting(shop)
        await fill(shop, people)
        began = perf_counter()
        await shop.moved(f"MUG +{2 * people}")
        took = (perf_counter() - began) * 1000
        what = f"opening a restock with {people:,} waiting"
        return [at_most(what, took, OPENING, " ms", timing=True)]
    finally:
        await database.close()


async def adjusting(shop: Shop) -> None:
    await shop.product("TEA")
    taken, bare = [], []
    for number in range(ROUNDS):
        began = perf_counter()
        async with shop.database.write() as tx:
            await settings.put(tx, "bench", str(number))
        bare.append(perf_counter() - began)
        began = perf_counter()
        await shop.moved("TEA +1")
        taken.append(perf_counter() - began)
    ratio = part(taken, 50) / part(bare, 50)
    say(
        f"one adjustment: p50 {part(taken, 50):.2f} ms, p99 {part(taken, 99):.2f} ms, "
        f"{ratio:.1f} x a bare commit"
    )


async def process(folder: Path, people: int) -> list[Row]:
    """The real bot on a shop with `people` who wait."""
    async with staged(folder, crowd=people) as stage:
        await stage.bot.terminate(30)
        await stage.until(lambda: stage.sandbox.sockets == 0, 10)
        began = perf_counter()
        await stage.again()
        took, used = perf_counter() - began, memory_of(stage.bot.pid)
        return [
            at_most("start to ready", took, START, " s", timing=True),
            at_most(f"memory with {people:,} subscriptions", used, MEMORY, " MB"),
        ]


def memory_of(pid: int) -> float:
    """What the process holds in memory, in MB."""
    words = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in words if line.startswith("VmRSS")).split()[1]) / 1024


def main() -> None:
    people = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with tempfile.TemporaryDirectory() as folder:
        rows = asyncio.run(services(f"sqlite:///{folder}/basics.db", people))
        rows += asyncio.run(process(Path(folder), people * 10))
    report("basics", rows)


if __name__ == "__main__":
    main()
