"""A stock file reaches those who wait, and does not lose what staff do meanwhile."""

import asyncio

from sqlalchemy import func, select

from bot.domain.bulk import BulkResult, Staged
from bot.domain.sources import CLI
from bot.domain.telling import RestockTold
from bot.formats.csv_in import read
from storage.tables import move, position
from tests.support.shop import Shop


async def put(shop: Shop, text: str) -> BulkResult:
    staged = await shop.services.bulk.stage(read(text.encode()), CLI, shop.key())
    assert isinstance(staged, Staged), staged
    result = await shop.services.bulk.apply(staged.batch_id)
    assert isinstance(result, BulkResult), result
    return result


async def test_who_waits_is_told_of_a_restock_by_file(shop: Shop) -> None:
    await put(shop, "sku,quantity\nMUG,0\nCUP,0\nTEA,5\n")
    for number, sku in enumerate(("MUG", "MUG", "CUP")):
        await shop.notify(number, sku)
    assert await shop.deliver() == []
    await put(shop, "sku,quantity\nMUG,7\nCUP,0\nTEA,9\n")
    told = await shop.deliver()
    assert [who for who, _ in told] == ["0", "1"]
    assert all(isinstance(data, RestockTold) for _, data in told)


async def test_the_same_stock_file_again_tells_nobody_again(shop: Shop) -> None:
    await put(shop, "sku,quantity\nMUG,0\n")
    await shop.notify(1, "MUG")
    await put(shop, "sku,quantity\nMUG,7\n")
    assert len(await shop.deliver()) == 1
    await put(shop, "sku,quantity\nMUG,7\n")
    await put(shop, "sku,quantity\nMUG,6\n")
    assert await shop.deliver() == []


async def test_what_is_no_longer_sold_is_not_told_of(shop: Shop) -> None:
    await put(shop, "sku,quantity\nMUG,0\n")
    await shop.notify(1, "MUG")
    await put(shop, "sku,quantity,active\nMUG,7,no\n")
    assert await shop.deliver() == []


async def test_moves_of_staff_beside_a_stock_file_all_count(shop: Shop) -> None:
    skus = [f"S{number}" for number in range(6)]
    await put(shop, "sku,quantity\n" + "".join(f"{sku},10\n" for sku in skus))
    counts = "sku,quantity\n" + "".join(f"{sku},50\n" for sku in reversed(skus))
    work = [shop.moved(f"{sku} +1") for sku in skus * 4]
    await asyncio.gather(*work[:12], put(shop, counts), *work[12:], put(shop, counts))
    async with shop.database.read() as tx:
        levels = {r.product_id: r.on_hand for r in await tx.execute(select(position))}
        summed = select(move.c.product_id, func.sum(move.c.quantity).label("level"))
        rows = await tx.execute(summed.group_by(move.c.product_id))
        assert levels == {row.product_id: row.level for row in rows}
        chain = select(move).order_by(move.c.product_id, move.c.id)
        last: dict[int, int] = {}
        for row in await tx.execute(chain):
            assert row.before == last.get(row.product_id, 0), "a move that skipped another one"
            last[row.product_id] = row.after
