"""Bulk changes: stage -> check -> preview -> apply. Every file takes this way."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from operator import attrgetter
from typing import TypeVar

from bot.domain import bulk_checks
from bot.domain.batches import Batch, BatchState, Summary
from bot.domain.bulk import (
    POSITION_FIELDS,
    PRODUCT_FIELDS,
    BadCell,
    BadFile,
    BulkPreview,
    BulkResult,
    Cell,
    Change,
    Compared,
    Staged,
    StockRow,
    Suspicion,
    suspicions,
)
from bot.domain.clock import Clock
from bot.domain.codes import short_id
from bot.domain.places import Places, place_key
from bot.domain.sources import Source
from bot.formats.cells import price_text
from bot.services.stock import searching
from bot.services.stock.applying import (
    LINES,
    AfterPiece,
    Applier,
    against_stored,
    remove_rows,
)
from storage import batches, comparing, positions, staging
from storage.database import Database
from storage.tx import Tx

Progress = Callable[[int], None]
Item = TypeVar("Item")

PIECE = 1_000  # rows staged in one transaction: about 30 ms on SQLite
LEFT = timedelta(minutes=5)
LEFT_PIECE = 5_000  # products whose grams are in memory at once
EXAMPLES = 5
SHOWN = 20
_NUMBERS = attrgetter(*POSITION_FIELDS)
_NO_NUMBERS = (None,) * len(POSITION_FIELDS)
_TOLD_ONCE = attrgetter(*PRODUCT_FIELDS)


class Bulk:
    """Stages rows in pieces, says what they would change, applies them.

    A quantity is what lies there when the batch is applied: what was sold between staging and
    applying is not subtracted again, and the ledger shows the difference to what was there.
    `after_piece` judges the lines of those who wait, inside the transaction that applies.
    """

    def __init__(
        self, database: Database, clock: Clock, after_piece: AfterPiece, lines: int = LINES
    ) -> None:
        self.database = database
        self.clock = clock
        self.applier = Applier(database, clock, after_piece, lines)

    async def stage(
        self, rows: Iterable[StockRow | BadCell], source: Source, key: str,
        actor_id: int | None = None, progress: Progress | None = None,
    ) -> Staged | BadFile:  # fmt: skip
        """Store the rows beside the stock; nothing changes. All or nothing: one bad cell refuses
        the file, after all of it was read, so that every one of them is told.

        `key` names this delivery: a second one starts over, unless the first was applied.
        `progress` is told the line that was read last.
        """
        async with self.database.read() as tx:
            earlier = await batches.by_key(tx, key)
        if earlier is not None and earlier.state is not BatchState.STAGED:
            await self.finish()
            return Staged(earlier.id, earlier.summary.rows, applied=True)
        if earlier is not None:
            # Staged and left: a file that is sent again may have been corrected.
            await self.drop(earlier.id)
        async with self.database.write() as tx:
            batch_id = await batches.start(tx, key, source, actor_id, self.clock())
            known = await positions.locations(tx)
        taken = _Taken(batch_id, Places(known))
        problems = await self._fill(taken, rows, progress) or await self._check(batch_id)
        if problems:
            await self.drop(batch_id)
            return BadFile(tuple(sorted(problems, key=lambda bad: bad.line)))
        async with self.database.write() as tx:
            await batches.note(tx, batch_id, taken.summary())
        return Staged(batch_id, taken.rows)

    async def _check(self, batch_id: int) -> list[BadCell]:
        """What only all lines together, or the stored values, can tell."""
        problems = await self._agree(batch_id)
        if problems:
            return problems
        async with self.database.read() as tx:
            return await against_stored(tx, batch_id)

    async def _fill(
        self, taken: "_Taken", rows: Iterable[StockRow | BadCell], progress: Progress | None
    ) -> list[BadCell]:
        """Stage all rows, or from the first bad cell on only collect what else is bad."""
        problems: list[BadCell] = []
        for piece in _pieces(rows):
            problems += [item for item in piece if isinstance(item, BadCell)]
            # From the first bad cell on nothing is stored, but all is read: whoever repairs a file
            # wants to see every mistake at once.
            if not problems:
                cells = [taken.cells(item) for item in piece if isinstance(item, StockRow)]
                async with self.database.write() as tx:
                    await staging.add(tx, cells)
            if progress is not None:
                progress(piece[-1].line)
        return problems

    async def _agree(self, batch_id: int) -> list[BadCell]:
        """Where lines of one SKU contradict each other; else the first of them gets all of it."""
        async with self.database.read() as tx:
            pairs = await staging.disagreeing(tx, batch_id)
        problems: list[BadCell] = []
        leads: dict[int, StockRow] = {}
        for stored, other in pairs:
            # As completed by the lines before: the third may contradict what only the second told.
            lead = leads.get(stored.line, stored)
            leads[lead.line], wrong = bulk_checks.agree(lead, other)
            problems += wrong
        for piece in () if problems else _pieces(leads.values()):
            async with self.database.write() as tx:
                for lead in piece:
                    await staging.complete_lead(tx, batch_id, lead)
        return problems

    async def preview(self, batch_id: int, shown: int = SHOWN) -> BulkPreview:
        """What applying would do now: counts, the first new and changed, what looks wrong."""
        async with self.database.read() as tx:
            batch = await batches.get(tx, batch_id)
            told = batch.summary
            if batch.state is BatchState.APPLIED:
                return _applied(batch)
            counts = await comparing.counts(tx, batch_id)
            places = {place.code for place in await positions.locations(tx)}
            return BulkPreview(
                batch_id,
                told.rows,
                new=counts.new,
                changed=counts.changed,
                unchanged=told.skus - counts.new - counts.changed,
                moves=counts.moves,
                new_locations=tuple(c for c in told.locations if c not in places),
                new_skus=await comparing.new_skus(tx, batch_id, shown),
                changes=_changes(await comparing.changed_lines(tx, batch_id, shown)),
                suspicions=await _suspicions(tx, batch_id),
            )

    async def apply(self, batch_id: int) -> BulkResult | BadFile:
        """Apply all of it, or nothing if it no longer goes together with what is stored.

        Search finds what is new after `reindex`.
        """
        return await self.applier.apply(batch_id)

    async def finish(self) -> int:
        """Go on with what a killed import had begun to apply; how many that were."""
        return await self.applier.finish()

    async def reindex(self) -> int:
        """Let search know what changed, in pieces; returns how many products that were."""
        return await searching.reindex(self.database, self.clock)

    async def reindex_left(self) -> int:
        """What a killed import left to index; a living one does it itself, and within minutes.

        Few at a time: this runs in the bot, which stays small.
        """
        # A living import indexes by itself, and within minutes: what is older has nobody.
        by = self.clock() - LEFT
        return await searching.reindex(self.database, self.clock, piece=LEFT_PIECE, changed_by=by)

    async def drop(self, batch_id: int) -> None:
        """Forget a batch that nobody applied; one that was applied only loses its rows, and one
        that is being applied stays."""
        await remove_rows(self.database, batch_id)
        async with self.database.write() as tx:
            await batches.remove(tx, batch_id)

    async def drop_stale(self, before: datetime) -> int:
        """Forget what was staged before then and never applied (a killed import); how many."""
        async with self.database.read() as tx:
            stale = await batches.stale(tx, before)
        for batch_id in stale:
            await self.drop(batch_id)
        return len(stale)


async def _suspicions(tx: Tx, batch_id: int) -> tuple[Suspicion, ...]:
    found = []
    for doubt, count, of in suspicions(await comparing.facts(tx, batch_id)):
        rows = await comparing.doubtful(tx, batch_id, doubt, EXAMPLES)
        examples = [c for c in _changes(rows) if c.field == bulk_checks.DOUBTED[doubt]]
        found.append(Suspicion(doubt, count, of, tuple(examples)))
    return tuple(found)


def _changes(lines: Sequence[Compared]) -> tuple[Change, ...]:
    return tuple(c for line in lines for c in bulk_checks.changes(line, price_text))


def _applied(batch: Batch) -> BulkPreview:
    did = batch.summary
    counts = (did.new, did.changed, did.unchanged, did.moves)
    return BulkPreview(batch.id, did.rows, *counts, applied=True)


def _pieces(items: Iterable[Item]) -> Iterator[list[Item]]:
    left = iter(items)
    while piece := list(islice(left, PIECE)):
        yield piece


class _Taken:
    """Turns rows into staged ones; remembers which SKUs and locations it has seen."""

    def __init__(self, batch_id: int, known: Places) -> None:
        self.batch_id = batch_id
        self.known = known
        self.new: dict[str, str] = {}  # codes of locations to be, by their key
        self.locations: dict[str, None] = {}  # with numbers, in the order of the file
        self.seen: set[str] = set()
        self.rows = 0

    def cells(self, row: StockRow) -> tuple[Cell, ...]:
        """The staged row, in order of `storage.staging.COLUMNS`; the first one of a SKU leads."""
        lead = row.sku_key not in self.seen
        place = self._place(row.location)
        numbers = _NUMBERS(row)
        if numbers != _NO_NUMBERS:
            self.locations[place] = None
        self.seen.add(row.sku_key)
        self.rows += 1
        who = (self.batch_id, row.line, lead, row.sku, row.sku_key, short_id(row.sku_key), place)
        attributes = json.dumps(dict(row.attributes)) if row.attributes else "{}"
        return (*who, *numbers, *_TOLD_ONCE(row), attributes)

    def _place(self, named: str) -> str:
        """The code of the location that is meant."""
        if (found := self.known.find(named)) is not None:
            return found.code
        return self.new.setdefault(place_key(named), named)

    def summary(self) -> Summary:
        return Summary(self.rows, len(self.seen), tuple(self.locations))
