"""Bulk changes on their way: staged, applying, applied. Their lines are in storage.staging."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, delete, exists, func, insert, or_, select, update

from bot.domain.batches import Batch, BatchState, Piece, Summary
from bot.domain.sources import Source
from storage.tables import batch, stage
from storage.tx import Tx
from storage.types import AnyRow

_FIELDS = ("id", "source", "actor_id", "state", "cursor", "summary")
BATCHES = select(*(batch.c[name] for name in _FIELDS))
IS_STAGED = batch.c.state == BatchState.STAGED.value
IS_APPLYING = batch.c.state == BatchState.APPLYING.value
IS_APPLIED = batch.c.state == BatchState.APPLIED.value


def _batch(row: AnyRow) -> Batch:
    told = dict(row.summary)
    told["locations"] = tuple(told.get("locations", ()))
    state = BatchState(row.state)
    return Batch(row.id, Source(row.source), row.actor_id, state, row.cursor, Summary(**told))


async def by_key(tx: Tx, key: str) -> Batch | None:
    row = (await tx.execute(BATCHES.where(batch.c.key == key))).first()
    return None if row is None else _batch(row)


async def get(tx: Tx, batch_id: int) -> Batch:
    """It exists."""
    return await _one(tx, BATCHES.where(batch.c.id == batch_id))


async def lock(tx: Tx, batch_id: int) -> Batch:
    """The batch, locked until the transaction ends. It exists.

    Alerts may still refer to it: a foreign key only needs that its id stays.
    """
    return await _one(tx, BATCHES.where(batch.c.id == batch_id).with_for_update(key_share=True))


async def _one(tx: Tx, query: Select[Any]) -> Batch:
    return _batch((await tx.execute(query)).one())


async def start(tx: Tx, key: str, source: Source, actor_id: int | None, now: datetime) -> int:
    new = insert(batch).values(
        key=key,
        source=source,
        actor_id=actor_id,
        state=BatchState.STAGED.value,
        created_at=now,
    )
    return int((await tx.execute(new.returning(batch.c.id))).scalar_one())


async def note(tx: Tx, batch_id: int, summary: Summary) -> None:
    await tx.execute(update(batch).where(batch.c.id == batch_id).values(summary=asdict(summary)))


async def begun(tx: Tx) -> int:
    """How many bulk changes were ever begun to be applied."""
    # A count and not a time: two imports within one tick of the clock are two.
    query = select(func.count()).select_from(batch).where(~IS_STAGED)
    return int((await tx.execute(query)).scalar_one())


async def one_is_half_applied(tx: Tx) -> bool:
    return (await tx.execute(select(batch.c.id).where(IS_APPLYING).limit(1))).first() is not None


async def unfinished(tx: Tx) -> list[int]:
    """Bulk changes whose applying was begun and did not end, or that still have staged rows."""
    has_rows = exists().where(stage.c.batch_id == batch.c.id)
    ends = or_(IS_APPLYING, and_(IS_APPLIED, has_rows))
    return [int(row.id) for row in await tx.execute(select(batch.c.id).where(ends))]


async def advance(tx: Tx, piece: Piece, summary: Summary) -> None:
    """The piece is applied, and others follow."""
    of = update(batch).where(batch.c.id == piece.batch_id)
    state = BatchState.APPLYING.value
    await tx.execute(of.values(state=state, summary=asdict(summary), cursor=piece.upto))


async def settle(tx: Tx, batch_id: int, summary: Summary, now: datetime) -> None:
    """The last piece is applied."""
    done = update(batch).where(batch.c.id == batch_id)
    state = BatchState.APPLIED.value
    await tx.execute(done.values(state=state, summary=asdict(summary), applied_at=now))


async def remove(tx: Tx, batch_id: int) -> None:
    """Forget a batch that was not applied; its rows are gone already (`staging.remove_some`)."""
    await tx.execute(delete(batch).where(batch.c.id == batch_id, IS_STAGED))


async def stale(tx: Tx, before: datetime) -> list[int]:
    """Batches that were staged before then and that nobody applied."""
    query = select(batch.c.id).where(IS_STAGED, batch.c.created_at < before)
    return [int(row.id) for row in await tx.execute(query)]
