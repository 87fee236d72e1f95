"""Reading positions and locations."""

from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy import ColumnElement, ScalarSelect, bindparam, func, select

from bot.domain.places import Places
from bot.domain.stock import Location, Position
from storage.dialect import insert_ignore
from storage.tables import location, position
from storage.tx import Tx
from storage.types import AnyRow

_FIELDS = (
    "product_id",
    "on_hand",
    "reserved",
    "unsellable",
    "incoming",
    "incoming_due",
    "reorder_point",
    "clear_level",
    "version",
)
_PLACE_FIELDS = ("id", "code", "name", "sellable")
# Labelled, so that a row that joins a position with something else has no two equal names.
COLUMNS = (
    *(position.c[name].label(f"q_{name}") for name in _FIELDS),
    *(location.c[name].label(f"l_{name}") for name in _PLACE_FIELDS),
)
JOIN = position.join(location, position.c.location_id == location.c.id)
AVAILABLE = position.c.on_hand - position.c.reserved - position.c.unsellable  # Position.available


OF_PRODUCTS = (
    select(*COLUMNS)
    .select_from(JOIN)
    .where(position.c.product_id.in_(bindparam("wanted", expanding=True)))
)


def of(row: AnyRow) -> Position:
    """The position in a row that was selected with COLUMNS from something that holds JOIN."""
    cells = {name: row._mapping[f"q_{name}"] for name in _FIELDS}
    place = Location(**{name: row._mapping[f"l_{name}"] for name in _PLACE_FIELDS})
    return Position(location=place, **cells)


async def for_products(tx: Tx, product_ids: Iterable[int]) -> dict[int, tuple[Position, ...]]:
    """The positions of each product, in order of location code; a product without any has ()."""
    wanted = list(product_ids)
    found: defaultdict[int, list[Position]] = defaultdict(list)
    for row in await tx.execute(OF_PRODUCTS, {"wanted": wanted}):
        found[row._mapping["q_product_id"]].append(of(row))
    return {key: tuple(sorted(found[key], key=_code)) for key in wanted}


def _code(item: Position) -> str:
    # Sorted here and not in SQL: the two engines collate text differently.
    return item.location.code


def to_customers(product_id: ColumnElement[int]) -> ScalarSelect[int]:
    """domain.stock.available_to_customers, in SQL."""
    return (
        select(func.coalesce(func.sum(AVAILABLE), 0))
        .select_from(JOIN)
        .where(position.c.product_id == product_id, location.c.sellable)
        .scalar_subquery()
    )


async def locations(tx: Tx) -> tuple[Location, ...]:
    """All locations, in order of code."""
    query = select(*(location.c[name] for name in _PLACE_FIELDS))
    found = [Location(**row._mapping) for row in await tx.execute(query)]
    return tuple(sorted(found, key=lambda place: place.code))


async def find_location(tx: Tx, named: str) -> Location | None:
    """The one that is meant, by code or name."""
    return Places(await locations(tx)).find(named)


async def ensure_location(tx: Tx, code: str) -> Location:
    """The location that is called so; a new one is sellable and called by this code."""
    if (found := await find_location(tx, code)) is not None:
        return found
    new = {"code": code, "name": code, "sellable": True}
    # Two imports may name a new place at the same moment.
    await tx.execute(insert_ignore(tx, location), new)
    query = select(*(location.c[name] for name in _PLACE_FIELDS)).where(location.c.code == code)
    return Location(**(await tx.execute(query)).one()._mapping)
