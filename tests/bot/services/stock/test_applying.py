"""A bulk change in pieces: decided once, then carried out to the end, whoever dies meanwhile."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import select, text, update

from bot.domain.bulk import Bad, BadFile, BulkResult, Staged
from bot.domain.faults import DatabaseDown
from bot.domain.sources import CLI
from bot.domain.telling import RestockTold
from bot.formats.csv_in import read
from bot.services.stock.applying import Applier
from bot.services.stock.bulk import Bulk
from storage import applying
from storage.database import Database
from storage.tables import batch, move, position, product, stage
from storage.vault import Vault
from tests.support.clock import Clock
from tests.support.databases import PostgresServer
from tests.support.shop import Shop
from tests.support.stockfiles import Judge, Killed, count, imported, ledger, on_hand, staged

BEFORE = "sku,name,quantity,location,reorder_point,clear_level\n" + "".join(
    f"S{number},Old {number},{number},,5,\n" for number in range(8)
)
# Two known and one new SKU with lines far apart, one that stays as it is, blanks, new ones.
AFTER = (
    "sku,name,quantity,location,reorder_point,clear_level\n"
    "S1,New 1,10,,,\nN1,First,4,,2,\nS2,,20,,,\nS3,,3,,,\nN2,,0,,,\nS4,,,,9,\n"
    "S1,New 1,7,north,,\nN1,,6,north,,\nN3,,,,,\nS5,Other,5,,,\nS2,,1,north,3,\n"
)


@pytest.fixture
def judge() -> Judge:
    return Judge()


def pieces_of(lines: int, database: Database, clock: Clock, judge: Judge) -> Bulk:
    return Bulk(database, clock, judge, lines)


async def outcome(database: Database) -> dict[str, Any]:
    """All that an import is there to change; which SKU got which number is left out."""
    rules = select(product.c.sku, product.c.name, position.c.reorder_point, position.c.clear_level)
    rules = rules.outerjoin(position, position.c.product_id == product.c.id)
    async with database.read() as tx:
        told = sorted(str(tuple(row)) for row in await tx.execute(rules))
    return {"held": await on_hand(database), "told": told, "moves": sorted(await ledger(database))}


AS_A_WHOLE = {
    "held": {
        "S0@main": 0, "S1@main": 10, "S1@north": 7, "S2@main": 20, "S2@north": 1, "S3@main": 3,
        "S4@main": 4, "S5@main": 5, "S6@main": 6, "S7@main": 7, "N1@main": 4, "N1@north": 6,
        "N2@main": 0,
    },
    "counts": (3, 4, 1, 6),
}  # fmt: skip


def counts(result: object) -> tuple[int, int, int, int]:
    assert isinstance(result, BulkResult), result
    return result.new, result.changed, result.unchanged, result.moves


@pytest.mark.parametrize("lines", [1, 2, 3, 5, 100])
async def test_in_pieces_it_does_what_it_does_as_a_whole(
    database: Database, clock: Clock, judge: Judge, lines: int
) -> None:
    bulk = pieces_of(lines, database, clock, judge)
    await imported(bulk, BEFORE)
    judge.judged.clear()
    result = await imported(bulk, AFTER, "b")
    assert counts(result) == AS_A_WHOLE["counts"]
    found = await outcome(database)
    assert found["held"] == AS_A_WHOLE["held"]
    assert ("adjustment", 7, 0, 7, "opening balance") in found["moves"]
    assert ("count", 9, 1, 10, "") in found["moves"]
    # One SKU stays in one piece; what ends with a full one has an empty one behind it.
    assert len(judge.judged) == {1: 8 + 1, 2: 6, 3: 4, 5: 2 + 1, 100: 1}[lines]
    assert await count(database, stage) == 0


@pytest.mark.parametrize("killed_at", range(1, 6))
async def test_who_comes_after_a_kill_goes_on_where_it_stopped(
    database: Database, clock: Clock, judge: Judge, killed_at: int
) -> None:
    await imported(pieces_of(100, database, clock, Judge()), BEFORE)
    bulk = pieces_of(2, database, clock, judge)
    batch_id = await staged(bulk, AFTER, "b")
    judge.killed_at = killed_at
    if killed_at < 5:
        with pytest.raises(Killed):
            await bulk.apply(batch_id)
    await bulk.drop(batch_id)  # as the command does when it ends, however it ends
    later = pieces_of(3, database, clock, Judge())
    assert await later.finish() == (killed_at < 5)
    assert await later.finish() == 0
    if killed_at < 5:
        assert (await outcome(database))["held"] == AS_A_WHOLE["held"]
        again = await later.apply(batch_id)
        assert counts(again) == AS_A_WHOLE["counts"]
        assert isinstance(again, BulkResult)
        assert again.repeated
        assert await count(database, move) == 7 + 6
    else:  # it never began: nothing of it is there
        assert await count(database, move) == 7
    assert await count(database, stage) == 0


async def test_several_may_go_on_with_it_at_once(
    database: Database, clock: Clock, judge: Judge
) -> None:
    await imported(pieces_of(100, database, clock, Judge()), BEFORE)
    bulk = pieces_of(1, database, clock, judge)
    batch_id = await staged(bulk, AFTER, "b")
    others = [pieces_of(1, database, clock, judge) for _ in range(4)]
    results = await asyncio.gather(*(each.apply(batch_id) for each in others))
    assert [counts(result) for result in results] == [AS_A_WHOLE["counts"]] * 4
    assert (await outcome(database))["held"] == AS_A_WHOLE["held"]
    assert sum(isinstance(r, BulkResult) and not r.repeated for r in results) == 1
    assert judge.judged.count(batch_id) == 8 + 1


async def test_the_next_import_waits_until_the_one_that_was_begun_is_whole(
    database: Database, clock: Clock, judge: Judge
) -> None:
    bulk = pieces_of(1, database, clock, judge)
    first = await staged(bulk, "sku,quantity,price,currency\nA,1,5.00,EUR\nB,2,5.00,EUR\n", "a")
    # it agrees with the stock as it was, not with what the first one makes of it
    second = await staged(bulk, "sku,price\nB,7\n", "b")
    third = await staged(bulk, "sku,quantity,price,currency\nB,9,700,JPY\n", "c")
    judge.killed_at = 1
    with pytest.raises(Killed):
        await bulk.apply(first)
    judge.killed_at = None
    assert isinstance(await bulk.apply(second), BulkResult)
    assert await on_hand(database) == {"A@main": 1, "B@main": 2}
    assert isinstance(await bulk.apply(third), BulkResult)
    refused = await bulk.apply(await staged(bulk, "sku,currency\nB,JPY\n", "d"))
    assert isinstance(refused, BulkResult)  # the same currency again
    fourth = await staged(bulk, "sku,quantity\nB,3\n", "e")
    assert counts(await bulk.apply(fourth)) == (0, 1, 0, 1)


async def test_a_file_that_no_longer_fits_after_the_one_that_was_begun_is_refused(
    database: Database, clock: Clock, judge: Judge
) -> None:
    bulk = pieces_of(1, database, clock, judge)
    await imported(bulk, "sku,quantity,price,currency\nA,1,5.00,EUR\nB,2,5.00,EUR\n", "a")
    judge.judged.clear()
    begun = await staged(bulk, "sku,price,currency\nA,500,JPY\nB,500,JPY\n", "b")
    late = await staged(bulk, "sku,price\nB,7.50\n", "c")  # fits euros, not yen
    judge.killed_at = 1
    with pytest.raises(Killed):
        await bulk.apply(begun)
    judge.killed_at = None
    found = await bulk.apply(late)
    assert isinstance(found, BadFile)
    assert [bad.reason for bad in found.problems] == [Bad.PRICE_NEEDS_CURRENCY]


async def test_the_same_delivery_again_finishes_what_was_begun(
    database: Database, clock: Clock, judge: Judge
) -> None:
    bulk = pieces_of(1, database, clock, judge)
    batch_id = await staged(bulk, BEFORE, "file:1")
    judge.killed_at = 3
    with pytest.raises(Killed):
        await bulk.apply(batch_id)
    judge.killed_at = None
    again = await bulk.stage(read(BEFORE.encode()), CLI, "file:1")
    assert again == Staged(batch_id, 8, applied=True)
    assert (await bulk.preview(batch_id)).new == 8
    assert len(await on_hand(database)) == 8


async def test_a_rule_that_staff_set_meanwhile_is_not_contradicted(
    database: Database, clock: Clock, judge: Judge
) -> None:
    bulk = pieces_of(1, database, clock, judge)
    await imported(bulk, "sku,quantity,reorder_point\nA,1,5\nB,2,5\n", "a")
    judge.judged.clear()
    batch_id = await staged(bulk, "sku,clear_level\nA,8\nB,8\n", "b")
    judge.killed_at = 1
    with pytest.raises(Killed):
        await bulk.apply(batch_id)
    async with database.write() as tx:
        await tx.execute(update(position).values(reorder_point=10, clear_level=None))
    judge.killed_at = None
    await bulk.finish()
    async with database.read() as tx:
        rules = select(position.c.reorder_point, position.c.clear_level)
        assert [tuple(row) for row in await tx.execute(rules)] == [(10, None), (10, None)]


async def test_a_database_that_goes_away_in_the_middle_says_that_it_goes_on(
    database: Database, clock: Clock, judge: Judge
) -> None:
    async def gone(tx: object, piece: object, now: object) -> None:
        if judge.judged:
            raise DatabaseDown("the disk is full")
        judge.judged.append(1)

    bulk = Bulk(database, clock, gone, 1)
    batch_id = await staged(bulk, BEFORE, "a")
    with pytest.raises(DatabaseDown, match=r"the disk is full; what is begun goes on"):
        await bulk.apply(batch_id)
    async with database.read() as tx:
        assert (await tx.execute(select(batch.c.state))).scalar_one() == "applying"


async def test_who_writes_meanwhile_waits_for_one_piece_only(
    database: Database, clock: Clock, judge: Judge
) -> None:
    """Beside an import of eight pieces a move of staff is done before the import is."""
    bulk = pieces_of(1, database, clock, judge)
    batch_id = await staged(bulk, BEFORE, "a")
    pieces_before: list[int] = []

    async def write() -> None:
        for _ in range(3):
            async with database.write() as tx:
                await tx.execute(update(batch).values(source=CLI))
            pieces_before.append(len(judge.judged))

    await asyncio.gather(bulk.apply(batch_id), write())
    assert pieces_before[0] <= 2
    assert pieces_before[-1] < 8


async def test_each_line_of_those_who_wait_is_judged_with_its_piece(shop: Shop) -> None:
    bulk = Bulk(shop.database, shop.clock, shop.services.restocking.judge_piece, lines=1)
    await imported(bulk, "sku,quantity\nMUG,0\nCUP,0\nTEA,0\n", "a")
    for number, sku in enumerate(("MUG", "CUP", "TEA", "MUG")):
        await shop.notify(number, sku)
    assert await shop.deliver() == []
    await imported(bulk, "sku,quantity\nMUG,7\nCUP,0\nTEA,9\n", "b")
    told = await shop.deliver()
    assert sorted(who for who, _ in told) == ["0", "2", "3"]
    assert all(isinstance(data, RestockTold) for _, data in told)


async def test_the_summary_of_what_is_low_waits_for_the_last_piece(
    shop: Shop, judge: Judge
) -> None:
    await shop.alert_channel()
    bulk = Bulk(shop.database, shop.clock, judge, lines=1)
    low = "sku,quantity,reorder_point\nA,1,5\nB,1,5\nC,1,5\n"
    batch_id = await staged(bulk, low, "a")
    judge.killed_at = 2
    with pytest.raises(Killed):
        await bulk.apply(batch_id)
    while await shop.services.alerting.judge_dirty():
        pass
    assert await shop.rows("notice") == []
    judge.killed_at = None
    await bulk.finish()
    while await shop.services.alerting.judge_dirty():
        pass
    (told,) = await shop.rows("notice")
    assert told.subject == f"batch:{batch_id}"
    assert len(await shop.rows("alert")) == 3


async def test_what_was_checked_beside_half_of_another_import_is_checked_again(
    database: Database, clock: Clock, judge: Judge
) -> None:
    """The other one begins after this one has finished what was begun, and before it looks."""
    await imported(
        pieces_of(9, database, clock, Judge()),
        "sku,quantity,price,currency\n" + "".join(f"{sku},1,5.00,EUR\n" for sku in "ABC"),
    )
    other = pieces_of(1, database, clock, judge)
    begins = await staged(
        other, "sku,price,currency\n" + "".join(f"{s},5,JPY\n" for s in "ABC"), "b"
    )
    judge.killed_at = 1

    class Late(Applier):
        async def finish(self) -> int:
            found = await super().finish()
            if judge.killed_at is not None:
                with pytest.raises(Killed):
                    await other.apply(begins)
                judge.killed_at = None
            return found

    bulk = pieces_of(1, database, clock, judge)
    bulk.applier = Late(database, clock, judge, 1)
    found = await bulk.apply(await staged(bulk, "sku,price\nC,7.50\n", "c"))  # fits euros, not yen
    assert isinstance(found, BadFile)
    assert [bad.reason for bad in found.problems] == [Bad.PRICE_NEEDS_CURRENCY]
    async with database.read() as tx:
        money = select(product.c.price, product.c.currency)
        assert {tuple(row) for row in await tx.execute(money)} == {(5, "JPY")}


@pytest.mark.parametrize("who", ["a piece", "the rules"])
async def test_on_postgresql_a_piece_and_the_rules_take_turns(
    postgres: PostgresServer, clock: Clock, judge: Judge, vault: Vault, who: str
) -> None:
    """Both lock many SKUs and marks, each in its own order: they would wait in a circle."""
    url = postgres.new()
    database = Database(url)
    try:
        shop = await Shop.open(database, vault, clock)
        bulk = pieces_of(1, database, clock, judge)
        batch_id = await staged(bulk, BEFORE, "a")
        await shop.product("MUG")
        await shop.moved("MUG +1")  # something to judge
        work = bulk.apply(batch_id) if who == "a piece" else shop.services.alerting.judge_dirty()
        async with database.write() as tx:
            await applying.one_at_a_time(tx)
            waits = asyncio.create_task(work)
            while not await waits_for_a_turn(database):
                assert not waits.done()
            assert judge.judged == []
        await waits
    finally:
        await database.close()
        postgres.drop()


async def waits_for_a_turn(database: Database) -> bool:
    held = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    async with database.read() as tx:
        return bool((await tx.execute(text(held))).scalar_one())
