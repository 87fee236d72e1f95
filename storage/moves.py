"""The ledger: moves are only ever added, and the position follows in the same transaction."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, insert, select, update

from bot.domain.sources import Source
from bot.domain.stock import Move, MoveKind, Position
from storage.tables import location, move, position
from storage.tx import Tx
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
    source: Source
    key: str
    undo_of: int | None = None


APPEND = insert(move).returning(move.c.id)
HERE = (
    position.c.product_id == bindparam("product"),
    position.c.location_id == bindparam("location"),
)
FOLLOW = (
    update(position)
    .where(*HERE)
    .values(
        on_hand=bindparam("to_on_hand"),
        version=position.c.version + 1,
        updated_at=bindparam("now"),
    )
)
KNOWN = select(position.c.product_id).where(*HERE)


async def append(tx: Tx, entry: Entry, *, before: Position, now: datetime) -> Move:
    """Write the move and bring the position to `before + quantity`.

    The caller holds the product's lock and has read `before` under it.
    """
    after = before.on_hand + entry.quantity
    values = {
        "product_id": entry.product_id,
        "location_id": entry.location_id,
        "kind": entry.kind.value,
        "quantity": entry.quantity,
        "before": before.on_hand,
        "after": after,
        "reason": entry.reason,
        "actor_id": entry.actor_id,
        "source": entry.source,
        "key": entry.key,
        "undo_of": entry.undo_of,
        "created_at": now,
    }
    move_id = int((await tx.execute(APPEND, values)).scalar_one())
    where = {"product": entry.product_id, "location": entry.location_id}
    await tx.execute(FOLLOW, {**where, "to_on_hand": after, "now": now})
    return Move(
        id=move_id,
        product_id=entry.product_id,
        location_id=entry.location_id,
        kind=entry.kind,
        quantity=entry.quantity,
        before=before.on_hand,
        after=after,
        reason=entry.reason,
        source=entry.source,
        created_at=now,
        location=before.location.code,
        actor_id=entry.actor_id,
        undo_of=entry.undo_of,
    )


async def ensure_position(tx: Tx, product_id: int, location_id: int, now: datetime) -> None:
    """Add an empty position if there is none; the caller holds the product's lock."""
    where = {"product": product_id, "location": location_id}
    if (await tx.execute(KNOWN, where)).first() is None:
        await tx.execute(
            insert(position).values(product_id=product_id, location_id=location_id, updated_at=now)
        )


async def set_rule(
    tx: Tx,
    product_id: int,
    location_id: int,
    point: int | None,
    clear_level: int | None,
    now: datetime,
) -> None:
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


UNDO = move.alias("undo")
MOVES = (
    select(move, location.c.code.label("location"), UNDO.c.id.label("undo_id"))
    .join(location, location.c.id == move.c.location_id)
    .outerjoin(UNDO, UNDO.c.undo_of == move.c.id)
)
BY_KEY = MOVES.where(move.c.key == bindparam("wanted"))
BY_ID = MOVES.where(move.c.id == bindparam("wanted"))


def _move(row: AnyRow) -> Move:
    return Move(
        id=row.id,
        product_id=row.product_id,
        location_id=row.location_id,
        kind=MoveKind(row.kind),
        quantity=row.quantity,
        before=row.before,
        after=row.after,
        reason=row.reason,
        source=Source(row.source),
        created_at=row.created_at,
        location=row.location,
        actor_id=row.actor_id,
        undo_of=row.undo_of,
        undone=row.undo_id is not None,
    )


async def by_key(tx: Tx, key: str) -> Move | None:
    """The move that this effect key made."""
    row = (await tx.execute(BY_KEY, {"wanted": key})).first()
    return None if row is None else _move(row)


async def by_id(tx: Tx, move_id: int) -> Move | None:
    row = (await tx.execute(BY_ID, {"wanted": move_id})).first()
    return None if row is None else _move(row)


async def last_of_actors(tx: Tx, actor_ids: Collection[int]) -> Move | None:
    """The newest move of these that is neither undone nor an undo itself."""
    # One by one: each reads the newest few from its end of the index, however many moves there are.
    found = [move for one in actor_ids if (move := await _last_of_actor(tx, one)) is not None]
    return max(found, key=lambda move: move.id, default=None)


async def _last_of_actor(tx: Tx, actor_id: int) -> Move | None:
    statement = MOVES.where(move.c.actor_id == actor_id, move.c.undo_of.is_(None))
    # Fifty in a row that were all undone: nobody looks further back than that by Undo.
    rows = (await tx.execute(statement.order_by(move.c.id.desc()).limit(50))).all()
    return next((_move(row) for row in rows if row.undo_id is None), None)


async def newest(tx: Tx, product_id: int, limit: int = 5) -> Sequence[Move]:
    statement = MOVES.where(move.c.product_id == product_id)
    rows = (await tx.execute(statement.order_by(move.c.id.desc()).limit(limit))).all()
    return [_move(row) for row in rows]


async def sums(tx: Tx, product_id: int) -> dict[int, int]:
    """The ledger's sum per location id; the position must say the same."""
    statement = (
        select(move.c.location_id, func.sum(move.c.quantity))
        .where(move.c.product_id == product_id)
        .group_by(move.c.location_id)
    )
    return {int(place): int(total) for place, total in (await tx.execute(statement)).all()}
