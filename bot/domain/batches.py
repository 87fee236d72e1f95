"""A bulk change on its way: staged beside the stock, applied piece by piece, applied."""

from dataclasses import dataclass
from enum import StrEnum

from bot.domain.sources import Source


class BatchState(StrEnum):
    STAGED = "staged"  # its rows lie beside the stock, nothing has changed
    APPLYING = "applying"  # begun; there is no way back, only on
    APPLIED = "applied"


@dataclass(frozen=True, slots=True)
class Summary:
    """What a batch holds, and what applying it did so far: SKUs, but `moves` are ledger entries.

    `locations` are those it puts numbers to, in the order of the file. `unchanged` is known when
    all of it is applied.
    """

    rows: int = 0
    skus: int = 0
    locations: tuple[str, ...] = ()
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    moves: int = 0


@dataclass(frozen=True, slots=True)
class Batch:
    """One bulk change. `cursor` is the last SKU key that was applied, "" before the first."""

    id: int
    source: Source
    actor_id: int | None
    state: BatchState
    cursor: str
    summary: Summary


@dataclass(frozen=True, slots=True)
class Piece:
    """The staged lines of the SKU keys after `after` up to `upto`; "" has no end there."""

    batch_id: int
    after: str
    upto: str
