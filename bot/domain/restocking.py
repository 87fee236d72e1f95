"""When a restock opens, goes on and closes, and how many are told at a time. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

LARGEST_CHUNK = 500


class RestockReason(StrEnum):
    """What a change of stock means for the line of one SKU."""

    OPENS = "opens"  # it can be bought and somebody waits for it
    GOES_ON = "goes_on"  # open already; more may be told
    CLOSES = "closes"  # open, and now it is gone
    NOBODY_WAITS = "nobody_waits"  # in stock, but there is nobody to tell
    OUT_OF_STOCK = "out_of_stock"  # and no restock is open
    NOT_SOLD = "not_sold"  # the SKU is inactive


class CloseReason(StrEnum):
    SOLD_OUT = "sold_out"
    UNDONE = "undone"  # staff undid the arrival
    NOT_SOLD = "not_sold"


@dataclass(frozen=True, slots=True)
class Restock:
    """One arrival. `closed_at`, with its reason, and `corrected_at` are None until then.

    `cursor`: the last place in line that was told; once it is closed, the last one whose message
    has its last edit.
    """

    id: int
    product_id: int
    move_id: int | None
    cursor: int
    opened_at: datetime
    closed_at: datetime | None = None
    close_reason: CloseReason | None = None
    corrected_at: datetime | None = None


def judge(*, in_stock: bool, active: bool, is_open: bool, somebody_waits: bool) -> RestockReason:
    """Decide from the ledger's state after a move; edges live in the subscriptions (`armed`)."""
    if is_open and not (in_stock and active):
        return RestockReason.CLOSES
    if not active:
        return RestockReason.NOT_SOLD
    if not in_stock:
        return RestockReason.OUT_OF_STOCK
    if is_open:
        return RestockReason.GOES_ON
    return RestockReason.OPENS if somebody_waits else RestockReason.NOBODY_WAITS


def chunk_size(available: int, outstanding: int = 0) -> int:
    """How many more of the line are written now, when `outstanding` are written and not yet told.

    At most one for each unit left are under way at a time. Few units: the next step comes when the
    last one has been told, after reading availability again. Many: it comes early enough that the
    telling never pauses.

    >>> chunk_size(3), chunk_size(3, outstanding=1), chunk_size(10_000, outstanding=200)
    (3, 0, 300)
    """
    room = min(LARGEST_CHUNK, max(1, available)) - outstanding
    return room if outstanding == 0 or room >= LARGEST_CHUNK // 2 else 0
