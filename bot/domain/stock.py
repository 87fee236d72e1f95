"""The ledger's arithmetic: moves, positions and what they add up to."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.sources import Source


class MoveKind(StrEnum):
    RECEIPT = "receipt"  # goods came in: +
    SALE = "sale"  # -
    RETURN = "return"  # a customer brought it back: +
    ADJUSTMENT = "adjustment"  # +/-
    COUNT = "count"  # the difference that a count found
    TRANSFER_OUT = "transfer_out"  # -
    TRANSFER_IN = "transfer_in"  # +
    WRITE_OFF = "write_off"  # damaged, lost: -


# The kinds that may only add or only subtract; the others go either way.
SIGN = {
    MoveKind.RECEIPT: 1,
    MoveKind.RETURN: 1,
    MoveKind.TRANSFER_IN: 1,
    MoveKind.SALE: -1,
    MoveKind.TRANSFER_OUT: -1,
    MoveKind.WRITE_OFF: -1,
}


@dataclass(frozen=True, slots=True)
class Product:
    """A sellable variant. `price` is in integer minor units of `currency`."""

    id: int
    sku: str
    short_id: str
    name: str
    product: str = ""
    category: str = ""
    brand: str = ""
    supplier: str = ""
    attributes: tuple[tuple[str, str], ...] = ()
    price: int | None = None
    currency: str = ""
    url: str = ""
    image_url: str = ""
    lead_time_days: int | None = None
    active: bool = True


@dataclass(frozen=True, slots=True)
class Location:
    id: int
    code: str
    name: str
    sellable: bool


@dataclass(frozen=True, slots=True)
class Position:
    """One SKU at one location. All quantities are whole units."""

    product_id: int
    location: Location
    on_hand: int
    reserved: int = 0
    unsellable: int = 0
    incoming: int = 0
    incoming_due: datetime | None = None
    reorder_point: int | None = None
    clear_level: int | None = None
    version: int = 0

    @property
    def available(self) -> int:
        return self.on_hand - self.reserved - self.unsellable

    def projected(self, lead_time_days: int | None, now: datetime) -> int:
        """available + what is due within the lead time; what rules judge."""
        return self.available + self.incoming_in_time(lead_time_days, now)

    def incoming_in_time(self, lead_time_days: int | None, now: datetime) -> int:
        if self.incoming_due is None or lead_time_days is None:
            return 0
        return self.incoming if self.incoming_due <= now + timedelta(days=lead_time_days) else 0


def available_to_customers(positions: "tuple[Position, ...]") -> int:
    """Units over the sellable locations: what a customer can buy."""
    return sum(p.available for p in positions if p.location.sellable)


def in_stock(available: int, out_level: int) -> bool:
    """What customers see; `available` is that of available_to_customers."""
    return available > out_level


class NotBooked(StrEnum):
    """Why a move that a source reports is not in the ledger."""

    NO_SUCH_SKU = "no_such_sku"
    NO_SUCH_LOCATION = "no_such_location"  # or it named none of several
    BELOW_ZERO = "below_zero"


@dataclass(frozen=True, slots=True)
class Move:
    """One ledger entry as people read it. `actor` is a name for display, never stored here.

    `undo_of`: the move that this one takes back; `undone`: another one takes this one back.
    """

    id: int
    product_id: int
    location_id: int
    kind: MoveKind
    quantity: int
    before: int
    after: int
    reason: str
    source: Source
    created_at: datetime
    location: str
    actor_id: int | None = None
    actor: str = ""
    undo_of: int | None = None
    undone: bool = False
