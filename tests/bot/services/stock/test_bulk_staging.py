"""A stock file beside the stock: what is refused, what is shown, what is forgotten."""

import pytest

from bot.domain.bulk import Bad, BulkPreview, BulkResult, Doubt, Staged
from bot.domain.sources import SLACK
from bot.formats.csv_in import read
from bot.services.stock.bulk import Bulk
from storage import products
from storage.database import Database
from storage.tables import batch, move, product, stage
from tests.support.clock import Clock
from tests.support.stockfiles import SHOP, Judge, count, imported, on_hand, refused, staged


@pytest.fixture
def judge() -> Judge:
    return Judge()


@pytest.fixture
def bulk(database: Database, clock: Clock, judge: Judge) -> Bulk:
    return Bulk(database, clock, judge)


async def test_a_delivery_that_was_applied_is_not_staged_again(
    bulk: Bulk, database: Database
) -> None:
    first = await imported(bulk, SHOP, "file:1")
    again = await bulk.stage(read(b"sku,quantity\nMUG-1,99\n"), SLACK, "file:1")
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
