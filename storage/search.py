"""The gram index: which products hold which grams, and how many products hold a gram."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, case, delete, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.stock import Product
from storage import products
from storage.dialect import insert_for
from storage.tables import gram, gram_count, product


async def unindexed(tx: AsyncConnection, limit: int) -> list[Product]:
    """Products whose grams are to be rebuilt, locked until the transaction ends."""
    query = (
        select(*products.COLUMNS)
        .where(product.c.indexed_at.is_(None))
        .order_by(product.c.id)
        .limit(limit)
        .with_for_update()
    )
    return [products.of(row) for row in await tx.execute(query)]


async def index(tx: AsyncConnection, wanted: Mapping[int, set[str]], now: datetime) -> None:
    """Bring the grams of these products to what they should be, and the counts with them."""
    known: dict[int, set[str]] = {product_id: set() for product_id in wanted}
    rows = await tx.execute(
        select(gram.c.product_id, gram.c.gram).where(gram.c.product_id.in_(list(wanted)))
    )
    for product_id, found in rows:
        known[product_id].add(found)
    new = sorted((g, i) for i, grams in wanted.items() for g in grams - known[i])
    old = sorted((g, i) for i, grams in wanted.items() for g in known[i] - grams)
    await _add(tx, new)
    await _remove(tx, old)
    changes = Counter(g for g, _ in new)
    changes.subtract(g for g, _ in old)
    await _count(tx, {g: by for g, by in changes.items() if by})
    await tx.execute(update(product).where(product.c.id.in_(list(wanted))).values(indexed_at=now))


async def _add(tx: AsyncConnection, rows: Sequence[tuple[str, int]]) -> None:
    if not rows:
        return
    if tx.dialect.name == "sqlite":
        await tx.execute(insert(gram), [{"gram": g, "product_id": i} for g, i in rows])
        return
    # asyncpg sends executemany row by row: 30 rows a product made 100,000 products take minutes.
    statement = text(
        "INSERT INTO gram (gram, product_id)"
        " SELECT * FROM unnest(CAST(:grams AS text[]), CAST(:ids AS bigint[]))"
    )
    await tx.execute(statement, {"grams": [g for g, _ in rows], "ids": [i for _, i in rows]})


async def _remove(tx: AsyncConnection, rows: Sequence[tuple[str, int]]) -> None:
    if rows:
        statement = delete(gram).where(
            gram.c.gram == bindparam("old"), gram.c.product_id == bindparam("of")
        )
        await tx.execute(statement, [{"old": g, "of": i} for g, i in rows])


async def _count(tx: AsyncConnection, changes: Mapping[str, int]) -> None:
    # In order of gram: two indexers on PostgreSQL then wait for each other, never in a circle.
    rows = [{"gram": g, "products": changes[g]} for g in sorted(changes)]
    if not rows:
        return
    statement = insert_for(tx, gram_count)
    statement = statement.on_conflict_do_update(
        index_elements=["gram"],
        set_={"products": gram_count.c.products + statement.excluded.products},
    )
    await tx.execute(statement, rows)


async def counts(tx: AsyncConnection, grams: Iterable[str]) -> dict[str, int]:
    """In how many products each of these grams occurs; one that occurs nowhere is left out."""
    query = select(gram_count).where(gram_count.c.gram.in_(list(grams)), gram_count.c.products > 0)
    return {row.gram: row.products for row in await tx.execute(query)}


def _weight(weights: Mapping[str, int]) -> Any:
    return func.sum(case(weights, value=gram.c.gram))


async def candidates(
    tx: AsyncConnection, rare: Mapping[str, int], common: Mapping[str, int], limit: int
) -> list[int]:
    """Products that hold the heaviest sum of grams, best first.

    Products come from the postings of the `rare` grams alone; the `common` ones, whose postings
    are long, only weigh in for the best of those. The values are weights.
    """
    best = (
        select(gram.c.product_id, _weight(rare).label("weight"))
        .where(gram.c.gram.in_(list(rare)))
        .group_by(gram.c.product_id)
        .order_by(text("weight DESC"), gram.c.product_id)
        .limit(limit * 2 if common else limit)
        .subquery()
    )
    query = select(best.c.product_id)
    weight = best.c.weight
    if common:
        more = select(_weight(common)).where(
            gram.c.product_id == best.c.product_id, gram.c.gram.in_(list(common))
        )
        weight = weight + func.coalesce(more.scalar_subquery(), 0)
    query = query.order_by(weight.desc(), best.c.product_id).limit(limit)
    return [row.product_id for row in await tx.execute(query)]


async def sellable(tx: AsyncConnection, ids: Sequence[int]) -> list[Any]:
    """What ranking needs of these products, without the ones that are no longer sold."""
    columns = (product.c[name] for name in ("id", "sku", "sku_key", "name", "brand", "product"))
    query = select(*columns).where(product.c.id.in_(list(ids)), product.c.active)
    return list(await tx.execute(query))
