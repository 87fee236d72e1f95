"""Stock files end in the ledger: all or nothing, once, on both engines."""

import asyncio

import pytest
from sqlalchemy import func, select, update

from bot.domain.bulk import Bad, BadFile, BulkResult, Staged
from bot.domain.sources import CLI
from bot.formats.csv_in import read
from bot.services.stock.bulk import Bulk
from bot.services.stock.searching import find
from storage import positions, products
from storage.database import Database
from storage.tables import dirty, move, position, product, stage
from tests.bench.catalogue import catalogue
from tests.support.clock import Clock
from tests.support.stockfiles import SHOP, Judge, Killed, count, imported, ledger, on_hand, staged


@pytest.fixture
def judge() -> Judge:
    return Judge()


@pytest.fixture
def bulk(database: Database, clock: Clock, judge: Judge) -> Bulk:
    return Bulk(database, clock, judge)


async def test_a_first_import_makes_products_positions_and_opening_balances(
    bulk: Bulk, database: Database, judge: Judge
) -> None:
    result = await imported(bulk, SHOP)
    assert (result.new, result.changed, result.unchanged, result.moves) == (3, 0, 0, 3)
    assert await on_hand(database) == {
        "MUG-1@main": 10, "MUG-1@north": 4, "MUG-2@main": 0, "TEA-1@main": 30,
    }  # fmt: skip
    assert await ledger(database) == [
        ("adjustment", 10, 0, 10, "opening balance"),
        ("adjustment", 4, 0, 4, "opening balance"),
        ("adjustment", 30, 0, 30, "opening balance"),
    ]
    async with database.read() as tx:
        mug = await products.by_key(tx, "MUG-1")
        assert mug is not None
        held = (await positions.for_products(tx, [mug.id]))[mug.id]
    assert (mug.name, mug.price, mug.currency, mug.lead_time_days) == ("Red mug", 1250, "EUR", 14)
    assert mug.attributes == (("Size", "L"),)
    assert [(q.reorder_point, q.clear_level) for q in held] == [(5, 7), (None, None)]
    assert judge.judged == [result.batch_id]


async def test_a_sku_without_a_name_is_called_by_its_code(bulk: Bulk, database: Database) -> None:
    await imported(bulk, "sku\nABC\n")
    async with database.read() as tx:
        found = await products.by_key(tx, "ABC")
        assert found is not None
        assert found.name == "ABC"
    assert await on_hand(database) == {}


async def test_later_quantities_are_counts_and_blanks_leave_what_is_there(
    bulk: Bulk, database: Database
) -> None:
    await imported(bulk, SHOP)
    result = await imported(
        bulk, "sku,quantity,reorder_point,name\nmug-1,7,,\nMUG-2,,9,\nTEA-1,30,,\n", "b"
    )
    assert (result.new, result.changed, result.unchanged, result.moves) == (0, 2, 1, 1)
    assert (await on_hand(database))["MUG-1@main"] == 7
    assert (await ledger(database))[-1] == ("count", -3, 10, 7, "")
    async with database.read() as tx:
        mug = await products.by_key(tx, "MUG-1")
        assert mug is not None
        assert mug.name == "Red mug"


async def test_the_first_quantity_of_a_known_sku_elsewhere_is_an_opening_balance(
    bulk: Bulk, database: Database
) -> None:
    await imported(bulk, SHOP)
    await imported(bulk, "sku,location,quantity\nTEA-1,North,6\nMUG-2,,2\n", "b")
    assert (await on_hand(database))["TEA-1@north"] == 6
    assert [row[0] for row in (await ledger(database))[-2:]] == ["adjustment", "adjustment"]


async def test_versions_rise_only_where_something_changed(bulk: Bulk, database: Database) -> None:
    await imported(bulk, SHOP)

    async def versions() -> list[int]:
        async with database.read() as tx:
            query = select(position.c.version).order_by(
                position.c.product_id, position.c.location_id
            )
            return [row.version for row in await tx.execute(query)]

    before = await versions()
    await imported(bulk, SHOP.replace("MUG-2,Blue mug,0", "MUG-2,Blue mug,1"), "b")
    after = await versions()
    assert sum(new != old for new, old in zip(after, before, strict=True)) == 1


async def test_the_same_file_again_changes_nothing(bulk: Bulk, database: Database) -> None:
    await imported(bulk, SHOP)
    async with database.write() as tx:
        await tx.execute(dirty.delete())
    result = await imported(bulk, SHOP, "b")
    assert (result.new, result.changed, result.unchanged, result.moves) == (0, 0, 3, 0)
    assert await count(database, move) == 3
    assert await count(database, dirty) == 0


async def test_a_batch_is_applied_once_whoever_asks_again(
    bulk: Bulk, database: Database, judge: Judge
) -> None:
    batch_id = await staged(bulk, SHOP)
    results = await asyncio.gather(*(bulk.apply(batch_id) for _ in range(8)))
    assert sum(isinstance(r, BulkResult) and not r.repeated for r in results) == 1
    assert all(isinstance(r, BulkResult) and r.new == 3 for r in results)
    assert await count(database, move) == 3
    assert judge.judged == [batch_id]


