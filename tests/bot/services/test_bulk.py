"""Stock files end in the ledger: all or nothing, once, on both engines."""

import asyncio
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.bulk import Bad, BadFile, BulkPreview, BulkResult, Doubt, Staged
from bot.formats.csv_in import read
from bot.services.bulk import Bulk
from bot.services.searching import find
from storage import positions, products
from storage.database import Database
from storage.tables import batch, dirty, move, position, product, stage
from tests.bench.catalogue import catalogue
from tests.support.clock import Clock

SHOP = (
    "sku,name,quantity,location,reorder_point,clear_level,lead_time_days,price,currency,brand,Size\n"
    "MUG-1,Red mug,10,,5,7,14,12.50,EUR,Acme,L\n"
    "MUG-1,,4,north,,,,,,,\n"
    "MUG-2,Blue mug,0,,5,,,12.50,EUR,Acme,\n"
    "TEA-1,红茶,30,,,,,8.00,EUR,,\n"
)


class Judge:
    """Stands where the lines of those who wait are judged; remembers what it was asked."""

    def __init__(self) -> None:
        self.judged: list[int] = []
        self.fails = False

    async def __call__(self, tx: AsyncConnection, batch_id: int, now: datetime) -> None:
        del tx, now
        if self.fails:
            raise RuntimeError("killed inside of the transaction")
        self.judged.append(batch_id)


@pytest.fixture
def judge() -> Judge:
    return Judge()


@pytest.fixture
def bulk(database: Database, clock: Clock, judge: Judge) -> Bulk:
    return Bulk(database, clock, judge)


async def staged(bulk: Bulk, text: str, key: str = "a") -> int:
    found = await bulk.stage(read(text.encode()), "import", key)
    assert isinstance(found, Staged), found
    return found.batch_id


async def refused(bulk: Bulk, text: str, key: str = "r") -> list[tuple[int, str, Bad]]:
    found = await bulk.stage(read(text.encode()), "import", key)
    assert isinstance(found, BadFile), found
    return [(bad.line, bad.column, bad.reason) for bad in found.problems]


async def imported(bulk: Bulk, text: str, key: str = "a") -> BulkResult:
    result = await bulk.apply(await staged(bulk, text, key))
    assert isinstance(result, BulkResult), result
    return result


async def on_hand(database: Database) -> dict[str, int]:
    async with database.read() as tx:
        found = await products.page(tx, 0, 1000)
        held = await positions.for_products(tx, [item.id for item in found])
    return {f"{p.sku}@{q.location.code}": q.on_hand for p in found for q in held[p.id]}


async def ledger(database: Database) -> list[tuple[str, int, int, int, str]]:
    query = select(move.c.kind, move.c.quantity, move.c.before, move.c.after, move.c.reason)
    async with database.read() as tx:
        rows = (await tx.execute(query.order_by(move.c.id))).all()
    return [(row.kind, row.quantity, row.before, row.after, row.reason) for row in rows]


async def count(database: Database, table: Any) -> int:
    async with database.read() as tx:
        return int((await tx.execute(select(func.count()).select_from(table))).scalar_one())


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


async def test_a_delivery_that_was_applied_is_not_staged_again(
    bulk: Bulk, database: Database
) -> None:
    first = await imported(bulk, SHOP, "file:1")
    again = await bulk.stage(read(b"sku,quantity\nMUG-1,99\n"), "slack", "file:1")
    assert again == Staged(first.batch_id, 4, applied=True)
    assert (await bulk.preview(first.batch_id)).applied
    assert await count(database, stage) == 0


async def test_a_delivery_that_was_only_staged_starts_over(bulk: Bulk, database: Database) -> None:
    await staged(bulk, SHOP, "file:1")
    await imported(bulk, "sku,quantity\nONE,1\n", "file:1")
    assert await on_hand(database) == {"ONE@main": 1}


async def test_one_bad_row_refuses_the_whole_file_and_all_are_told(
    bulk: Bulk, database: Database
) -> None:
    text = "sku,quantity\n" + "".join(f"S{n},{n}\n" for n in range(2500)) + "X,abc\nY,-1\n"
    assert await refused(bulk, text) == [
        (2502, "quantity", Bad.NOT_WHOLE),
        (2503, "quantity", Bad.NEGATIVE),
    ]
    assert [await count(database, table) for table in (product, move, stage, batch)] == [0] * 4


async def test_lines_of_one_sku_that_contradict_each_other_are_refused(bulk: Bulk) -> None:
    text = (
        "sku,location,name,price,currency,active,Size\n"
        "A,main,Mug,5,EUR,yes,L\n"
        "A,north,Cup,5,EUR,no,M\n"
        "B,main,,,,,\n"
        "B,north,One,,,,\n"
        "B,south,Two,,,,\n"
    )
    assert await refused(bulk, text) == [
        (3, "name", Bad.CONFLICT),
        (3, "active", Bad.CONFLICT),
        (3, "Size", Bad.CONFLICT),
        (6, "name", Bad.CONFLICT),
    ]


