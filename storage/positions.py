"""Reading positions and locations."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.stock import Location, Position
from storage.tables import location, position

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


def of(row: Row[Any]) -> Position:
    """The position in a row that was selected with COLUMNS from something that holds JOIN."""
    cells = {name: row._mapping[f"q_{name}"] for name in _FIELDS}
    place = Location(**{name: row._mapping[f"l_{name}"] for name in _PLACE_FIELDS})
    return Position(location=place, **cells)


async def for_products(
    tx: AsyncConnection, product_ids: Iterable[int]
) -> dict[int, tuple[Position, ...]]:
    """The positions of each product, in order of location code; a product without any has ()."""
    wanted = list(product_ids)
    query = (
        select(*COLUMNS)
        .select_from(JOIN)
        .where(position.c.product_id.in_(wanted))
        .order_by(location.c.code)
    )
    found: defaultdict[int, list[Position]] = defaultdict(list)
    for row in await tx.execute(query):
        found[row._mapping["q_product_id"]].append(of(row))
    return {key: tuple(found[key]) for key in wanted}


async def locations(tx: AsyncConnection) -> tuple[Location, ...]:
    """All locations, in order of code."""
    query = select(*(location.c[name] for name in _PLACE_FIELDS)).order_by(location.c.code)
    return tuple(Location(**row._mapping) for row in await tx.execute(query))


async def ensure_location(tx: AsyncConnection, code: str) -> Location:
    """The location with this code; a new one is sellable and called by its code."""
    # The two dialects spell ON CONFLICT alike, but SQLAlchemy has no common name for it.
    insert = sqlite_insert if tx.dialect.name == "sqlite" else postgresql_insert
    await tx.execute(
        insert(location)
        .values(code=code, name=code, sellable=True)
        .on_conflict_do_nothing(index_elements=["code"])
    )
    query = select(*(location.c[name] for name in _PLACE_FIELDS)).where(location.c.code == code)
    return Location(**(await tx.execute(query)).one()._mapping)
