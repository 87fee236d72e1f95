"""Stock files for tests: put them through the bulk service, look at what they did."""

from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.batches import Piece
from bot.domain.bulk import Bad, BadFile, BulkResult, Staged
from bot.domain.sources import CLI
from bot.formats.csv_in import read
from bot.services.stock.bulk import Bulk
from storage import positions, products
from storage.database import Database
from storage.tables import move

SHOP = (
    "sku,name,quantity,location,reorder_point,clear_level,lead_time_days,price,currency,brand,Size\n"
    "MUG-1,Red mug,10,,5,7,14,12.50,EUR,Acme,L\n"
    "MUG-1,,4,north,,,,,,,\n"
    "MUG-2,Blue mug,0,,5,,,12.50,EUR,Acme,\n"
    "TEA-1,红茶,30,,,,,8.00,EUR,,\n"
)


class Killed(Exception):
    """The process ends here, inside of the transaction."""


class Judge:
    """Stands where the lines of those who wait are judged; remembers what it was asked.

    `killed_at` is the piece, counted from 0, in whose transaction the process dies.
    """

    def __init__(self) -> None:
        self.judged: list[int] = []
        self.killed_at: int | None = None

    async def __call__(self, tx: AsyncConnection, piece: Piece, now: datetime) -> None:
        del tx, now
        if self.killed_at == len(self.judged):
            raise Killed
        self.judged.append(piece.batch_id)


async def staged(bulk: Bulk, text: str, key: str = "a") -> int:
    found = await bulk.stage(read(text.encode()), CLI, key)
    assert isinstance(found, Staged), found
    return found.batch_id


async def refused(bulk: Bulk, text: str, key: str = "r") -> list[tuple[int, str, Bad]]:
    found = await bulk.stage(read(text.encode()), CLI, key)
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
