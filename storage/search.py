"""The gram index: which products hold which grams, and how many products hold a gram."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Integer,
    Select,
    Text,
    bindparam,
    case,
    column,
    delete,
    func,
    literal,
    select,
    text,
    update,
    values,
)

from storage.database import Database
from storage.dialect import insert_for
from storage.tables import gram, gram_count, product
from storage.tx import Tx


@dataclass(frozen=True, slots=True)
class Candidate:
    """What ranking needs of a product; `product` is the thing it is a variant of."""

    id: int
    sku: str
    sku_key: str
    name: str
    brand: str
    product: str


@dataclass(frozen=True, slots=True)
class Unindexed:
    """A product whose grams are to be rebuilt.

    `text` has a line each for code, name, brand and product, nothing when it is not sold;
    `indexed` is the text that its grams are made of now.
    """

    id: int
    text: str
    indexed: str


def _unindexed() -> Select[Any]:
    words = (product.c.sku, product.c.name, product.c.brand, product.c.product)
    return (
        select(product.c.id, product.c.active, product.c.indexed_text, *words)
        .where(product.c.indexed_at.is_(None))
        .order_by(product.c.id)
    )


async def _read(tx: Tx, query: Select[Any]) -> list[Unindexed]:
    return [
        Unindexed(number, "\n".join(texts) if active else "", indexed)
        for number, active, indexed, *texts in await tx.execute(query)
    ]


async def unindexed(tx: Tx, limit: int, changed_by: datetime | None = None) -> list[Unindexed]:
    """The next products to index; only those that have not changed since `changed_by`."""
    query = _unindexed().limit(limit)
    if changed_by is not None:
        query = query.where(product.c.updated_at <= changed_by)
    return await _read(tx, query)


async def still_unindexed(tx: Tx, ids: Sequence[int]) -> list[Unindexed]:
    """Those of the products that are still to be indexed, locked until the transaction ends."""
    return await _read(tx, _unindexed().where(product.c.id.in_(ids)).with_for_update())


async def settle(tx: Tx, items: Sequence[Unindexed], now: datetime) -> None:
    """Note that the grams of these products are those of their text, which is locked."""
    text_now: ColumnElement[Any] = product.c.sku
    for words in (product.c.name, product.c.brand, product.c.product):
        text_now = text_now + "\n" + words
    done = update(product).where(product.c.id.in_([item.id for item in items]))
    indexed = case((product.c.active, text_now), else_="")
    await tx.execute(done.values(indexed_at=now, indexed_text=indexed))


async def postpone(tx: Tx, item: Unindexed) -> None:
    """Note that this product has the grams of both texts for now, and stays to be indexed."""
    both = f"{item.indexed}\n{item.text}"
    await tx.execute(update(product).where(product.c.id == item.id).values(indexed_text=both))


async def add(tx: Tx, postings: Mapping[str, Sequence[int]]) -> None:
    """Add the products that hold each gram, in order; one that is there already is passed over.

    The counts take it for new all the same. Only a process that was killed in the middle repeats
    itself so, and the counts only say which gram is rarer.
    """
    # 30 rows a product: an executemany of rows takes SQLite five times as long as an array for
    # each gram, and asyncpg minutes for 100,000 products.
    if tx.dialect.name == "sqlite":
        statement = "INSERT OR IGNORE INTO gram SELECT ?, value FROM json_each(?)"
        rows = [(g, json.dumps(ids)) for g, ids in postings.items()]
        await tx.exec_driver_sql(statement, rows)
    else:
        many = text(
            "INSERT INTO gram (gram, product_id)"
            " SELECT * FROM unnest(CAST(:grams AS text[]), CAST(:ids AS bigint[]))"
            " ON CONFLICT DO NOTHING"
        )
        pairs = [(g, number) for g, ids in postings.items() for number in ids]
        await tx.execute(many, {"grams": [g for g, _ in pairs], "ids": [i for _, i in pairs]})
    await _count(tx, {g: len(ids) for g, ids in postings.items()})


async def remove(tx: Tx, rows: list[tuple[str, int]]) -> None:
    """Take (gram, product id) pairs away, in order."""
    if rows:
        gone = delete(gram).where(
            gram.c.gram == bindparam("old"), gram.c.product_id == bindparam("of")
        )
        await tx.execute(gone, [{"old": g, "of": i} for g, i in rows])
        fewer = Counter(g for g, _ in rows)
        await _count(tx, {g: -by for g, by in sorted(fewer.items())})


async def _count(tx: Tx, changes: Mapping[str, int]) -> None:
    """`changes` in order of gram: two indexers on PostgreSQL wait for each other, never in a
    circle."""
    statement = insert_for(tx, gram_count)
    statement = statement.on_conflict_do_update(
        index_elements=["gram"],
        set_={"products": gram_count.c.products + statement.excluded.products},
    )
    await tx.execute(statement, [{"gram": g, "products": by} for g, by in changes.items()])


async def counts(tx: Tx, grams: Iterable[str]) -> dict[str, int]:
    """In how many products each of these grams occurs; one that occurs nowhere is left out."""
    query = select(gram_count).where(gram_count.c.gram.in_(list(grams)), gram_count.c.products > 0)
    return {row.gram: row.products for row in await tx.execute(query)}


def _weighed(weights: Mapping[str, int], name: str) -> CTE:
    """The grams with their weights, as a table to join with: faster than a CASE over them."""
    return (
        values(column("gram", Text), column("weight", Integer), name=name)
        .data(list(weights.items()))
        .cte(name)
    )


async def candidates(
    tx: Tx, rare: Mapping[str, int], common: Mapping[str, int], limit: int
) -> list[int]:
    """Products that hold the heaviest sum of grams, best first.

    Products come from the postings of the `rare` grams alone; the `common` ones, whose postings
    are long, only weigh in for the best of those. The values are weights.
    """
    # Two statements: in one, PostgreSQL runs the second for each product of the first.
    best = await tx.execute(_best(rare, limit * 2 if common else limit))
    weights = {row.product_id: int(row.weight) for row in best}
    if common and weights:
        held = select(gram.c.product_id, gram.c.gram).where(
            gram.c.gram.in_(list(common)), gram.c.product_id.in_(sorted(weights))
        )
        for product_id, one in await tx.execute(held):
            weights[product_id] += common[one]
    return sorted(weights, key=lambda number: (-weights[number], number))[:limit]


def _best(rare: Mapping[str, int], limit: int) -> Select[Any]:
    if len(rare) == 1:  # all weigh the same: the first will do, nothing need be added up
        ((one, weight),) = rare.items()
        alone = select(gram.c.product_id, literal(weight).label("weight"))
        return alone.where(gram.c.gram == one).order_by(gram.c.product_id).limit(limit)
    wanted = _weighed(rare, "rare")
    return (
        select(gram.c.product_id, func.sum(wanted.c.weight).label("weight"))
        .select_from(wanted.join(gram, gram.c.gram == wanted.c.gram))
        .group_by(gram.c.product_id)
        .order_by(text("weight DESC"), gram.c.product_id)
        .limit(limit)
    )


async def sellable(tx: Tx, ids: Sequence[int]) -> list[Candidate]:
    """These products, without the ones that are no longer sold."""
    columns = (product.c[field.name] for field in fields(Candidate))
    query = select(*columns).where(product.c.id.in_(list(ids)), product.c.active)
    return [Candidate(*row) for row in await tx.execute(query)]


async def tidy(database: Database) -> None:
    """After very many grams were written: let the index be read without the table beside it."""
    await database.vacuum("gram", "gram_count")
