"""The ONE way stock changes: a move, the position, the line and the dirty mark, together."""

from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain.sources import Source
from bot.domain.stock import Move, MoveKind, Position, Product
from bot.services.line.restocking import LineChange, Restocking
from storage import dirty, moves, positions
from storage.tx import Tx


class BelowZeroError(Exception):
    """The move would make on hand negative, and the shop does not allow that."""

    def __init__(self, position: Position) -> None:
        super().__init__("on hand would fall below zero")
        self.position = position


@dataclass(frozen=True, slots=True)
class Change:
    """A wanted move. `quantity` is signed; `key` is the effect key: it applies once, ever."""

    product: Product
    location_id: int
    quantity: int
    kind: MoveKind
    reason: str
    actor_id: int | None
    source: Source
    key: str
    undo_of: int | None = None


@dataclass(frozen=True, slots=True)
class Applied:
    move: Move
    position: Position
    line: LineChange


class Ledger:
    """Appends moves. Every method runs inside the caller's transaction, under the SKU's lock."""

    def __init__(self, restocking: Restocking, *, allow_negative: bool = False) -> None:
        self.restocking = restocking
        self.allow_negative = allow_negative

    async def position(self, tx: Tx, product_id: int, location_id: int) -> Position:
        """The position as it is now; it exists."""
        found = (await positions.for_products(tx, [product_id]))[product_id]
        return next(item for item in found if item.location.id == location_id)

    async def take(self, tx: Tx, product_id: int, location_id: int, now: datetime) -> Position:
        """The position as it is now, made if there is none."""
        for item in (await positions.for_products(tx, [product_id]))[product_id]:
            if item.location.id == location_id:
                return item
        # A place that nothing was booked to yet has no row; the SKU's lock keeps two from adding
        # it.
        await moves.ensure_position(tx, product_id, location_id, now)
        return await self.position(tx, product_id, location_id)

    def falls_below_zero(self, position: Position, quantity: int) -> bool:
        """Whether the move would make on hand (more) negative in a shop that does not allow it."""
        # min(0, ...): what is below zero already may rise towards it.
        return position.on_hand + quantity < min(0, position.on_hand) and not self.allow_negative

    async def apply(self, tx: Tx, change: Change, before: Position, now: datetime) -> Applied:
        """Write the move and all that follows from it. Raises BelowZeroError, writing nothing.

        `before`: what `take` gave in this transaction.
        """
        if self.falls_below_zero(before, change.quantity):
            raise BelowZeroError(before)
        entry = moves.Entry(
            product_id=change.product.id,
            location_id=change.location_id,
            kind=change.kind,
            quantity=change.quantity,
            reason=change.reason,
            actor_id=change.actor_id,
            source=change.source,
            key=change.key,
            undo_of=change.undo_of,
        )
        move = await moves.append(tx, entry, before=before, now=now)
        # In this transaction: an arrival that is committed without its line would be news to
        # nobody.
        line = await self.restocking.after_move(
            tx, change.product, now, move_id=move.id, undone=change.undo_of is not None
        )
        await dirty.mark(tx, change.product.id, now)
        after = replace(before, on_hand=move.after, version=before.version + 1)
        return Applied(move, after, line)
