"""Reading products and positions gives the domain's own words."""

import asyncio

from sqlalchemy import insert, update

from bot.domain.codes import short_id, sku_key
from bot.domain.stock import Product
from storage import positions, products
from storage.database import Database
from storage.tables import location, position, product
from tests.support.clock import Clock


async def shop(database: Database, clock: Clock) -> dict[str, int]:
    """Three products at two places; ids by code."""
    ids: dict[str, int] = {}
    async with database.write() as tx:
        for sku in ("B-2", "A-1", "C-3"):
            key = sku_key(sku)
            new = insert(product).values(
                sku=sku,
                sku_key=key,
                short_id=short_id(key),
                name=f"Name of {sku}",
                brand="Acme",
                attributes={"Size": "L", "Colour": "red"},
                price=1250,
                currency="EUR",
                active=sku != "C-3",
                created_at=clock(),
                updated_at=clock(),
            )
            ids[sku] = (await tx.execute(new.returning(product.c.id))).scalar_one()
        for code in ("north", "Main"):
            place = await positions.ensure_location(tx, code)
            for number, sku in enumerate(("A-1", "B-2")):
                await tx.execute(
                    insert(position).values(
                        product_id=ids[sku],
                        location_id=place.id,
                        on_hand=number + 3,
                        updated_at=clock(),
                    )
                )
    return ids


async def test_a_product_is_found_by_each_of_its_names(database: Database, clock: Clock) -> None:
    ids = await shop(database, clock)
    async with database.read() as tx:
        by_id = await products.get(tx, ids["A-1"])
        assert by_id == Product(
            id=ids["A-1"],
            sku="A-1",
            short_id=short_id("A-1"),
            name="Name of A-1",
            brand="Acme",
            attributes=(("Colour", "red"), ("Size", "L")),
            price=1250,
            currency="EUR",
        )
        assert await products.by_key(tx, "A-1") == by_id
        assert await products.by_short_id(tx, short_id("A-1")) == by_id
        assert await products.get(tx, 999) is None
        assert await products.by_key(tx, "a-1") is None


async def test_many_come_in_the_order_they_were_asked_for(database: Database, clock: Clock) -> None:
    ids = await shop(database, clock)
    async with database.read() as tx:
        found = await products.by_ids(tx, [ids["C-3"], 999, ids["A-1"], ids["C-3"]])
        assert [item.sku for item in found.values()] == ["C-3", "A-1"]
        assert await products.by_ids(tx, []) == {}


async def test_pages_walk_through_all_of_them(database: Database, clock: Clock) -> None:
    await shop(database, clock)
    async with database.read() as tx:
        first = await products.page(tx, 0, 2)
        rest = await products.page(tx, first[-1].id, 2)
        sold = await products.page(tx, 0, 9, active_only=True)
    assert [item.sku for item in (*first, *rest)] == ["B-2", "A-1", "C-3"]
    assert [item.sku for item in sold] == ["B-2", "A-1"]


async def test_positions_come_by_location_code_and_none_is_none(
    database: Database, clock: Clock
) -> None:
    ids = await shop(database, clock)
    async with database.read() as tx:
        held = await positions.for_products(tx, [ids["A-1"], ids["C-3"]])
        places = await positions.locations(tx)
    assert [(q.location.code, q.on_hand, q.version) for q in held[ids["A-1"]]] == [
        ("Main", 3, 0),
        ("north", 3, 0),
    ]
    assert held[ids["C-3"]] == ()
    assert [(place.code, place.sellable) for place in places] == [("Main", True), ("north", True)]


async def test_a_location_is_made_once(database: Database) -> None:
    async with database.write() as tx:
        first = await positions.ensure_location(tx, "main")
        await tx.execute(update(location).values(sellable=False))
        again = await positions.ensure_location(tx, "main")
    assert (again.id, again.sellable) == (first.id, False)


async def test_who_decides_on_a_product_waits_for_who_does_already(
    database: Database, clock: Clock
) -> None:
    ids = await shop(database, clock)
    locked, order = asyncio.Event(), []

    async def first() -> None:
        async with database.write() as tx:
            await products.lock(tx, ids["A-1"])
            locked.set()
            await tx.execute(update(product).values(name="first"))
            order.append("first")

    async def second() -> None:
        await locked.wait()
        async with database.write() as tx:
            found = await products.lock(tx, ids["A-1"])
            assert found is not None
            order.append(found.name)

    await asyncio.gather(first(), second())
    assert order == ["first", "first"]
