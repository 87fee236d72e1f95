"""Applying a staged bulk change: decided once, then carried out piece by piece to the end."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain import bulk_checks
from bot.domain.batches import Batch, BatchState, Piece, Summary
from bot.domain.bulk import BadCell, BadFile, BulkResult
from bot.domain.clock import Clock
from bot.domain.faults import DatabaseDown
from bot.formats.cells import decimals
from storage import applying, batches, comparing, staging
from storage.applying import Applying
from storage.database import Database
from storage.tx import Tx

AfterPiece = Callable[[Tx, Piece, datetime], Awaitable[None]]

LINES = 3_000  # applied in one transaction: about 80 ms on SQLite


class Applier:
    """Carries bulk changes out. Nobody who writes has to wait for more than a piece of one.

    The first piece is applied in the transaction that decides; from then on there is no way back,
    and whoever finds a bulk change begun goes on with it: this process, a later one, or two at
    once, because the batch is locked for each piece. A file of one piece is one transaction.

    `after_piece` judges the lines of those who wait, inside the transaction that applies.
    """

    def __init__(
        self, database: Database, clock: Clock, after_piece: AfterPiece, lines: int
    ) -> None:
        self.database = database
        self.clock = clock
        self.after_piece = after_piece
        self.lines = lines

    async def apply(self, batch_id: int) -> BulkResult | BadFile:
        """Apply all of it. A second time it only says what the first did.

        Refuses when what is stored has changed so that the rows no longer go together with it.
        """
        begun = None
        while begun is None:
            # What was begun comes first: this file is checked against what that one leaves.
            await self.finish()
            begun = await self._begin(batch_id)
        if isinstance(begun, BadFile):
            return begun
        try:
            await self._go_on(batch_id)
        except DatabaseDown as error:
            raise DatabaseDown(f"{error}; what is begun goes on when it can be used") from error
        async with self.database.read() as tx:
            did = (await batches.get(tx, batch_id)).summary
        counts = (did.new, did.changed, did.unchanged, did.moves)
        return BulkResult(batch_id, *counts, repeated=begun.repeated)

    async def finish(self) -> int:
        """Go on with what was begun and did not end (a killed import); how many that were."""
        async with self.database.read() as tx:
            left = await batches.unfinished(tx)
        for batch_id in left:
            await self._go_on(batch_id)
        return len(left)

    async def _begin(self, batch_id: int) -> "_Begun | BadFile | None":
        """Check it and apply its first piece; None when another one came between: what was checked
        is the stock before that one, or half of it."""
        async with self.database.read() as tx:
            if (await batches.get(tx, batch_id)).state is not BatchState.STAGED:
                return _Begun(repeated=True)
            before = await batches.begun(tx)
            # Half of another file is no state to check against.
            if await batches.one_is_half_applied(tx):
                return None
            problems = await against_stored(tx, batch_id)
        if problems:
            return BadFile(tuple(problems))
        async with self.database.write() as tx:
            await applying.one_at_a_time(tx)
            batch = await batches.lock(tx, batch_id)
            if batch.state is not BatchState.STAGED:
                return _Begun(repeated=True)
            # Between the check and this lock another file got in: the check was of a stock that is
            # gone.
            if await batches.begun(tx) != before:
                return None
            await self._piece(tx, batch)
        return _Begun(repeated=False)

    async def _go_on(self, batch_id: int) -> None:
        while await self._next(batch_id):
            await self.database.yield_turn()
        await remove_rows(self.database, batch_id)

    async def _next(self, batch_id: int) -> bool:
        """Apply the next piece; False when there is none left."""
        async with self.database.write() as tx:
            await applying.one_at_a_time(tx)
            batch = await batches.lock(tx, batch_id)
            if batch.state is BatchState.APPLYING:
                await self._piece(tx, batch)
        return batch.state is BatchState.APPLYING

    async def _piece(self, tx: Tx, batch: Batch) -> None:
        now = self.clock()
        piece = await staging.next_piece(tx, batch.id, batch.cursor, self.lines)
        by = Applying(piece, batch.source, batch.actor_id, now)
        async with applying.roomy(tx):
            done = await _apply(tx, by, batch.summary)
        if piece.upto:
            await batches.advance(tx, piece, done)
        else:
            unchanged = done.skus - done.new - done.changed
            await batches.settle(tx, batch.id, replace(done, unchanged=unchanged), now)
        await self.after_piece(tx, piece, now)


@dataclass(frozen=True, slots=True)
class _Begun:
    repeated: bool


async def _apply(tx: Tx, by: Applying, before: Summary) -> Summary:
    """Returns the counts so far; `before` has those of the pieces before this one."""
    if not by.piece.after:
        await applying.add_locations(tx, before.locations)
    await applying.lock_products(tx, by)
    # A first import has nothing to compare with, so it does not look for changes.
    newest = await applying.newest_product(tx)
    changed = await applying.mark_changing(tx, by) if newest else 0
    new = await applying.add_products(tx, by)
    if new:
        await applying.mark_added(tx, by, newest)
    if changed:
        await applying.change_products(tx, by)
    # Before the positions follow: an entry's `before` is what they still hold.
    moves = await applying.add_moves(tx, by)
    await applying.add_positions(tx, by)
    if changed:
        await applying.change_positions(tx, by)
    return replace(
        before,
        new=before.new + new,
        changed=before.changed + changed,
        moves=before.moves + moves,
    )


async def against_stored(tx: Tx, batch_id: int) -> list[BadCell]:
    """What does not go together with what it leaves as it is."""
    found = await comparing.against_stored(tx, batch_id)
    return [bad for line in found for bad in bulk_checks.against_stored(line, decimals)]


async def remove_rows(database: Database, batch_id: int) -> None:
    """Remove the staged rows of a batch that is not being applied, in pieces."""
    while True:
        async with database.write() as tx:
            if not await staging.remove_some(tx, batch_id):
                return
        await database.yield_turn()
