"""Living messages of a restock that many were told of: the longest write when it runs out.

`python -m tests.bench.living [people]` on both databases; the peer is a bare commit there.
"""

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from time import perf_counter

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.living import LAST_TOLD
from bot.domain.notices import Lane
from storage import settings
from storage.database import Database
from storage.migrate import migrate
from storage.tables import message, notice, restock, subscription
from storage.vault import Vault, generate_key
from tests.bench.report import report, say
from tests.faults.rows import Row, at_most, none_of
from tests.support.clock import Clock
from tests.support.databases import postgres_server
from tests.support.people import put_people
from tests.support.shop import Shop

ROUNDS = 3
LONGEST = 250.0  # milliseconds of a write transaction: everybody else who writes waits meanwhile


@dataclass
class Timed(Database):
    """A database that notes how long each of its write transactions took."""

    url_given: str
    took: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(self.url_given)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        began = perf_counter()
        async with super().write() as tx:
            yield tx
        self.took.append(perf_counter() - began)


async def told(shop: Shop, people: int) -> None:
    """`people` were told of a restock of 20 mugs a while ago, and nobody has answered."""
    product_id = await shop.product("MUG")
    await shop.moved("MUG +20")
    now = shop.clock()
    who = {"way": "telegram", "kind": "person", "address": b"", "state": "active"}
    numbers = range(1, people + 1)
    times = {"created_at": now, "updated_at": now}
    async with shop.database.write() as tx:
        people_rows = [
            who | {"address_index": b"%d" % n, "created_at": now, "seen_at": now} for n in numbers
        ]
        ids = await put_people(tx, people_rows)
        contacts = [contact_id for _, contact_id in ids]
        line = {"product_id": product_id, "quantity": 1, "state": "told", "armed": True} | times
        lines = [line | {"person_id": ids[n - 1][0], "key": f"b{n}", "id": n} for n in numbers]
        await tx.execute(insert(subscription), lines)
        opened = insert(restock).values(product_id=product_id, opened_at=now)
        number = (await tx.execute(opened.returning(restock.c.id))).scalar_one()
        sent = {
            "kind": "restock",
            "lane": int(Lane.RESTOCK),
            "product_id": product_id,
            "payload": {},
            "restock_id": number,
            "state": "sent",
            "due_at": now,
            "created_at": now,
            "settled_at": now,
        }
        subjects = [f"restock:{number}:{n}" for n in numbers]
        people_told = list(zip(numbers, contacts, subjects, strict=True))
        await tx.execute(
            insert(notice),
            [
                sent
                | {
                    "id": n,
                    "key": subject,
                    "subject": subject,
                    "contact_id": contact_id,
                    "subscription_id": n,
                }
                for n, contact_id, subject in people_told
            ],
        )
        await tx.execute(
            insert(message),
            [
                {
                    "contact_id": contact_id,
                    "subject": subject,
                    "ref": str(n),
                    "notice_id": n,
                    "says": "back",
                    "created_at": now,
                }
                for n, contact_id, subject in people_told
            ],
        )
    if not shop.database.is_sqlite:
        await settle_down(shop.database)


async def settle_down(database: Database) -> None:
    """PostgreSQL after rows that brought their numbers, as autovacuum leaves it a minute later."""
    async with database.write() as tx:
        for table in ("notice", "subscription"):
            await tx.exec_driver_sql(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}"
            )
        await tx.exec_driver_sql("ANALYZE")


@dataclass(frozen=True, slots=True)
class Figures:
    """Seconds of a bare commit, of the sale that leaves few, of the one that closes, of a step."""

    bare: float
    few: float
    close: float
    step: float
    few_edits: int
    last_edits: int

    @property
    def slowest(self) -> float:
        return max(self.few, self.close, self.step)


async def measure(new: Callable[[], str], people: int) -> Figures:
    """The best of some rounds, each on a new database: what else the machine does is not ours."""
    rounds = [await once(new(), people) for _ in range(ROUNDS)]
    return min(rounds, key=lambda found: found.slowest)


async def once(url: str, people: int) -> Figures:
    database = Timed(url)
    try:
        await migrate(database)
        shop = await Shop.open(database, Vault([generate_key()]), Clock())
        await told(shop, people)
        async with database.write() as tx:
            await settings.put(tx, "bench", "1")
        bare = database.took[-1]
        few = await longest(database, shop, "MUG =4")
        few_edits = await living(database)
        close = await longest(database, shop, "MUG =0")
        before = len(database.took)
        while await shop.services.endings.step():
            pass
        last_edits = await living(database) - few_edits
        return Figures(bare, few, close, max(database.took[before:]), few_edits, last_edits)
    finally:
        await database.close()


async def longest(database: Timed, shop: Shop, text: str) -> float:
    before = len(database.took)
    await shop.stock(text)
    return max(database.took[before:])


async def living(database: Database) -> int:
    async with database.read() as tx:
        rows = await tx.execute(select(notice.c.id).where(notice.c.lane == int(Lane.LIVING)))
    return len(rows.all())


def held(engine: str, found: Figures, people: int) -> list[Row]:
    """What is promised of one database."""
    few = min(people, LAST_TOLD)
    return [
        at_most(f"{engine}, the longest write", found.slowest * 1000, LONGEST, " ms", timing=True),
        none_of(f"{engine}, not told that few are left", abs(few - found.few_edits)),
        none_of(f"{engine}, not told that it is over", abs(people - found.last_edits)),
    ]


def show(engine: str, found: Figures, people: int) -> None:
    ms = {name: getattr(found, name) * 1000 for name in ("bare", "few", "close", "step")}
    say(
        f"{engine}, {people:,} told: few left {ms['few']:.0f} ms ({found.few_edits} edits), "
        f"sold out {ms['close']:.0f} ms, longest step {ms['step']:.0f} ms "
        f"({found.last_edits:,} edits in all); bare commit {ms['bare']:.1f} ms"
    )


def main() -> None:
    people = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder, postgres_server() as server:
        names = count()
        makers = {
            "SQLite": lambda: f"sqlite:///{folder}/{next(names)}.db",
            "PostgreSQL": server.new,
        }
        for engine, new in makers.items():
            found = asyncio.run(measure(new, people))
            show(engine, found, people)
            rows += held(engine, found, people)
    report("living", rows)


if __name__ == "__main__":
    main()