async def test_what_changed_since_the_check_is_checked_again(
    bulk: Bulk, database: Database
) -> None:
    await imported(bulk, SHOP)
    batch_id = await staged(bulk, "sku,clear_level\nMUG-2,8\n", "b")
    async with database.write() as tx:
        await tx.execute(update(position).values(reorder_point=8, clear_level=None))
    found = await bulk.apply(batch_id)
    assert isinstance(found, BadFile)
    assert [bad.reason for bad in found.problems] == [Bad.CLEAR_LEVEL]


async def test_attributes_are_put_over_the_ones_that_are_there(
    bulk: Bulk, database: Database
) -> None:
    await imported(bulk, 'sku,Size,"Care ""hot"""\nA,L,30°\n')
    assert (await imported(bulk, 'sku,颜色,"Care ""hot"""\nA,红,\n', "b")).changed == 1
    async with database.read() as tx:
        found = await products.by_key(tx, "A")
    assert found is not None
    assert dict(found.attributes) == {"Size": "L", 'Care "hot"': "30°", "颜色": "红"}
    assert (await imported(bulk, "sku,颜色\nA,红\n", "c")).unchanged == 1


async def test_what_search_finds_by_is_indexed_anew_and_nothing_else(
    bulk: Bulk, database: Database
) -> None:
    await imported(bulk, SHOP)
    assert await bulk.reindex() == 3
    await imported(bulk, "sku,name,price,currency\nMUG-1,Red beaker,,\nMUG-2,,13,EUR\n", "b")
    assert await bulk.reindex() == 1
    async with database.read() as tx:
        beaker = await products.by_key(tx, "MUG-1")
        assert beaker is not None
        assert (await find(tx, "beaker"))[0] == beaker.id


async def test_the_bot_indexes_only_what_a_killed_import_left(
    bulk: Bulk, database: Database, clock: Clock
) -> None:
    await imported(bulk, SHOP)
    assert await bulk.reindex_left() == 0  # the import may be at it
    clock.forward(minutes=5)
    assert await bulk.reindex_left() == 3
    assert await bulk.reindex() == 0


async def test_everything_that_was_touched_is_marked_for_the_rules(
    bulk: Bulk, database: Database
) -> None:
    await imported(bulk, SHOP)
    result = await imported(bulk, "sku,quantity,active\nMUG-1,3,\nMUG-2,,no\nTEA-1,30,yes\n", "b")
    query = (
        select(product.c.sku)
        .join(dirty, dirty.c.product_id == product.c.id)
        .where(dirty.c.batch_id == result.batch_id)
        .order_by(product.c.sku)
    )
    async with database.read() as tx:
        assert [row.sku for row in await tx.execute(query)] == ["MUG-1", "MUG-2"]


async def test_a_sale_between_staging_and_applying_shows_in_the_ledger(
    bulk: Bulk, database: Database
) -> None:
    await imported(bulk, SHOP)
    batch_id = await staged(bulk, "sku,quantity\nMUG-1,12\n", "b")
    assert (await bulk.preview(batch_id)).changes[0].old == "10"
    async with database.write() as tx:
        sold = update(position).where(position.c.on_hand == 10)
        await tx.execute(sold.values(on_hand=8, version=position.c.version + 1))
    await bulk.apply(batch_id)
    assert (await ledger(database))[-1] == ("count", 4, 8, 12, "")
    assert (await on_hand(database))["MUG-1@main"] == 12


async def test_a_crash_inside_of_the_first_piece_leaves_everything_as_it_was(
    bulk: Bulk, database: Database, judge: Judge
) -> None:
    batch_id = await staged(bulk, SHOP)
    judge.killed_at = 0
    with pytest.raises(Killed):
        await bulk.apply(batch_id)
    assert [await count(database, table) for table in (product, move, dirty)] == [0] * 3
    judge.killed_at = None
    result = await bulk.apply(batch_id)
    assert isinstance(result, BulkResult)
    assert (result.new, result.repeated) == (3, False)


async def test_two_imports_of_the_same_new_skus_at_once_add_them_once(
    bulk: Bulk, database: Database
) -> None:
    lines = [f"S{number},{number + 1}" for number in range(50)]
    one = await staged(bulk, "sku,quantity\n" + "\n".join(lines), "one")
    other = await staged(bulk, "sku,quantity\n" + "\n".join(reversed(lines)), "other")
    results = await asyncio.gather(bulk.apply(one), bulk.apply(other))
    assert sorted(r.new for r in results if isinstance(r, BulkResult)) == [0, 50]
    assert await count(database, move) == 50


async def test_five_thousand_rows_pass_in_pieces(bulk: Bulk, database: Database) -> None:
    lines = [f"{item.sku},{item.name},{item.quantity}" for item in catalogue(5000)]
    told: list[int] = []
    data = ("sku,name,quantity\n" + "\n".join(lines)).encode()
    found = await bulk.stage(read(data), CLI, "a", progress=told.append)
    assert isinstance(found, Staged)
    assert told == [1001, 2001, 3001, 4001, 5001]
    result = await bulk.apply(found.batch_id)
    assert isinstance(result, BulkResult)
    assert (result.new, result.moves) == (5000, sum(item.quantity > 0 for item in catalogue(5000)))
    assert await count(database, stage) == 0
    query = select(
        func.sum(position.c.on_hand), select(func.sum(move.c.quantity)).scalar_subquery()
    )
    async with database.read() as tx:
        level, moves = (await tx.execute(query)).one()
    assert level == moves == sum(item.quantity for item in catalogue(5000))
