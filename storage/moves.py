"""The ledger: moves are only ever added, and the position follows in the same transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.stock import Move, MoveKind
from storage.tables import location, move, position
from storage.types import AnyRow


@dataclass(frozen=True, slots=True)
class Entry:
    """A move about to be written."""

    product_id: int
    location_id: int
    kind: MoveKind
    quantity: int
    reason: str
    actor_id: int | None
    source: str
    key: str
    undo_of: int | None = None


async def append(tx: AsyncConnection, entry: Entry, *, before: int, now: datetime) -> int:
    """Write the move and bring the position to `before + quantity`; returns the move's id.

    The caller holds the product's lock and has read `before` under it.
    """
    after = before + entry.quantity
    statement = insert(move).values(
        product_id=entry.product_id,
        location_id=entry.location_id,
        kind=entry.kind.value,
        quantity=entry.quantity,
        before=before,
        after=after,
        reason=entry.reason,
        actor_id=entry.actor_id,
        source=entry.source,
        key=entry.key,
        undo_of=entry.undo_of,
        created_at=now,
    )
    move_id = int((await tx.execute(statement.returning(move.c.id))).scalar_one())
    await tx.execute(
        update(position)
        .where(
            position.c.product_id == entry.product_id,
            position.c.location_id == entry.location_id,
        )
        .values(on_hand=after, version=position.c.version + 1, updated_at=now)
    )
    return move_id


async def ensure_position(
    tx: AsyncConnection, product_id: int, location_id: int, now: datetime
) -> None:
    """Add an empty position if there is none; the caller holds the product's lock."""
    known = select(position.c.product_id).where(
        position.c.product_id == product_id, position.c.location_id == location_id
    )
    if (await tx.execute(known)).first() is None:
        await tx.execute(
            insert(position).values(product_id=product_id, location_id=location_id, updated_at=now)
        )


async def set_rule(
    tx: AsyncConnection, product_id: int, location_id: int, point: int | None,
    clear_level: int | None, now: datetime,
) -> None:  # fmt: skip
    await tx.execute(
        update(position)
        .where(position.c.product_id == product_id, position.c.location_id == location_id)
        .values(
            reorder_point=point,
            clear_level=clear_level,
            version=position.c.version + 1,
            updated_at=now,
        )
    )


def _moves() -> Select[Any]:
    undo = move.alias("undo")
    return (
        select(move, location.c.code.label("location"), undo.c.id.label("undo_id"))
        .join(location, location.c.id == move.c.location_id)
        .outerjoin(undo, undo.c.undo_of == move.c.id)
    )


def as_move(row: AnyRow) -> Move:
    return Move(
        id=row.id,
        kind=MoveKind(row.kind),
        quantity=row.quantity,
        before=row.before,
        after=row.after,
        reason=row.reason,
        source=row.source,
        created_at=row.created_at,
        location=row.location,
        actor_id=row.actor_id,
        undone=row.undo_id is not None,
    )


async def by_key(tx: AsyncConnection, key: str) -> AnyRow | None:
    """The move that this effect key made, with `location` and `undo_id` columns."""
    row: AnyRow | None = (await tx.execute(_moves().where(move.c.key == key))).first()
    return row


async def by_id(tx: AsyncConnection, move_id: int) -> AnyRow | None:
    row: AnyRow | None = (await tx.execute(_moves().where(move.c.id == move_id))).first()
    return row


async def last_of_actor(tx: AsyncConnection, actor_id: int) -> AnyRow | None:
    """The newest move of the member that is neither undone nor an undo itself."""
    statement = _moves().where(move.c.actor_id == actor_id, move.c.undo_of.is_(None))
    rows = (await tx.execute(statement.order_by(move.c.id.desc()).limit(50))).all()
    return next((row for row in rows if row.undo_id is None), None)


async def newest(tx: AsyncConnection, product_id: int, limit: int = 5) -> Sequence[Move]:
    statement = _moves().where(move.c.product_id == product_id)
    rows = (await tx.execute(statement.order_by(move.c.id.desc()).limit(limit))).all()
    return [as_move(row) for row in rows]


async def sums(tx: AsyncConnection, product_id: int) -> dict[int, int]:
    """The ledger's sum per location id; the position must say the same."""
    statement = (
        select(move.c.location_id, func.sum(move.c.quantity))
        .where(move.c.product_id == product_id)
        .group_by(move.c.location_id)
    )
    return {int(place): int(total) for place, total in (await tx.execute(statement)).all()}
