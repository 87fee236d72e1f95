"""A location is found by one rule, whatever asks: a write, a look, a list, a level, a file."""

import pytest

from bot.domain.staff import Card, LowList, Moved, ThresholdSet, WhichLocation
from storage import moves, positions
from tests.support.shop import Shop
from tests.support.stockfiles import imported

PLACES = ["Back Room", "main"]


@pytest.fixture
async def mug(shop: Shop) -> int:
    """A mug that lies in two places, one of them of two words."""
    product_id = await shop.product("MUG")
    async with shop.database.write() as tx:
        place = await positions.ensure_location(tx, "Back Room")
        await moves.ensure_position(tx, product_id, place.id, shop.clock())
    return product_id


SPELLINGS = [
    "MUG@backroom",
    "MUG @backroom",
    "MUG@BackRoom",
    "MUG@ｂａｃｋｒｏｏｍ",
    "MUG @ｂａｃｋｒｏｏｍ",
    "MUG＠backroom",
    "MUG ＠backroom",
    '"MUG"@backroom',
]


@pytest.mark.usefixtures("mug")
@pytest.mark.parametrize("named", SPELLINGS)
async def test_a_write_a_look_and_a_level_find_it(shop: Shop, named: str) -> None:
    moved = await shop.stock(f"{named} +5")
    assert isinstance(moved, Moved)
    assert moved.position.location.code == "Back Room"
    assert isinstance(await shop.stock(named), Card)
    level = await shop.stock(f"threshold {named} 9")
    assert isinstance(level, ThresholdSet)
    assert level.position.location.code == "Back Room"


@pytest.mark.usefixtures("mug")
@pytest.mark.parametrize("typed", ["backroom", "@backroom", '"Back Room"', "ＢＡＣＫＲＯＯＭ"])
async def test_the_low_list_finds_it(shop: Shop, typed: str) -> None:
    await shop.moved("MUG@backroom +5")
    await shop.stock("threshold MUG@backroom 9")
    found = await shop.stock(f"low {typed}")
    assert isinstance(found, LowList)
    assert [row.position.location.code for row in found.rows] == ["Back Room"]


@pytest.mark.usefixtures("mug")
async def test_a_file_finds_it_and_makes_no_second_one(shop: Shop) -> None:
    await imported(shop.services.bulk, "sku,location,quantity\nMUG,backroom,4\nMUG,MAIN,2\n")
    async with shop.database.read() as tx:
        assert [place.code for place in await positions.locations(tx)] == PLACES
        (there, here) = (await positions.for_products(tx, [1]))[1]
    assert (there.on_hand, here.on_hand) == (4, 2)


@pytest.mark.usefixtures("mug")
async def test_what_is_no_location_is_asked_about_and_nothing_is_booked(shop: Shop) -> None:
    asked = await shop.stock("MUG@attic +5")
    assert isinstance(asked, WhichLocation)
    assert [position.location.code for position in asked.positions] == PLACES
    low = await shop.stock("low attic")
    assert (low.unknown, list(low.places)) == ("attic", PLACES)


async def test_the_first_location_is_the_one_that_a_file_called_main(shop: Shop) -> None:
    await imported(shop.services.bulk, "sku,location,quantity\nMUG,Main,2\nTEA,,\n")
    moved = await shop.moved("TEA +1")
    assert moved.position.location.code == "Main"
    async with shop.database.read() as tx:
        assert [place.code for place in await positions.locations(tx)] == ["Main"]
