"""When a restock opens, goes on and closes, and how many are told at a time. Pure."""

from enum import StrEnum

LARGEST_CHUNK = 100


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


def chunk_size(available: int) -> int:
    """How many of the line are told in the next step: one for each unit left, at most 100.

    The next step comes when these have been told, after reading availability again.
    """
    return max(1, min(LARGEST_CHUNK, available))
