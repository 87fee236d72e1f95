"""A scrape and /stock health read what is open: a long history of settled rows costs nothing."""

import re
from datetime import timedelta
from typing import Any

from sqlalchemy import text

from bot.domain.notices import Lane
from bot.domain.ways import TELEGRAM
from storage import queues
from storage.database import Database
from storage.types import microseconds
from storage.vault import Vault
from tests.conformance.test_query_plans import recorded
from tests.support.clock import Clock
from tests.support.shop import Shop, customer

SETTLED = 100_000
HISTORY = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})",
    "postgresql": "WITH n(i) AS (SELECT * FROM generate_series(1, {rows}))",
}
INSERT = (
    "INSERT INTO notice (kind, key, contact_id, lane, subject, payload, state, reason, attempts,"
    " on_wire, doubtful, due_at, created_at, settled_at) {history} SELECT 'restock', 'old:' || i,"
    " {contact}, 2, 's', '{{}}', CASE WHEN i % 1000 = 0 THEN 'failed' ELSE 'sent' END, 'rejected',"
    " 1, false, 0, {at}, {at}, {at} FROM n"
)
# Of each statement, in order: the indexes that hold only what it asks for.
WANTED = (
    "ix_notice_queue|ix_notice_open_\\w+",
    "ix_inbox_queue|ix_inbox_sender",
    "ix_inbox_state",
    "ix_notice_undelivered",
)


async def history(database: Database, shop: Shop, clock: Clock) -> None:
    """100,000 notices and arrivals that are done, and a few that are not."""
    await shop.product("MUG")
    await shop.notify(1, "MUG")
    await shop.moved("MUG +5")
    engine = database.url.get_backend_name()
    rows = HISTORY[engine].format(rows=SETTLED)
    values = {"history": rows, "at": microseconds(clock() - timedelta(days=2))}
    contact = await shop.contact_id(customer(1))
    arrivals = (
        f"INSERT INTO inbox (source, key, sender, state, attempts, received_at, due_at,"
        f" finished_at) {rows} SELECT 'telegram', 'old:' || i, '', 'done', 1, {values['at']},"
        f" {values['at']}, {values['at']} FROM n"
    )
    async with database.write() as tx:
        await tx.execute(text(INSERT.format(contact=contact, **values).replace(":'", "\\:'")))
        await tx.execute(text(arrivals.replace(":'", "\\:'")))
        await tx.execute(text("ANALYZE"))


async def used(database: Database, sql: str, parameters: Any) -> str:
    """The plan, in the engine's words."""
    word = "EXPLAIN QUERY PLAN" if database.is_sqlite else "EXPLAIN"
    async with database.read() as tx:
        rows = await tx.exec_driver_sql(f"{word} {sql}", parameters)
        return "\n".join(str(row[-1]) for row in rows.all())


async def test_what_waits_is_counted_from_the_partial_indexes(
    database: Database, vault: Vault, clock: Clock
) -> None:
    shop = await Shop.open(database, vault, clock)
    await history(database, shop, clock)
    with recorded(database) as statements:
        async with database.read() as tx:
            waiting = await queues.outbox(tx, clock())
            assert await queues.arrivals(tx) == ()
            assert await queues.dead_letters(tx) == 0
            assert await queues.undelivered(tx, clock() - timedelta(days=1)) == ()
            failed = await queues.undelivered(tx, clock() - timedelta(days=3))
    assert [(q.way, q.lane, q.open) for q in waiting] == [(TELEGRAM, Lane.RESTOCK, 1)]
    assert [item.count for item in failed] == [SETTLED // 1000]
    plans = [await used(database, *item) for item in statements.items()]
    assert [re.search(*item) is not None for item in zip(WANTED, plans, strict=True)] == [True] * 4
    whole = ("Seq Scan on notice", "Seq Scan on inbox", "SCAN notice\n", "SCAN inbox\n")
    assert [plan for plan in plans if any(scan in f"{plan}\n" for scan in whole)] == []
