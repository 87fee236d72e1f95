"""What runs all day reads through an index, so that a long history costs nothing."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from sqlalchemy import event

from bot.domain.alerts import Severity
from bot.domain.routes import Concern, Scope
from bot.domain.ways import SLACK, TELEGRAM
from storage import claims, inbox
from storage.database import Database
from storage.vault import Vault
from tests.support.clock import Clock
from tests.support.shop import Shop

LEASE = timedelta(seconds=30)
Statements = dict[str, Any]


@contextmanager
def recorded(database: Database) -> Iterator[Statements]:
    """Each statement that runs inside, with parameters it ran with."""
    statements: Statements = {}

    def record(_connection: Any, _cursor: Any, sql: str, parameters: Any, *_rest: Any) -> None:
        if re.match("SELECT|UPDATE|DELETE|INSERT", sql):
            statements[sql] = parameters[0] if isinstance(parameters, list) else parameters

    engines = {database._writer.sync_engine, database._reader.sync_engine}
    for engine in engines:
        event.listen(engine, "before_cursor_execute", record)
    try:
        yield statements
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", record)


async def plan(database: Database, sql: str, parameters: Any) -> list[str]:
    async with database.read() as tx:
        rows = await tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", parameters)
        return [str(row.detail) for row in rows.all()]


async def test_a_claim_reads_the_open_rows_only(
    sqlite_database: Database, vault: Vault, clock: Clock
) -> None:
    with recorded(sqlite_database) as statements:
        async with sqlite_database.write() as tx:
            await claims.claim(tx, TELEGRAM, clock(), LEASE, 30)
            await claims.any_due(tx, TELEGRAM, clock())
            await inbox.any_due(tx, clock())
            await inbox.claim(tx, clock(), LEASE, 16)
    plans = [await plan(sqlite_database, *item) for item in statements.items()]
    used = {index for steps in plans for index in re.findall(r"INDEX (ix_\w+)", " ".join(steps))}
    assert used == {
        "ix_notice_queue", "ix_notice_open_contact", "ix_notice_open_subject", "ix_inbox_queue",
        "ix_inbox_sender", "ix_inbox_state",
    }  # fmt: skip
    # The inbox sorts the few senders that it has found; everything else comes in order.
    queue = [step for steps in plans if "ix_inbox" not in str(steps) for step in steps]
    assert queue
    assert not [step for step in queue if "TEMP B-TREE" in step]


async def test_where_a_notice_goes_is_one_query_by_index_however_many_things_it_is_of(
    sqlite_database: Database, vault: Vault, clock: Clock
) -> None:
    shop = await Shop.open(sqlite_database, vault, clock)
    await shop.alert_channel()
    concerns = [Concern("low", Severity.LOW, Scope(place)) for place in range(100)]
    with recorded(sqlite_database) as statements:
        async with sqlite_database.read() as tx:
            assert await shop.services.routes.contacts_of(tx, concerns)
    ((sql, parameters),) = statements.items()
    assert "ix_route_on" in str(await plan(sqlite_database, sql, parameters))


# Tables that stay small by nature: marks that are worked off at once, the places of a shop, and a
# rule for each kind.
SMALL = {"dirty", "seen", "location", "rule"}  # seen: the marks once more


async def test_the_main_job_never_reads_a_whole_table(
    sqlite_database: Database, vault: Vault, clock: Clock
) -> None:
    shop = await Shop.open(sqlite_database, vault, clock)
    await shop.alert_channel()
    await shop.product("MUG-1")
    with recorded(sqlite_database) as statements:
        await shop.notify(1, "MUG-1")
        await shop.moved("MUG-1 +5")
        await shop.deliver()
        await shop.stock("threshold MUG-1 10")
        await shop.judge()
        await shop.deliver(SLACK)
        await shop.moved("MUG-1 -5")
        await shop.deliver()
    assert len(statements) > 30
    assert [item for item in statements.items() if await _scans(sqlite_database, *item)] == []


async def _scans(database: Database, sql: str, parameters: Any) -> list[str]:
    """The tables the statement reads from end to end; an index that holds open rows is no such.

    The plan of an INSERT also names checks of references to the new row, which never run.
    """
    if sql.startswith("INSERT"):
        return []
    steps = [step.split() for step in await plan(database, sql, parameters)]
    full = [words for words in steps if words[0] == "SCAN" and "INDEX" not in words]
    # What a subquery has found already is read from end to end, whatever it was found in.
    tables = [words[1] for words in full if not re.match(r"\(subquery|anon_\d", words[1])]
    return [table for table in tables if table not in SMALL | {"CONSTANT"}]
