"""Undo: a move is never taken out of the ledger, its counter-move is posted."""

from dataclasses import dataclass
from datetime import timedelta

from bot.domain.contacts import Member, Role
from bot.domain.restocking import RestockReason
from bot.domain.staff import Acting, NothingToUndo, Undone
from bot.domain.stock import Move, MoveKind
from bot.services.ground import Ground
from bot.services.people.members import Members
from bot.services.staff.looking import Looking
from bot.services.stock.ledger import BelowZeroError, Change, Ledger
from storage import moves, persons, products
from storage.tx import Tx

UNDO_WINDOW = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Undoing:
    ground: Ground
    members: Members
    looking: Looking
    ledger: Ledger

    async def undo(self, acting: Acting, move_id: int | None) -> Undone | NothingToUndo:
        """Post the counter-move of `move_id`, or (None) of the member's last move.

        Managers may undo anybody's; the same key again gives the first answer. Raises NotAllowed.
        """
        async with self.members.write(acting) as (tx, member):
            earlier = await moves.by_key(tx, acting.key)
            if earlier is not None and earlier.undo_of is not None:
                return await self._undone_before(tx, earlier)
            move = await self._to_undo(tx, member, move_id)
            if isinstance(move, NothingToUndo):
                return move
            return await self._post_undo(tx, member, move, acting)

    async def _to_undo(self, tx: Tx, member: Member, move_id: int | None) -> Move | NothingToUndo:
        mine = await persons.selves(tx, member.id)
        if move_id is None:
            move = await moves.last_of_actors(tx, mine)
        else:
            move = await moves.by_id(tx, move_id)
        if move is None:
            return NothingToUndo("none")
        await products.lock(tx, move.product_id)
        move = await moves.by_id(tx, move.id) or move
        if move.undone or move.undo_of is not None:
            return NothingToUndo("undone")
        if move.actor_id not in mine and not member.may(Role.MANAGER):
            return NothingToUndo("not_yours")
        if self.ground.now() - move.created_at > UNDO_WINDOW:
            return NothingToUndo("too_old")
        return move

    async def _post_undo(
        self, tx: Tx, member: Member, move: Move, acting: Acting
    ) -> Undone | NothingToUndo:
        product = await products.get(tx, move.product_id)
        if product is None:
            return NothingToUndo("none")
        change = Change(
            product=product,
            location_id=move.location_id,
            quantity=-move.quantity,
            kind=MoveKind.ADJUSTMENT,
            reason=f"undo of #{move.id}",
            actor_id=member.id,
            source=acting.source,
            key=acting.key,
            undo_of=move.id,
        )
        now = self.ground.now()
        # The counter-move goes through the same service as any other: what it opens or closes
        # follows.
        before = await self.ledger.take(tx, product.id, move.location_id, now)
        try:
            applied = await self.ledger.apply(tx, change, before, now)
        except BelowZeroError:
            return NothingToUndo("below_zero")
        closed = applied.line.reason is RestockReason.CLOSES
        counter, undone = await self.looking.named(tx, [applied.move, move])
        return Undone(product, applied.position, counter, undone, restock_closed=closed)

    async def _undone_before(self, tx: Tx, move: Move) -> Undone | NothingToUndo:
        product = await products.get(tx, move.product_id)
        undone = await moves.by_id(tx, move.undo_of or 0)
        if product is None or undone is None:
            return NothingToUndo("none")
        position = await self.ledger.position(tx, product.id, move.location_id)
        counter, old = await self.looking.named(tx, [move, undone])
        return Undone(product, position, counter, old, restock_closed=False, repeated=True)
