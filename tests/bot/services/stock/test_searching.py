"""Words find products: on both engines, with the same grams."""

from collections.abc import Sequence

import pytest
from sqlalchemy import func, insert, select, update

from bot.domain.codes import short_id, sku_key
from bot.services.stock.searching import exact, find, reindex
from storage.database import Database
from storage.tables import gram, gram_count, product
from tests.bench.catalogue import QUERIES, catalogue
from tests.support.clock import Clock
from tests.support.databases import PostgresServer, SqliteFiles

SHOP = (
    ("MUG-BLUE", "Blue stoneware mug", "Acme", True),
    ("MUG-RED", "Red stoneware mug", "Acme", True),
    ("MUG-RED-XL", "Red stoneware mug, extra large", "Acme", True),
    ("KTL-STEEL", "Steel kettle 1.7 l", "Nordwind", True),
    ("CN-001", "红色茶杯", "景德", True),
    ("CN-002", "蓝色茶杯 大号", "景德", True),
    ("CN-003", "不锈钢水壶", "Luma", True),
    ("OLD-1", "Blue mug of last year", "Acme", False),
    ("00123", "Plain rug", "Tidal", True),
)


async def add(
    database: Database, clock: Clock, shop: Sequence[tuple[str, str, str, bool]] = SHOP
) -> None:
    rows = [
        {
            "sku": sku,
            "sku_key": sku_key(sku),
            "short_id": short_id(sku_key(sku)),
            "name": name,
            "brand": brand,
            "attributes": {},
            "active": active,
            "created_at": clock(),
            "updated_at": clock(),
        }
        for sku, name, brand, active in shop
    ]
    async with database.write() as tx:
        await tx.execute(insert(product), rows)
    await reindex(database, clock)


async def codes(database: Database, words: str, limit: int = 5) -> list[str]:
    async with database.read() as tx:
        ids = await find(tx, words, limit)
        rows = await tx.execute(select(product.c.id, product.c.sku).where(product.c.id.in_(ids)))
        sku = {row.id: row.sku for row in rows}
    return [sku[item] for item in ids]


@pytest.mark.parametrize(
    ("words", "best"),
    [
        ("blue mug", "MUG-BLUE"),
        ("mug blue", "MUG-BLUE"),
        ("bleu mug", "MUG-BLUE"),
        ("stonware mug blue", "MUG-BLUE"),
        ("ketle", "KTL-STEEL"),
        ("kett", "KTL-STEEL"),
        ("ｋｅｔｔｌｅ", "KTL-STEEL"),
        ("mug-re", "MUG-RED"),
        ("mugred", "MUG-RED"),
        ("MUG RED XL", "MUG-RED-XL"),
        ("nordwind", "KTL-STEEL"),
        ("红色茶杯", "CN-001"),
        ("茶杯 红色", "CN-001"),
        ("水壶", "CN-003"),
        ("不绣钢水壶", "CN-003"),
        ("0123", "00123"),
    ],
)
async def test_people_find_what_they_mean(
    database: Database, clock: Clock, words: str, best: str
) -> None:
    await add(database, clock)
    assert (await codes(database, words))[0] == best


async def test_two_chinese_characters_find_every_name_that_holds_them(
    database: Database, clock: Clock
) -> None:
    await add(database, clock)
    assert {"CN-001", "CN-002"} <= set(await codes(database, "茶杯"))


async def test_what_looks_like_nothing_finds_nothing(database: Database, clock: Clock) -> None:
    await add(database, clock)
    for words in ("", " - ", "zzzzqqqq", "电视机", "\u202e", "%_%", "x" * 5000):
        assert await codes(database, words) == [], words


async def test_products_that_are_no_longer_sold_are_not_found(
    database: Database, clock: Clock
) -> None:
    await add(database, clock)
    assert "OLD-1" not in await codes(database, "blue mug of last year")


async def test_no_more_than_asked_for_are_given(database: Database, clock: Clock) -> None:
    await add(database, clock)
    assert len(await codes(database, "stoneware mug", limit=2)) == 2


async def test_an_exact_code_is_found_as_people_type_it(database: Database, clock: Clock) -> None:
    await add(database, clock)
    async with database.read() as tx:
        wanted = await exact(tx, "MUG-BLUE")
        assert wanted is not None
        assert await exact(tx, " ｍｕｇ–blue ") == wanted
        assert await exact(tx, "MUG") is None


async def test_a_renamed_product_is_found_by_its_new_name_only(
    database: Database, clock: Clock
) -> None:
    await add(database, clock)
    async with database.write() as tx:
        renamed = update(product).where(product.c.sku == "KTL-STEEL")
        await tx.execute(renamed.values(name="Copper samovar", indexed_at=None))
    assert await reindex(database, clock) == 1
    assert (await codes(database, "samovar"))[0] == "KTL-STEEL"
    assert await codes(database, "kettle") == []