async def test_what_only_a_later_line_of_a_sku_tells_is_not_lost(
    bulk: Bulk, database: Database
) -> None:
    text = "sku,location,quantity,name,Size,Colour\nA,main,1,,L,\nA,north,2,Mug,L,red\n"
    await imported(bulk, text)
    async with database.read() as tx:
        found = await products.by_key(tx, "A")
    assert found is not None
    assert (found.name, dict(found.attributes)) == ("Mug", {"Size": "L", "Colour": "red"})


async def test_cells_that_do_not_go_with_what_is_stored_are_refused(
    bulk: Bulk, database: Database
) -> None:
    await imported(bulk, "sku,price,currency,reorder_point,clear_level\nA,1200,JPY,5,9\n")
    assert await refused(bulk, "sku,price\nA,1300\n") == [(2, "price", Bad.PRICE_NEEDS_CURRENCY)]
    assert await refused(bulk, "sku,currency\nA,EUR\n") == [
        (2, "currency", Bad.CURRENCY_NEEDS_PRICE)
    ]
    assert await refused(bulk, "sku,reorder_point\nA,9\n") == [
        (2, "reorder_point", Bad.CLEAR_LEVEL)
    ]


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


async def test_a_crash_inside_of_applying_leaves_everything_as_it_was(
    bulk: Bulk, database: Database, judge: Judge
) -> None:
    batch_id = await staged(bulk, SHOP)
    judge.fails = True
    with pytest.raises(RuntimeError, match="killed"):
        await bulk.apply(batch_id)
    assert [await count(database, table) for table in (product, move, dirty)] == [0] * 3
    judge.fails = False
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


async def test_the_preview_tells_new_changed_and_unchanged(bulk: Bulk) -> None:
    await imported(bulk, SHOP)
    text = (
        "sku,location,name,quantity,price,currency\n"
        "NEW-1,Attic,New thing,3,,\n"
        "MUG-1,,Crimson mug,11,12.50,EUR\n"
        "TEA-1,,红茶,30,8,EUR\n"
    )
    batch_id = await staged(bulk, text, "b")
    seen = await bulk.preview(batch_id)
    assert isinstance(seen, BulkPreview)
    assert (seen.rows, seen.new, seen.changed, seen.unchanged, seen.moves) == (3, 1, 1, 1, 2)
    assert seen.new_locations == ("Attic",)
    assert [(item.line, item.sku, item.name) for item in seen.new_skus] == [
        (2, "NEW-1", "New thing")
    ]
    assert [(c.line, c.field, c.old, c.new) for c in seen.changes] == [
        (3, "quantity", "10", "11"),
        (3, "name", "Red mug", "Crimson mug"),
    ]
    assert seen.suspicions == ()
    result = await bulk.apply(batch_id)
    assert isinstance(result, BulkResult)
    assert (result.new, result.changed, result.unchanged, result.moves) == (1, 1, 1, 2)


async def test_what_looks_like_a_mistake_is_suspicious_with_examples(bulk: Bulk) -> None:
    many = [f"S{number}" for number in range(10)]
    first = "".join(f"{sku},20,10.00,EUR,yes\n" for sku in many)
    await imported(bulk, "sku,quantity,price,currency,active\n" + first)
    second = "".join(f"{sku},0,10.00,EUR,no\n" for sku in many[:8])
    second += "S8,2000,10,EUR,yes\nS9,20,1.00,EUR,yes\nNEW,99999,1,EUR,no\n"
    batch_id = await staged(bulk, "sku,quantity,price,currency,active\n" + second, "b")
    found = {item.doubt: item for item in (await bulk.preview(batch_id)).suspicions}
    assert {doubt: (s.count, s.of) for doubt, s in found.items()} == {
        Doubt.ZEROED: (8, 10),
        Doubt.JUMPED: (1, 0),
        Doubt.PRICES: (1, 0),
        Doubt.DEACTIVATED: (8, 10),
    }
    (jump,) = found[Doubt.JUMPED].examples
    assert (jump.sku, jump.field, jump.old, jump.new) == ("S8", "quantity", "20", "2000")
    (price,) = found[Doubt.PRICES].examples
    assert (price.sku, price.old, price.new) == ("S9", "10.00", "1.00")
    assert len(found[Doubt.ZEROED].examples) == 5


async def test_a_first_import_is_never_suspicious(bulk: Bulk) -> None:
    assert (await bulk.preview(await staged(bulk, SHOP))).suspicions == ()


async def test_what_nobody_applied_is_forgotten(
    bulk: Bulk, database: Database, clock: Clock
) -> None:
    await imported(bulk, "sku\nKEPT\n", "kept")
    await staged(bulk, SHOP, "old")
    clock.forward(days=2)
    await staged(bulk, SHOP, "fresh")
    assert await bulk.drop_stale(clock.forward(hours=-24)) == 1
    assert await count(database, batch) == 2
    assert await count(database, stage) == 4


async def test_five_thousand_rows_pass_in_pieces(bulk: Bulk, database: Database) -> None:
    lines = [f"{item.sku},{item.name},{item.quantity}" for item in catalogue(5000)]
    told: list[int] = []
    data = ("sku,name,quantity\n" + "\n".join(lines)).encode()
    found = await bulk.stage(read(data), "import", "a", progress=told.append)
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
