"""What the sweep selects is what the pure function would open or close, on every line drawn."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, update

from bot.domain.contacts import ContactState
from bot.domain.restocking import RestockReason, judge
from bot.domain.stock import available_to_customers, in_stock
from bot.domain.subscriptions import SubscriptionState
from storage import contacts, moves, persons, positions, restocks
from storage.database import Database
from storage.tables import contact as contact_table
from storage.tables import location, position, product, restock, subscription
from storage.tx import Tx
from storage.vault import Vault
from tests.support.clock import Clock
from tests.support.shop import Shop, customer

waits = st.fixed_dictionaries(
    {
        "quantity": st.integers(1, 6),
        "state": st.sampled_from(list(SubscriptionState)),
        "armed": st.booleans(),
        "reachable": st.sampled_from([True, True, False]),
    }
)
lines = st.fixed_dictionaries(
    {
        "main": st.integers(-2, 8),
        "reserved": st.integers(0, 3),
        "backroom": st.integers(0, 8),  # not sellable
        "active": st.booleans(),
        "is_open": st.booleans(),
        "waits": st.lists(waits, max_size=2),
    }
)


@given(st.lists(lines, min_size=1, max_size=6), st.integers(0, 4))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_the_sweep_finds_what_the_pure_function_would_move(
    database: Database, vault: Vault, clock: Clock, drawn: list[dict[str, Any]], out_level: int
) -> None:
    shop = Shop(database, vault, clock, services=None)  # type: ignore[arg-type]  # storage only
    await _wipe(database)
    ids = [await shop.product(f"SKU{n}") for n in range(len(drawn))]
    async with database.write() as tx:
        for product_id, line in zip(ids, drawn, strict=True):
            await _write(tx, shop, product_id, line)
        places = await positions.for_products(tx, ids)
        found = await restocks.unannounced(tx, out_level, 100)
    expected = [
        product_id
        for product_id, line in zip(ids, drawn, strict=True)
        if _decided(line, available_to_customers(places[product_id]), out_level)
        in (RestockReason.OPENS, RestockReason.CLOSES)
    ]
    assert found == expected


def _decided(line: dict[str, Any], available: int, out_level: int) -> RestockReason:
    somebody_waits = any(
        one["armed"]
        and one["reachable"]
        and one["quantity"] <= available
        and one["state"] is SubscriptionState.WAITING
        for one in line["waits"]
    )
    return judge(
        in_stock=in_stock(available, out_level),
        active=line["active"],
        is_open=line["is_open"],
        somebody_waits=somebody_waits,
    )


async def _wipe(database: Database) -> None:
    async with database.write() as tx:
        for table in (subscription, restock, position, product, contact_table):
            await tx.execute(delete(table))


async def _write(tx: Tx, shop: Shop, product_id: int, line: dict[str, Any]) -> None:
    now = shop.clock()
    back = await positions.ensure_location(tx, "backroom")
    await tx.execute(update(location).where(location.c.id == back.id).values(sellable=False))
    await moves.ensure_position(tx, product_id, back.id, now)
    mine = position.c.product_id == product_id
    here = {"on_hand": line["main"], "reserved": line["reserved"]}
    await tx.execute(update(position).where(mine, position.c.location_id != back.id).values(here))
    there = update(position).where(mine, position.c.location_id == back.id)
    await tx.execute(there.values(on_hand=line["backroom"]))
    active = update(product).where(product.c.id == product_id)
    await tx.execute(active.values(active=line["active"]))
    if line["is_open"]:
        await restocks.start(tx, product_id, None, now)
    for number, one in enumerate(line["waits"]):
        await _wait(tx, shop, product_id, number, one)


async def _wait(tx: Tx, shop: Shop, product_id: int, number: int, one: dict[str, Any]) -> None:
    now, who = shop.clock(), customer(100 * product_id + number)
    known = await persons.ensure(tx, shop.vault, who, now, wrote=True)
    if not one["reachable"]:
        await contacts.set_state(tx, known.contact.id, ContactState.BLOCKED)
    await tx.execute(
        insert(subscription).values(
            person_id=known.id,
            product_id=product_id,
            quantity=one["quantity"],
            state=one["state"].value,
            armed=one["armed"],
            key=shop.key(),
            created_at=now,
            updated_at=now,
        )
    )
