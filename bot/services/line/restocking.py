"""Restocks: opened, told in chunks and closed inside the transaction that moved the stock."""

from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain import subjects
from bot.domain.batches import Piece
from bot.domain.delivery import LONG_LINE
from bot.domain.notices import Lane, NewNotice, NoticeKind, SettleReason
from bot.domain.restocking import CloseReason, Restock, RestockReason, chunk_size, judge
from bot.domain.stock import Product, available_to_customers, in_stock
from bot.domain.way import Ways
from bot.services.line.living import Living
from storage import fanout, lines, notices, positions, products, restocks
from storage.tx import Tx

CLOSED_BY = {
    CloseReason.SOLD_OUT: SettleReason.SOLD_OUT_BEFORE,
    CloseReason.UNDONE: SettleReason.RESTOCK_CLOSED,
    CloseReason.NOT_SOLD: SettleReason.RESTOCK_CLOSED,
}


@dataclass(frozen=True, slots=True)
class LineChange:
    """What a move meant for the line. `to_tell`: how many this restock reaches as things stand."""

    reason: RestockReason
    to_tell: int = 0


class Restocking:
    """Keeps promise 1. Every method runs inside the caller's transaction and holds the SKU's lock.

    `out_level`: a SKU is in stock when more than this many units can be bought. `few`: "few left"
    is said from so many down.
    """

    def __init__(self, ways: Ways, out_level: int = 0, few: int = 5) -> None:
        self.out_level = out_level
        self.living = Living(ways, few)

    def in_stock(self, available: int) -> bool:
        return in_stock(available, self.out_level)

    async def after_move(
        self,
        tx: Tx,
        product: Product,
        now: datetime,
        *,
        move_id: int | None = None,
        undone: bool = False,
    ) -> LineChange:
        """Judge the line on the ledger as it is now; opens, feeds or closes the SKU's restock."""
        available = await self.available(tx, product.id)
        current = await restocks.open_one(tx, product.id)
        reason = judge(
            in_stock=self.in_stock(available),
            active=product.active,
            is_open=current is not None,
            somebody_waits=await lines.somebody_waits(tx, product.id, available),
        )
        if reason is RestockReason.OPENS:
            current = await restocks.start(tx, product.id, move_id, now)
            await lines.return_to_line(tx, product.id, now)  # if the last one still ends
        elif reason is RestockReason.CLOSES and current is not None:
            await self._close(tx, current, product, now, undone=undone)
        if not self.in_stock(available):
            await self._tell_watchers(tx, product.id, move_id, now)
        await lines.arm(tx, product.id, available=available, out_level=self.out_level)
        if current is None or reason is RestockReason.CLOSES:
            return LineChange(reason)
        # An open one is looked through from its head: whoever wanted more than there was may be
        # content now.
        feed = self._begin if reason is RestockReason.OPENS else self._feed
        return LineChange(reason, await feed(tx, current, available, now))

    async def available(self, tx: Tx, product_id: int) -> int:
        """Units that customers can buy now, over the sellable locations."""
        return available_to_customers((await positions.for_products(tx, [product_id]))[product_id])

    async def _begin(self, tx: Tx, opened: Restock, available: int, now: datetime) -> int:
        """The first of the line; nothing is written or told yet."""
        reached = await lines.count_to_tell(tx, opened.product_id, opened.id, available)
        limit, long_line = chunk_size(available), reached > LONG_LINE
        await self._write(tx, opened, available, limit, now, long_line=long_line)
        return reached

    async def _feed(self, tx: Tx, current: Restock, available: int, now: datetime) -> int:
        """More came, or less is left: look at the whole line again, from its head."""
        await restocks.set_cursor(tx, current.id, 0)
        reached = await lines.count_to_tell(tx, current.product_id, current.id, available)
        await self._write_chunk(tx, replace(current, cursor=0), available, now)
        await self.living.look(tx, current, available, now)
        return reached

    async def advance(self, tx: Tx, product_id: int, now: datetime) -> int:
        """Write the next chunk of the SKU's open restock when its turn has come (chunk_size).

        Returns how many notices were written (0: none due, or the line is done).
        """
        if await products.lock(tx, product_id) is None:
            return 0
        current = await restocks.open_one(tx, product_id)
        if current is None:
            return 0
        available = await self.available(tx, product_id)
        if not self.in_stock(available):
            return 0
        return await self._write_chunk(tx, current, available, now)

    async def _write_chunk(self, tx: Tx, current: Restock, available: int, now: datetime) -> int:
        # What is outstanding is subtracted, or each sale would send the next chunk on its way while
        # the last one is still told.
        limit = chunk_size(available, await restocks.outstanding(tx, current.id, now))
        if limit < 1:
            return 0
        long_line = await self._is_long(tx, current, available)
        return await self._write(tx, current, available, limit, now, long_line=long_line)

    async def _write(
        self,
        tx: Tx,
        current: Restock,
        available: int,
        limit: int,
        now: datetime,
        *,
        long_line: bool,
    ) -> int:
        told = await fanout.tell_next(
            tx,
            current,
            available=available,
            limit=limit,
            prefix=subjects.of_restock(current.id, None),
            payload={"long_line": True} if long_line else {},
            now=now,
        )
        if told:
            await restocks.set_cursor(tx, current.id, told[-1])
        return len(told)

    async def _is_long(self, tx: Tx, current: Restock, available: int) -> bool:
        """Whether so many hear of this restock that each second counts for the last ones."""
        # Counted to the bound only: this runs with every chunk, and a line may be 100,000 long.
        written = await restocks.written(tx, current.id, LONG_LINE + 1)
        if written > LONG_LINE:
            return True
        ahead = await lines.count_to_tell(tx, current.product_id, current.id, available)
        return written + ahead > LONG_LINE

    async def _close(
        self, tx: Tx, current: Restock, product: Product, now: datetime, *, undone: bool
    ) -> None:
        """It is gone: unsent notices are dropped, who was told keeps the place and is shown so."""
        reason = CloseReason.UNDONE if undone else CloseReason.SOLD_OUT
        if not product.active:
            reason = CloseReason.NOT_SOLD
        await restocks.close(tx, current.id, reason, now)
        await notices.drop_of_restock(tx, current.id, CLOSED_BY[reason], now)
        await self.living.close(tx, current.id, now)

    async def _tell_watchers(
        self, tx: Tx, product_id: int, move_id: int | None, now: datetime
    ) -> None:
        """Who watches an item that was in stock hears that it is gone, once."""
        occurrence = move_id or int(now.timestamp())
        new = [
            NewNotice(
                kind=NoticeKind.SOLD_OUT,
                key=subjects.of_sold_out(watcher, occurrence),
                contact_id=contact_id,
                lane=Lane.RESTOCK,
                subject=subjects.of_sold_out(watcher, occurrence),
                product_id=product_id,
                subscription_id=watcher,
            )
            for watcher, contact_id in await lines.watchers(tx, product_id)
        ]
        await notices.queue(tx, new, now)

    async def judge_piece(self, tx: Tx, piece: Piece, now: datetime) -> None:
        """After a bulk change: judge the line of each SKU it moved that somebody waits for."""
        for product_id in await lines.products_of_piece(tx, piece):
            product = await products.lock(tx, product_id)
            if product is not None:
                await self.after_move(tx, product, now)
