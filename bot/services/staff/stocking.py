"""`/stock` for staff: understands a request, checks the role, writes through the ledger."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.domain import stock_command as asked
from bot.domain.adjust_form import MODES, wrong
from bot.domain.alerts import effective_clear_level
from bot.domain.codes import whole_number
from bot.domain.contacts import Caller, Contact, Role
from bot.domain.customers import Expired
from bot.domain.health import HealthCard
from bot.domain.movekinds import kind_of
from bot.domain.preview import Preview
from bot.domain.staff import (
    AdjustForm,
    BadThreshold,
    BelowZero,
    Card,
    ChangedMeanwhile,
    LastAdmin,
    LowList,
    Moved,
    NeedsConfirmation,
    NothingToUndo,
    Refused,
    RoleList,
    RoleSet,
    StaffNotFound,
    StaffWhy,
    ThresholdSet,
    Unchanged,
    Undone,
    WhichLocation,
)
from bot.domain.stock import Move, MoveKind, Position, Product
from bot.services.ground import Ground
from bot.services.people.members import Members
from bot.services.staff.looking import Looking
from bot.services.staff.undoing import Undoing
from bot.services.stock.ledger import Applied, BelowZeroError, Change, Ledger
from storage import alerts, audit, moves, positions, products
from storage.tx import Tx

MAIN = "main"

Answer = (
    Card | Moved | Unchanged | BelowZero | NeedsConfirmation | ChangedMeanwhile | Refused
    | WhichLocation | StaffNotFound | LowList | Undone | NothingToUndo | ThresholdSet
    | BadThreshold | RoleSet | RoleList | LastAdmin | StaffWhy | Expired | asked.Help
    | asked.BadInput | HealthCard
)  # fmt: skip
Health = Callable[[Caller], Awaitable[HealthCard | Refused]]


@dataclass(frozen=True, slots=True)
class Write:
    """A wanted write of one position; `target` for `=`, else `quantity` is the signed change."""

    product: Product
    location_id: int
    quantity: int
    target: int | None
    reason: str
    key: str
    source: str
    shown: int | None = None  # on hand as the member saw it, for compare-and-swap
    confirmed: bool = False


class Stocking:
    """`move_limits`: the largest move a role may make at once; a role without one has none."""

    def __init__(
        self,
        ground: Ground,
        looking: Looking,
        ledger: Ledger,
        move_limits: dict[Role, int],
        health: Health,
    ) -> None:
        self.looking = looking
        self.members: Members = looking.members
        self.ledger = ledger
        self.undoing = Undoing(ground, looking, ledger)
        self.move_limits = move_limits
        self.health = health
        self.ground = ground
        self._handlers: dict[type, Callable[..., Awaitable[Answer]]] = {
            asked.Show: self._show,
            asked.Search: self._search,
            asked.Delta: self._delta,
            asked.SetTo: self._set_to,
            asked.Low: self._low,
            asked.Undo: self._undo,
            asked.Why: self._why,
            asked.Threshold: self._threshold,
            asked.SetRole: self._set_role,
            asked.Roles: self._roles,
            asked.Health: self._health,
            asked.Help: self._plain,
            asked.BadInput: self._plain,
        }

    async def handle(self, caller: Caller, request: asked.StockRequest, key: str) -> Answer:
        """Answer one `/stock`. The same `key` again gives the first effect's answer."""
        return await self._handlers[type(request)](caller, request, key)

    async def card(self, caller: Caller, product_id: int) -> Card | Refused | Expired:
        """The card, for a button."""
        return await self.looking.card(caller, product_id)

    async def _show(self, caller: Caller, request: asked.Show, key: str) -> Answer:
        del key
        words = request.words or request.sku
        return await self.looking.show(caller, request.sku, words, request.location)

    async def _search(self, caller: Caller, request: asked.Search, key: str) -> Answer:
        del key
        return await self.looking.show(caller, "", request.words, was_write=request.was_write)

    async def _low(self, caller: Caller, request: asked.Low, key: str) -> Answer:
        del key
        return await self.looking.low(caller, request.location)

    async def _why(self, caller: Caller, request: asked.Why, key: str) -> Answer:
        del key
        return await self.looking.why(caller, request.sku)

    async def _set_role(self, caller: Caller, request: asked.SetRole, key: str) -> Answer:
        del key
        return await self.members.set_role(caller, request.person, request.role)

    async def _roles(self, caller: Caller, request: asked.Roles, key: str) -> Answer:
        del request, key
        return await self.members.roles(caller)

    async def _health(self, caller: Caller, request: asked.Health, key: str) -> Answer:
        del request, key
        return await self.health(caller)

    async def _plain(
        self, caller: Caller, request: asked.Help | asked.BadInput, key: str
    ) -> Answer:
        """Help, and what was not understood: for staff only."""
        del key
        async with self.ground.read() as tx:
            member = await self.members.allowed(tx, caller, Role.VIEWER)
        return member if isinstance(member, Refused) else request

    async def _delta(self, caller: Caller, request: asked.Delta, key: str) -> Answer:
        return await self._write_to(caller, request, request.quantity, None, key)

    async def _set_to(self, caller: Caller, request: asked.SetTo, key: str) -> Answer:
        return await self._write_to(caller, request, 0, request.quantity, key)

    async def _write_to(
        self, caller: Caller, request: asked.Delta | asked.SetTo, quantity: int,
        target: int | None, key: str,
    ) -> Answer:  # fmt: skip
        async with self.ground.write() as tx:
            member = await self.members.allowed(tx, caller, Role.CLERK)
            if isinstance(member, Refused):
                return member
            meant = await self._meant(tx, request.sku, request.location)
            if not isinstance(meant, tuple):
                return meant
            product, place = meant
            write = Write(product, place, quantity, target, request.reason, key, caller.address.way)
            return await self.write(tx, member, write)

    async def _meant(
        self, tx: Tx, sku: str, location: str
    ) -> tuple[Product, int] | StaffNotFound | WhichLocation:
        """The SKU, locked, and the id of the location that a write means."""
        found = await self.looking.find(tx, sku)
        product = await products.lock(tx, found.id) if found else None
        if product is None:
            return await self.looking.search(tx, sku, can_write=True, was_write=True)
        place = await self._place(tx, product, location)
        return place if isinstance(place, WhichLocation) else (product, place)

    async def _place(self, tx: Tx, product: Product, named: str) -> int | WhichLocation:
        """The location a write means: the named one, else the only one, else `main`."""
        places = (await positions.for_products(tx, [product.id]))[product.id]
        if named:
            known = {p.code.casefold(): p.id for p in await positions.locations(tx)}
            found = known.get(named.casefold())
            return WhichLocation(product, places, named) if found is None else found
        if len(places) > 1:
            return WhichLocation(product, places)
        if places:
            return places[0].location.id
        return (await positions.ensure_location(tx, MAIN)).id

    async def write(
        self, tx: Tx, member: Contact, write: Write
    ) -> Moved | Unchanged | BelowZero | NeedsConfirmation | ChangedMeanwhile:
        """Apply a write under the SKU's lock, or say why not; nothing is half done."""
        if (earlier := await moves.by_key(tx, write.key)) is not None:
            return await self._repeated(tx, write.product, earlier)
        position = await self.ledger.take(
            tx, write.product.id, write.location_id, self.ground.now()
        )
        stale = write.shown is not None and write.shown != position.on_hand
        if stale and (write.target is not None or write.confirmed):
            return ChangedMeanwhile(write.product, position, write.shown or 0)
        quantity = write.quantity if write.target is None else write.target - position.on_hand
        if quantity == 0:
            return Unchanged(write.product, position)
        if self.ledger.falls_below_zero(position, quantity):
            return BelowZero(write.product, position, quantity)
        limit = self.move_limits.get(member.role or Role.VIEWER)
        if limit is not None and abs(quantity) > limit and not write.confirmed:
            token = Preview(
                write.product.id, write.location_id, quantity, position.on_hand, write.key,
                write.reason,
            ).token()  # fmt: skip
            return NeedsConfirmation(write.product, position, quantity, limit, token)
        return await self._apply(tx, member, write, position, quantity)

    async def _apply(
        self, tx: Tx, member: Contact, write: Write, position: Position, quantity: int
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
        except BelowZeroError:
            return BelowZero(write.product, position, quantity)
        return self._moved(write.product, applied, member)

    def _moved(self, product: Product, applied: Applied, member: Contact) -> Moved:
        return Moved(
            product=product,
            position=applied.position,
            move=applied.move,
            told=applied.line.to_tell if applied.move.quantity > 0 else 0,
            actor=f"{member.address.way}:{member.address.value}",
        )

    async def _repeated(self, tx: Tx, product: Product, move: Move) -> Moved:
        position = await self.ledger.position(tx, product.id, move.location_id)
        (named,) = await self.looking.named(tx, [move])
        return Moved(product, position, named, told=0, repeated=True, actor=named.actor)

    async def validate_adjust(self, caller: Caller, form: AdjustForm) -> dict[str, str]:
        """What is wrong with the Adjust modal, by block: reads only, nothing is stored."""
        async with self.ground.read() as tx:
            member = await self.members.allowed(tx, caller, Role.CLERK)
            if isinstance(member, Refused):
                return {"quantity": "refused"}
            product = await products.get(tx, form.product_id)
            if product is None:
                return {"quantity": "gone"}
            places = (await positions.for_products(tx, [product.id]))[product.id]
        here = next((p.on_hand for p in places if p.location.id == form.location_id), 0)
        return wrong(form, here, allow_negative=self.ledger.allow_negative)

    async def adjust(
        self, caller: Caller, form: AdjustForm, key: str
    ) -> Moved | Unchanged | BelowZero | NeedsConfirmation | ChangedMeanwhile | Refused | Expired:
        """The submitted Adjust modal. It was validated; what changed since is answered."""
        number = whole_number(form.quantity)
        async with self.ground.write() as tx:
            member = await self.members.allowed(tx, caller, Role.CLERK)
            if isinstance(member, Refused):
                return member
            product = await products.lock(tx, form.product_id)
            if product is None or number is None or form.mode not in MODES:
                return Expired()
            sets = form.mode == "set"
            write = Write(
                product=product,
                location_id=form.location_id,
                quantity=-number if form.mode == "remove" else number,
                target=number if sets else None,
                reason=form.reason,
                key=key,
                source=caller.address.way,
                shown=form.shown if sets else None,
            )
            return await self.write(tx, member, write)

    async def confirm(
        self, caller: Caller, token: str, key: str
    ) -> Moved | Unchanged | BelowZero | NeedsConfirmation | ChangedMeanwhile | Refused | Expired:
        """The Confirm button of a preview: the preview's own key makes two presses one move."""
        del key
        preview = Preview.from_token(token)
        async with self.ground.write() as tx:
            member = await self.members.allowed(tx, caller, Role.CLERK)
            if isinstance(member, Refused):
                return member
            product = await products.lock(tx, preview.product_id) if preview else None
            if preview is None or product is None:
                return Expired()
            write = Write(
                product=product,
                location_id=preview.location_id,
                quantity=preview.quantity,
                target=None,
                reason=preview.reason,
                key=preview.key,
                source=caller.address.way,
                shown=preview.shown,
                confirmed=True,
            )
            return await self.write(tx, member, write)

    async def _undo(self, caller: Caller, request: asked.Undo, key: str) -> Answer:
        return await self.undo_move(caller, request.move_id, key)

    async def undo_move(
        self, caller: Caller, move_id: int | None, key: str
    ) -> Undone | NothingToUndo | Refused:
        """Post the counter-move. None: the caller's last move."""
        return await self.undoing.undo(caller, move_id, key)

    async def _threshold(self, caller: Caller, request: asked.Threshold, key: str) -> Answer:
        """`/stock threshold SKU 10 [clear 14]`, managers and up; judged anew at once."""
        del key
        if request.clear is not None and request.clear <= request.point:
            return BadThreshold(request.point, request.clear)
        now = self.ground.now()
        async with self.ground.write() as tx:
            member = await self.members.allowed(tx, caller, Role.MANAGER)
            if isinstance(member, Refused):
                return member
            meant = await self._meant(tx, request.sku, request.location)
            if not isinstance(meant, tuple):
                return meant
            product, place = meant
            await moves.ensure_position(tx, product.id, place, now)
            point = request.point or None
            await moves.set_rule(tx, product.id, place, point, request.clear, now)
            await alerts.mark_dirty(tx, product.id, now)
            detail = {"location": place, "point": point, "clear": request.clear}
            await audit.write(tx, member.id, "threshold", f"product:{product.id}", detail, now)
            position = await self.ledger.position(tx, product.id, place)
        return ThresholdSet(product, position, effective_clear_level(position))
