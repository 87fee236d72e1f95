"""Everybody of the version before becomes a person under the number of their contact."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from typing import Any

import pytest
from sqlalchemy import text

from bot.domain.contacts import Address, Caller
from bot.domain.ways import TELEGRAM
from storage import persons
from storage.database import Database
from storage.migrate import migrate
from tests.support.clock import Clock
from tests.support.earlier import Earlier

FORGOTTEN = 40  # the last contact that was made, and erased since
ROWS = {
    "subscription": "SELECT id, {person}, product_id, state, quantity, armed FROM subscription",
    "move": "SELECT id, actor_id, quantity FROM move",
    "batch": "SELECT id, actor_id FROM batch",
    "alert": "SELECT id, acknowledged_by, state FROM alert",
    "audit": "SELECT id, actor_id, action FROM audit",
    "notice": "SELECT id, contact_id, state FROM notice",
    "message": "SELECT id, contact_id, subject, ref FROM message",
}
Rows = dict[str, Sequence[tuple[Any, ...]]]


async def read(database: Database, person: str) -> Rows:
    async with database.read() as tx:
        return {
            table: sorted(tuple(row) for row in await tx.execute(text(query.format(person=person))))
            for table, query in ROWS.items()
        }


@pytest.fixture
async def earlier(empty_url: str) -> AsyncIterator[Database]:
    """A shop of the version before; a Telegram group of staff has written, one contact is gone."""
    async with AsyncExitStack() as stack:
        database = Database(empty_url)
        stack.push_async_callback(database.close)
        shop = Earlier.read("shop_of_0006.json")
        shop.tables["contact"].append(
            shop.tables["contact"][-1] | {"id": FORGOTTEN, "address_index": {"hex": "00"}}
        )
        shop.tables["batch"][0]["actor_id"] = 6
        await shop.put_into(database)
        async with database.write() as tx:
            await tx.execute(text(f"DELETE FROM contact WHERE id = {FORGOTTEN}"))
        yield database


async def test_whatever_belonged_to_a_contact_belongs_to_the_person_of_the_same_number(
    earlier: Database,
) -> None:
    before = await read(earlier, "contact_id")
    await migrate(earlier)
    assert await read(earlier, "person_id") == before
    async with earlier.read() as tx:
        query = "SELECT id, person_id, kind, verified FROM contact ORDER BY id"
        found = [tuple(row) for row in await tx.execute(text(query))]
    assert [(number, bool(verified)) for number, owner, _, verified in found if owner is None] == [
        (5, False)
    ]
    assert all(owner in (None, number) for number, owner, *_ in found)
    # Somebody imported a file from the group: what it did keeps its actor.
    assert (6, 6, "channel", True) in [(n, o, k, bool(v)) for n, o, k, v in found]


async def test_language_role_and_times_are_the_persons(earlier: Database) -> None:
    async with earlier.read() as tx:
        query = "SELECT id, language, language_chosen, role, created_at, {} FROM {} WHERE id <> 5"
        before = (await tx.execute(text(query.format("seen_at", "contact")))).all()
        written = (await tx.execute(text("SELECT id, seen_at FROM contact"))).all()
    await migrate(earlier)
    async with earlier.read() as tx:
        after = (await tx.execute(text(query.format("seen_at", "person")))).all()
        wrote = (await tx.execute(text("SELECT id, wrote_at FROM contact"))).all()
    assert sorted(map(tuple, after)) == sorted(map(tuple, before))
    assert sorted(map(tuple, wrote)) == sorted(map(tuple, written))


async def test_a_number_that_was_given_once_is_never_given_again(
    earlier: Database, clock: Clock
) -> None:
    await migrate(earlier)
    shop = Earlier.read("shop_of_0006.json")
    async with earlier.write() as tx:
        new = Caller(Address(TELEGRAM, "31415"))
        made = await persons.ensure(tx, shop.vault(), new, clock(), wrote=True)
    assert made.id > FORGOTTEN
    assert made.contact.id > FORGOTTEN


async def test_audited_roles_name_the_person(earlier: Database) -> None:
    await migrate(earlier)
    async with earlier.read() as tx:
        query = text("SELECT CAST(detail AS TEXT) FROM audit WHERE action = 'role'")
        assert (await tx.execute(query)).scalars().all() == ['{"person": 7, "role": "manager"}']