async def test_a_product_that_is_sold_no_more_gives_its_grams_back(
    database: Database, clock: Clock
) -> None:
    await add(database, clock)
    async with database.write() as tx:
        await tx.execute(update(product).values(active=False, indexed_at=None))
    await reindex(database, clock, piece=2)
    async with database.read() as tx:
        assert (await tx.execute(select(func.count()).select_from(gram))).scalar_one() == 0
        most = (await tx.execute(select(func.max(gram_count.c.products)))).scalar_one()
    assert most == 0


async def test_a_product_that_changes_while_it_is_indexed_is_indexed_again(
    database: Database, clock: Clock
) -> None:
    await add(database, clock)
    kettle = update(product).where(product.c.sku == "KTL-STEEL")
    async with database.write() as tx:
        await tx.execute(kettle.values(name="Copper samovar", indexed_at=None))

    class Renamed(Database):
        """Renames it once more between reading and settling, as another import would."""

        async def yield_turn(self) -> None:
            async with self.write() as tx:
                again = kettle.where(product.c.name == "Copper samovar")
                await tx.execute(again.values(name="Brass teapot", indexed_at=None))

    renaming = Renamed(database.url.render_as_string(hide_password=False))
    try:
        assert await reindex(renaming, clock) == 1
    finally:
        await renaming.close()
    assert (await codes(database, "teapot"))[0] == "KTL-STEEL"
    assert await codes(database, "samovar") == await codes(database, "kettle") == []


async def test_an_indexer_that_was_killed_starts_over(database: Database, clock: Clock) -> None:
    class Killed(Database):
        async def yield_turn(self) -> None:
            raise KeyboardInterrupt

    await add(database, clock)
    async with database.write() as tx:
        await tx.execute(update(product).values(brand="Zephyr", indexed_at=None))
    killed = Killed(database.url.render_as_string(hide_password=False))
    try:
        with pytest.raises(KeyboardInterrupt):
            await reindex(killed, clock)
    finally:
        await killed.close()
    assert await reindex(database, clock) == len(SHOP)
    assert len(await codes(database, "zephyr")) == 5
    assert await codes(database, "nordwind") == []


async def test_the_counts_say_in_how_many_products_a_gram_is(
    database: Database, clock: Clock
) -> None:
    await add(database, clock)
    async with database.read() as tx:
        rows = await tx.execute(select(gram.c.gram, func.count()).group_by(gram.c.gram))
        counted = {row[0]: row[1] for row in rows}
        rows = await tx.execute(select(gram_count).where(gram_count.c.products > 0))
        assert {row.gram: row.products for row in rows} == counted


async def test_both_databases_give_the_same_answers(
    sqlite_files: SqliteFiles, postgres: PostgresServer, clock: Clock
) -> None:
    shop = [(item.sku, item.name, item.brand, True) for item in catalogue(1000)]
    answers = []
    for url in (sqlite_files.new(), postgres.new()):
        database = Database(url)
        try:
            await add(database, clock, shop)
            answers.append({words: await codes(database, words) for words, _ in QUERIES})
        finally:
            await database.close()
    postgres.drop()
    assert answers[0] == answers[1]
    assert all(answers[0].values())


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
async def test_a_big_index_is_read_alone_from_the_start(database: Database, clock: Clock) -> None:
    """PostgreSQL looks up each row of an index in its table until a vacuum has seen the table."""
    seen = "SELECT relallvisible > 0 FROM pg_class WHERE relname = 'gram'"
    async with database.read() as tx:
        assert not (await tx.exec_driver_sql(seen)).scalar_one()
    await add(database, clock)
    async with database.write() as tx:
        await tx.execute(update(product).values(brand="Zephyr", indexed_at=None))
    await reindex(database, clock, many=len(SHOP))
    async with database.read() as tx:
        assert (await tx.exec_driver_sql(seen)).scalar_one()


async def test_the_first_answer_is_right_in_a_shop_of_three_thousand(
    sqlite_database: Database, clock: Clock
) -> None:
    shop = [(item.sku, item.name, item.brand, True) for item in catalogue(3000)]
    names = {sku: name for sku, name, _, _ in shop}
    await add(sqlite_database, clock, shop)
    wrong: list[str] = []
    for words, needed in QUERIES:
        found = await codes(sqlite_database, words)
        holds = [sku for sku, name in names.items() if all(part in name for part in needed)]
        if holds and found[0] not in holds:
            wrong.append(words)
    assert wrong == []  # how fast it is: tests/bench/search.py
