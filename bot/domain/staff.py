"""What services answer to staff; handlers pass it on, render/ finds the words."""

from dataclasses import dataclass
from datetime import datetime

from bot.domain.alerts import AlertView
from bot.domain.contacts import Caller, Role
from bot.domain.rules.kind import Explained
from bot.domain.rules.quantity import NO_TERMS, Quantities, Terms
from bot.domain.sources import Source
from bot.domain.stock import Move, Position, Product


@dataclass(frozen=True, slots=True)
class Acting:
    """Somebody who asks for something of staff: through which source, under which effect key.

    `needed` is the role that it takes, as the row of what is asked for says (handlers.verbs).
    """

    caller: Caller
    source: Source
    key: str
    needed: Role = Role.ADMIN  # what has no row is the admins'


@dataclass(frozen=True, slots=True)
class HelpLine:
    """What can be typed after the command, and the message that says what it does."""

    typed: str
    msgid: str


@dataclass(frozen=True, slots=True)
class HelpText:
    lines: tuple[HelpLine, ...]


@dataclass(frozen=True, slots=True)
class AdjustForm:
    """The Adjust modal as it was submitted; `quantity` is text, `mode` is add, remove or set.

    `shown` is the on hand that the modal showed for the location, for compare-and-swap with `set`.
    """

    product_id: int
    location_id: int
    mode: str
    quantity: str
    reason: str
    shown: int


@dataclass(frozen=True, slots=True)
class FormChecked:
    """The Adjust modal before it is stored: {} or what is wrong, by block, as adjust_form's codes.

    `card`: what there is now, when it is another than the form shows.
    """

    wrong: dict[str, str]
    card: "Card | None" = None


@dataclass(frozen=True, slots=True)
class Card:
    """/stock SKU. `positions` in order of location code; `moves` newest first, at most five."""

    product: Product
    positions: tuple[Position, ...]
    waiting: int
    moves: tuple[Move, ...]
    can_write: bool  # the viewer who asked may adjust
    alerts: tuple[AlertView, ...] = ()  # of low stock
    terms: Terms = NO_TERMS  # the shop-wide ones, where a position has none
    shared: bool = False  # with everybody in the channel, by who sees it


@dataclass(frozen=True, slots=True)
class Moved:
    """A write was applied. `repeated`: by an earlier delivery of this very input, not now."""

    product: Product
    position: Position  # as it is after
    move: Move
    told: int  # waiting customers whom this restock reaches (0: no restock)
    repeated: bool = False
    actor: str = ""


@dataclass(frozen=True, slots=True)
class Unchanged:
    """`=40` and it was 40 already."""

    product: Product
    position: Position


@dataclass(frozen=True, slots=True)
class BelowZero:
    """Refused: the move would make on hand negative."""

    product: Product
    position: Position
    quantity: int  # signed, as asked


@dataclass(frozen=True, slots=True)
class NeedsConfirmation:
    """Above the member's limit: nothing written; a Confirm button carries the same write.

    `token` names the stored preview; confirming is compare-and-swap against `position.version`.
    """

    product: Product
    position: Position
    quantity: int  # signed
    limit: int
    token: str


@dataclass(frozen=True, slots=True)
class ChangedMeanwhile:
    """`=` or a confirmation met another value than the one shown; nothing was written."""

    product: Product
    position: Position
    shown: int


@dataclass(frozen=True, slots=True)
class Refused:
    """The member's role does not allow it. `role` None: not staff at all."""

    role: Role | None
    needed: Role


class NotAllowed(Exception):
    """Raised where the transaction begins, so nothing is written."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(f"needs {refused.needed.word}")
        self.refused = refused


@dataclass(frozen=True, slots=True)
class WhichLocation:
    """The SKU lies in several places and the write named none, or named one that does not exist."""

    product: Product
    positions: tuple[Position, ...]
    named: str = ""


@dataclass(frozen=True, slots=True)
class StaffNotFound:
    """Words that are no SKU code: a search, never a write."""

    query: str
    found: "tuple[Card, ...]" = ()
    was_write: bool = False  # the words looked like a write; it was not done


@dataclass(frozen=True, slots=True)
class LowRow:
    product: Product
    position: Position
    numbers: Quantities
    alert: AlertView | None


@dataclass(frozen=True, slots=True)
class LowList:
    """/stock low: everything at or under its point, worst first; `total` may exceed the rows.

    `unknown`: the location that was named and does not exist; `places` are those that do.
    """

    rows: tuple[LowRow, ...]
    total: int
    unknown: str = ""
    places: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Undone:
    """/stock undo or the Undo button: the counter-move was posted."""

    product: Product
    position: Position
    move: Move  # the counter-move
    undone: Move
    restock_closed: bool
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class NothingToUndo:
    """`reason`: none (no move of yours), too_old, undone (already), not_yours, below_zero."""

    reason: str


@dataclass(frozen=True, slots=True)
class ThresholdSet:
    product: Product
    position: Position
    clear_level: int | None  # the effective one; None when the rule was switched off (point 0)


@dataclass(frozen=True, slots=True)
class BadThreshold:
    """clear must be above the point."""

    point: int
    clear: int


@dataclass(frozen=True, slots=True)
class RoleSet:
    person: str  # platform address value, for a mention
    role: Role | None  # None: no longer staff
    before: Role | None


@dataclass(frozen=True, slots=True)
class RoleList:
    members: tuple[tuple[str, Role], ...]  # (address "slack:U1", role)


@dataclass(frozen=True, slots=True)
class LastAdmin:
    """Refused: ADMINS of the settings file, or the last admin, cannot lose the role in chat."""

    person: str


@dataclass(frozen=True, slots=True)
class RestockFact:
    opened_at: datetime
    closed_at: datetime | None
    told: int
    queued: int
    dropped: int
    failed: int


@dataclass(frozen=True, slots=True)
class StaffWhy:
    """/stock why SKU: shows the arithmetic of rules and of the line.

    `rules`: how each rule sees the SKU, at each location that it tells apart.
    """

    product: Product
    rules: tuple[Explained, ...]
    sellable_available: int
    out_level: int
    in_stock: bool
    waiting: int
    paused: int
    told: int
    restock: RestockFact | None  # the newest one
    ledger_sum_matches: bool


@dataclass(frozen=True, slots=True)
class Acknowledged:
    alert: AlertView
    done: bool  # False: somebody had done it before (alert.acknowledged_by says who) or it is over
