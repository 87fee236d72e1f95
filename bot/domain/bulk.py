"""A bulk change: the rows of a stock file, what is wrong with them, what they would change."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from bot.domain.places import MAIN

OPENING_BALANCE = "opening balance"  # the reason of an adjustment that starts a position's ledger

# What is told once per SKU, in the order of the file's columns; the rest is per location.
PRODUCT_FIELDS = (
    "name",
    "lead_time_days",
    "price",
    "currency",
    "url",
    "image_url",
    "category",
    "product",
    "brand",
    "supplier",
    "active",
)
POSITION_FIELDS = ("quantity", "reorder_point", "clear_level")
COLUMNS = (
    "sku",
    "name",
    "quantity",
    "location",
    "reorder_point",
    "clear_level",
    "lead_time_days",
    "price",
    "currency",
    "url",
    "image_url",
    "category",
    "product",
    "brand",
    "supplier",
    "active",
)


Cell = int | str | bool | None


@dataclass(frozen=True, slots=True)
class StockRow:
    """One line of a stock file. None (and a missing attribute) leaves the stored value."""

    line: int
    sku: str
    sku_key: str
    location: str = MAIN
    quantity: int | None = None
    reorder_point: int | None = None
    clear_level: int | None = None
    lead_time_days: int | None = None
    name: str | None = None
    product: str | None = None
    category: str | None = None
    brand: str | None = None
    supplier: str | None = None
    price: int | None = None  # integer minor units
    currency: str | None = None
    url: str | None = None
    image_url: str | None = None
    active: bool | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)

    def cell(self, name: str) -> Cell:
        """The value of this field of POSITION_FIELDS or PRODUCT_FIELDS."""
        value: Cell = getattr(self, name)
        return value


@dataclass(frozen=True, slots=True)
class Compared:
    """A staged line beside what is stored of it; it `leads` when it is the first one of its SKU."""

    told: StockRow
    leads: bool
    stored: StockRow


class Bad(StrEnum):
    """Why a line is refused. `detail` of the BadCell is named behind it."""

    # the file
    EMPTY = "empty"
    ENCODING = "encoding"  # what it looks like, if anything
    DELIMITER = "delimiter"
    NO_SKU_COLUMN = "no_sku_column"
    COLUMN_TWICE = "column_twice"
    COLUMN_UNNAMED = "column_unnamed"
    COLUMN_NAME = "column_name"  # too long, or control characters
    # a line
    QUOTES = "quotes"
    TOO_MANY_CELLS = "too_many_cells"  # how many columns there are
    NO_SKU = "no_sku"
    DUPLICATE = "duplicate"  # the first line of the same SKU at the same location
    CONFLICT = "conflict"  # the line that says something else of the same SKU
    # a cell
    NOT_WHOLE = "not_whole"
    NEGATIVE = "negative"
    TOO_LARGE = "too_large"  # the largest allowed
    TOO_LONG = "too_long"  # the most characters
    CONTROL = "control"
    CLEAR_LEVEL = "clear_level"  # the reorder point it must be above
    PRICE = "price"  # how many decimals the currency has
    CURRENCY = "currency"
    PRICE_NEEDS_CURRENCY = "price_needs_currency"  # the currency the product has
    CURRENCY_NEEDS_PRICE = "currency_needs_price"  # the currency the product has
    URL = "url"
    ACTIVE = "active"


@dataclass(frozen=True, slots=True)
class BadCell:
    """`line` is the line of the file on which the row begins; `column` "" means the whole line."""

    line: int
    column: str
    value: str
    reason: Bad
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Staged:
    """All rows are stored beside the stock, nothing has changed yet."""

    batch_id: int
    rows: int
    applied: bool = False  # an earlier delivery of this very batch was applied already


@dataclass(frozen=True, slots=True)
class BadFile:
    """Nothing was stored: all or nothing. Every bad cell, in order of line."""

    problems: tuple[BadCell, ...]


@dataclass(frozen=True, slots=True)
class NewSku:
    line: int
    sku: str
    name: str


@dataclass(frozen=True, slots=True)
class Change:
    """One value that would change. `location` "" for what is told once per SKU."""

    line: int
    sku: str
    location: str
    field: str
    old: str
    new: str


class Doubt(StrEnum):
    """Why a change looks like a mistake."""

    ZEROED = "zeroed"  # much of what was in stock falls to zero
    JUMPED = "jumped"  # a quantity grows more than tenfold
    PRICES = "prices"  # a price changes by more than half
    DEACTIVATED = "deactivated"  # much of what was sold is no longer


@dataclass(frozen=True, slots=True)
class Facts:
    """What the guard judges: counts over what is known already, new SKUs left out."""

    in_stock: int = 0  # positions of the file that hold something now and get a quantity
    zeroed: int = 0
    jumped: int = 0
    repriced: int = 0
    sold: int = 0  # SKUs of the file that are sold now
    deactivated: int = 0


@dataclass(frozen=True, slots=True)
class Suspicion:
    doubt: Doubt
    count: int
    of: int = 0  # 0: every single one is suspicious
    examples: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class BulkPreview:
    """What applying would do now. SKUs are counted, `moves` are ledger entries.

    `new_skus` and `changes` are the first of them in order of line.
    """

    batch_id: int
    rows: int
    new: int
    changed: int
    unchanged: int
    moves: int
    new_locations: tuple[str, ...] = ()
    new_skus: tuple[NewSku, ...] = ()
    changes: tuple[Change, ...] = ()
    suspicions: tuple[Suspicion, ...] = ()
    applied: bool = False  # it was applied already: the counts are what it did


@dataclass(frozen=True, slots=True)
class BulkResult:
    batch_id: int
    new: int
    changed: int
    unchanged: int
    moves: int
    repeated: bool = False  # it had been applied before; nothing was done now


FEW = 5  # so many at once are suspicious only from here on
SHARE = 5  # and from one in five of those known
TENFOLD, AT_LEAST = 10, 100  # a jump: more than tenfold, and to no small number


def suspicions(facts: Facts) -> tuple[tuple[Doubt, int, int], ...]:
    """Which doubts a bulk change raises, each with its count and of how many."""
    found = []
    if _many(facts.zeroed, facts.in_stock):
        found.append((Doubt.ZEROED, facts.zeroed, facts.in_stock))
    if facts.jumped:
        found.append((Doubt.JUMPED, facts.jumped, 0))
    if facts.repriced:
        found.append((Doubt.PRICES, facts.repriced, 0))
    if _many(facts.deactivated, facts.sold):
        found.append((Doubt.DEACTIVATED, facts.deactivated, facts.sold))
    return tuple(found)


def _many(count: int, of: int) -> bool:
    return count >= FEW and count * SHARE >= of
