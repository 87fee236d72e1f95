"""Reading products. `COLUMNS` and `of` let other query modules join a product to what they read."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Select, bindparam, select

from bot.domain.stock import Product
from storage.tables import product
from storage.tx import Tx
from storage.types import AnyRow

_FIELDS = (
    "id",
    "sku",
    "short_id",
    "name",
    "product",
    "category",
    "brand",
    "supplier",
    "attributes",
    "price",
    "currency",
    "url",
    "image_url",
    "lead_time_days",
    "active",
)
# Labelled, so that a row that joins a product with something else has no two equal names.
COLUMNS = tuple(product.c[name].label(f"p_{name}") for name in _FIELDS)


def of(row: AnyRow) -> Product:
    """The product in a row that was selected with COLUMNS."""
    cells = {name: row._mapping[f"p_{name}"] for name in _FIELDS}
    cells["attributes"] = tuple(sorted((cells["attributes"] or {}).items()))
    return Product(**cells)


def _one(*conditions: Any) -> Select[Any]:
    return select(*COLUMNS).where(*conditions)


WANTED: Any = bindparam("wanted")
BY_ID = _one(product.c.id == WANTED)
BY_KEY = _one(product.c.sku_key == WANTED)
BY_SHORT_ID = _one(product.c.short_id == WANTED)
BY_IDS = _one(product.c.id.in_(bindparam("wanted", expanding=True)))
LOCK = BY_ID.with_for_update()
LOCK_ALL = BY_IDS.order_by(product.c.id).with_for_update()


async def _first(tx: Tx, query: Select[Any], wanted: int | str) -> Product | None:
    row = (await tx.execute(query, {"wanted": wanted})).first()
    return None if row is None else of(row)


async def get(tx: Tx, product_id: int) -> Product | None:
    return await _first(tx, BY_ID, product_id)


async def by_key(tx: Tx, sku_key: str) -> Product | None:
    """The product with this normalised code (domain.codes.sku_key)."""
    return await _first(tx, BY_KEY, sku_key)


async def by_short_id(tx: Tx, short_id: str) -> Product | None:
    """The product that a deep link names (domain.codes.short_id)."""
    return await _first(tx, BY_SHORT_ID, short_id)


async def by_ids(tx: Tx, ids: Iterable[int]) -> dict[int, Product]:
    """Products by id, in the order of `ids`; ids that do not exist are left out."""
    wanted = list(dict.fromkeys(ids))
    rows = await tx.execute(BY_IDS, {"wanted": wanted})
    found = {item.id: item for item in map(of, rows)}
    return {key: found[key] for key in wanted if key in found}


async def lock(tx: Tx, product_id: int) -> Product | None:
    """The product, with its row locked until the transaction ends: what decides on it waits here.

    SQLite drops FOR UPDATE; there the writing transaction itself is the lock.
    """
    return await _first(tx, LOCK, product_id)


async def lock_all(tx: Tx, ids: Iterable[int]) -> dict[int, Product]:
    """The products by id, all their rows locked, in order of id so that two lockers never cross."""
    rows = await tx.execute(LOCK_ALL, {"wanted": sorted(set(ids))})
    return {item.id: item for item in map(of, rows)}


async def page(
    tx: Tx, after_id: int, limit: int, *, active_only: bool = False
) -> Sequence[Product]:
    """The next `limit` products by id after `after_id`, to walk through all of them in pieces."""
    query = _one(product.c.id > after_id).order_by(product.c.id).limit(limit)
    if active_only:
        query = query.where(product.c.active)
    return [of(row) for row in await tx.execute(query)]
