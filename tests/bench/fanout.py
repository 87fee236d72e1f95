"""From the commit of a restock to 10,000 notices in the hands of a transport that does nothing.

Two languages, sealed contacts, synchronous=FULL; beside it the bare loop: as many rows of a bare
table claimed, marked and settled in batches of the same size, nothing rendered, nothing decided.
`python -m tests.bench.fanout [people]`
"""

import asyncio
import math
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from time import perf_counter, process_time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, insert, select

from bot.app.rules import RULES, faces_of
from bot.app.ways import KNOWN
from bot.channels.pacer import Pacer
from bot.delivery.hands import BROADCAST
from bot.delivery.worker import OutboxWorker
from bot.domain.forms import Rendered
from bot.domain.notices import Lane
from bot.domain.sending import CannotLook
from bot.domain.telling import NoticeData
from bot.domain.ways import TELEGRAM
from bot.render import telegram
from bot.render.catalogue import Texts
from bot.render.view import RenderContext
from bot.render.voice import View
from bot.services.engine.bell import Bell
from storage.database import Database
from storage.migrate import migrate
from storage.tables import notice, subscription
from storage.topics import Topic
from storage.vault import Vault, generate_key
from tests.bench.report import report, say
from tests.faults.rows import at_most
from tests.support.clock import Clock
from tests.support.people import put_people
from tests.support.shop import Shop

FIRST = 50.0  # milliseconds
ALL = 3.0  # seconds, for 10,000
MEMORY = 150.0  # MB
BARE_BATCH = 128


@dataclass
class Nowhere:
    """A way out that takes every message and does nothing with it."""

    expected: int
    pacer: Pacer = field(default_factory=lambda: Pacer(math.inf))
    taken: list[float] = field(default_factory=list)
    all_taken: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, address: str, _rendered: Rendered, lane: Lane) -> str:
        await self.pacer.turn(address, lane)
        self.taken.append(perf_counter())
        if len(self.taken) == self.expected:
            self.all_taken.set()
        return str(len(self.taken))

    async def edit(self, address: str, _ref: str, _rendered: Rendered, lane: Lane) -> None:
        await self.pacer.turn(address, lane)

    async def find(self, address: str, notice_id: int, since: datetime) -> str | None:
        raise CannotLook(f"{address}, {notice_id}, {since}")


async def fill(shop: Shop, people: int) -> None:
    """`people` wait for one mug, every other one in Chinese."""
    product_id = await shop.product("MUG", "Blue mug / 蓝色茶杯", price=1290, currency="EUR")
    now, seal = shop.clock(), shop.vault.seal
    rows = [
        {
            "way": "telegram",
            "kind": "person",
            "address_index": shop.vault.index(TELEGRAM, str(10_000 + number)),
            "address": seal(str(10_000 + number)),
            "name": seal(f"Person {number}"),
            "language": "zh_CN" if number % 2 else "en",
            "state": "active",
            "created_at": now,
            "seen_at": now,
        }
        for number in range(people)
    ]
    waits = {"product_id": product_id, "quantity": 1, "state": "waiting", "armed": True}
    async with shop.database.write() as tx:
        ids = await put_people(tx, rows)
        lines = [
            waits | {"person_id": ids[n][0], "key": f"b{n}", "created_at": now, "updated_at": now}
            for n in range(people)
        ]
        await tx.execute(insert(subscription), lines)


def render_in(texts: Texts, clock: Clock) -> Any:
    context = RenderContext(
        shop_name="Bench", shop_url="https://shop.example", zone=ZoneInfo("UTC"), now=clock,
        ways=KNOWN,        retention_days=90, bot_username=lambda: "bench_bot",
    )  # fmt: skip
    view = View(texts, context, faces_of(RULES))

    def render(language: str, data: NoticeData) -> Rendered:
        return telegram.notice(view, language, data)

    return render


@dataclass(frozen=True, slots=True)
class Figures:
    """Seconds from the commit to the first and to the last notice, and of CPU in between."""

    first: float
    last: float
    cpu: float


async def measure(url: str, people: int) -> Figures:
    database = Database(url)
    try:
        await migrate(database)
        shop = await Shop.open(database, Vault([generate_key()]), Clock())
        await fill(shop, people)
        bell, wire, stop = Bell(), Nowhere(people), asyncio.Event()
        database.on_commit(Topic.NOTICE, bell.ring)
        services = shop.services
        worker = OutboxWorker(
            KNOWN[TELEGRAM], wire, services.settling, services.composing,
            render_in(Texts("en"), shop.clock), bell, BROADCAST,
        )  # fmt: skip
        running = asyncio.create_task(worker.run(stop))
        await shop.moved(f"MUG +{2 * people}")
        committed, busy = perf_counter(), process_time()
        await wire.all_taken.wait()
        busy = process_time() - busy
        stop.set()
        await running
        await settled(database, people)
    finally:
        await database.close()
    return Figures(wire.taken[0] - committed, wire.taken[-1] - committed, busy)


async def settled(database: Database, people: int) -> None:
    """Raises when not every notice is settled as sent: then nothing was measured."""
    async with database.read() as tx:
        counted = select(notice.c.state, func.count()).group_by(notice.c.state)
        states = {row.state: row[1] for row in (await tx.execute(counted)).all()}
    if states != {"sent": people}:
        raise RuntimeError(f"not all were sent: {states}")


def bare(path: Path, people: int) -> float:
    """Seconds for the same commits of a bare table."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE n (id INTEGER PRIMARY KEY, state TEXT, text TEXT)")
    with transaction(connection):
        connection.executemany(
            "INSERT INTO n VALUES (?, 'queued', ?)", [(n, "x" * 200) for n in range(people)]
        )
    began = perf_counter()
    for start in range(0, people, BARE_BATCH):
        for state in ("sending", "on the wire", "sent"):
            with transaction(connection):
                connection.execute(
                    "UPDATE n SET state = ? WHERE id >= ? AND id < ?",
                    (state, start, start + BARE_BATCH),
                )
    took = perf_counter() - began
    connection.close()
    return took


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    yield
    connection.execute("COMMIT")


def memory() -> float:
    """The most memory that this process ever held, in MB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    peak = next(line for line in lines if line.startswith("VmHWM"))
    return int(peak.split()[1]) / 1024


def main() -> None:
    people = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with tempfile.TemporaryDirectory() as folder:
        floor = bare(Path(folder) / "bare.db", people)
        found = asyncio.run(measure(f"sqlite:///{folder}/fanout.db", people))
    say(f"restock -> {people:,} notices handed over, two languages, one database, FULL sync")
    say(f"  {found.last / floor:.1f} x the bare loop; {found.cpu / people * 1000:.2f} ms CPU each")
    rows = [
        at_most("first after", found.first * 1000, FIRST, " ms", timing=True),
        at_most("all after", found.last, ALL, " s", timing=True),
        at_most("peak memory", memory(), MEMORY, " MB"),
    ]
    report("fanout", rows)


if __name__ == "__main__":
    main()
