"""Writes by staff: a change, or a number that was counted, through the ledger."""

from dataclasses import dataclass

from bot.domain.contacts import Member, Role
from bot.domain.movekinds import kind_of
from bot.domain.preview import Preview
from bot.domain.sources import Source
from bot.domain.staff import (
    Acting,
    BelowZero,
    ChangedMeanwhile,
    Moved,
    NeedsConfirmation,
    Unchanged,
)
from bot.domain.stock import Move, MoveKind, Position, Product
from bot.services.ground import Ground
from bot.services.people.members import Members
from bot.services.staff.looking import Looking
from bot.services.staff.meaning import Meaning, NotMeant
from bot.services.stock.ledger import Applied, BelowZeroError, Change, Ledger
from storage import moves
from storage.tx import Tx

Wrote = Moved | Unchanged | BelowZero | NeedsConfirmation | ChangedMeanwhile


@dataclass(frozen=True, slots=True)
class Write:
    """A wanted write of one position; `target` for `=`, else `quantity` is the signed change."""

    product: Product
    location_id: int
    quantity: int
    target: int | None
    reason: str
    key: str
    source: Source
    shown: int | None = None  # on hand as the member saw it, for compare-and-swap
    confirmed: bool = False


class Writing:
    """`move_limits`: the largest move a role may make at once; a role without one has none."""

    def __init__(
        self,
        ground: Ground,
        members: Members,
        meaning: Meaning,
        ledger: Ledger,
        move_limits: dict[Role, int],
    ) -> None:
        self.ground = ground
        self.members = members
        self.meaning = meaning
        self.looking: Looking = meaning.looking
        self.ledger = ledger
        self.move_limits = move_limits

    async def change(
        self, acting: Acting, sku: str, location: str, quantity: int, reason: str
    ) -> Wrote | NotMeant:
        """Add (+) or take away (-). `location` "": the only one there is. Raises NotAllowed."""
        return await self._write_to(acting, sku, location, quantity, None, reason)

    async def set_to(
        self, acting: Acting, sku: str, location: str, target: int, reason: str
    ) -> Wrote | NotMeant:
        """What was counted, whatever the ledger says. Raises NotAllowed."""
        return await self._write_to(acting, sku, location, 0, target, reason)

    async def _write_to(
        self,
        acting: Acting,
        sku: str,
        location: str,
        quantity: int,
        target: int | None,
        reason: str,
    ) -> Wrote | NotMeant:
        async with self.members.write(acting) as (tx, member):
            meant = await self.meaning.of(tx, sku, location)
            if not isinstance(meant, tuple):
                return meant
            product, place = meant
            write = Write(product, place, quantity, target, reason, acting.key, acting.source)
            return await self.write(tx, member, write)

    async def write(self, tx: Tx, member: Member, write: Write) -> Wrote:
        """Apply a write under the SKU's lock, or say why not; nothing is half done."""
        # Before all that refuses: a second delivery is told what the first one did, not that it is
        # too late.
        if (earlier := await moves.by_key(tx, write.key)) is not None:
            return await self._repeated(tx, write.product, earlier)
        position = await self.ledger.take(
            tx, write.product.id, write.location_id, self.ground.now()
        )
        stale = write.shown is not None and write.shown != position.on_hand
        # A change of +5 is right whatever lies there; a number that was counted, or agreed to in a
        # preview, is not.
        if stale and (write.target is not None or write.confirmed):
            return ChangedMeanwhile(write.product, position, write.shown or 0)
        quantity = write.quantity if write.target is None else write.target - position.on_hand
        if quantity == 0:
            return Unchanged(write.product, position)
        if self.ledger.falls_below_zero(position, quantity):
            return BelowZero(write.product, position, quantity)
        # Against a slip of the finger, +500 for +50; who manages the stock moves pallets.
        limit = self.move_limits.get(member.role)
        if limit is not None and abs(quantity) > limit and not write.confirmed:
            token = _preview(write, quantity, position.on_hand).token()
            return NeedsConfirmation(write.product, position, quantity, limit, token)
        return await self._apply(tx, member, write, position, quantity)

    async def _apply(
        self, tx: Tx, member: Member, write: Write, position: Position, quantity: int
    ) -> Moved | BelowZero:
        counted = write.target is not None
        change = Change(
            product=write.product,
            location_id=write.location_id,
            quantity=quantity,
            kind=MoveKind.COUNT if counted else kind_of(quantity, write.reason),
            reason=write.reason,
            actor_id=member.id,
            source=write.source,
            key=write.key,
        )
        try:
            applied = await self.ledger.apply(tx, change, position, self.ground.now())
        # Asked above already; the ledger asks once more, because it alone keeps this promise.
        except BelowZeroError:
            return BelowZero(write.product, position, quantity)
        return self._moved(write.product, applied, member)

    def _moved(self, product: Product, applied: Applied, member: Member) -> Moved:
        return Moved(
            product=product,
            position=applied.position,
            move=applied.move,
            told=applied.line.to_tell if applied.move.quantity > 0 else 0,
            actor=member.contact.address.text,
        )

    async def _repeated(self, tx: Tx, product: Product, move: Move) -> Moved:
        position = await self.ledger.position(tx, product.id, move.location_id)
        (named,) = await self.looking.named(tx, [move])
        return Moved(product, position, named, told=0, repeated=True, actor=named.actor)


def _preview(write: Write, quantity: int, shown: int) -> Preview:
    return Preview(write.product.id, write.location_id, quantity, shown, write.key, write.reason)
