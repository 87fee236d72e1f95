"""What staff look up: cards, the low list, why, and words that are no code."""

import pytest

from bot.domain.rules.quantity import Quantities
from bot.domain.staff import Card, LowList, StaffNotFound, StaffWhy, WhichLocation
from tests.support.shop import Shop


@pytest.mark.usefixtures("mug")
async def test_words_that_are_no_code_search_and_never_write(shop: Shop) -> None:
    for text in ("blue mug +5", "TEAPOT +5", "mug blue"):
        assert isinstance(await shop.stock(text), StaffNotFound)
    assert await shop.on_hand("MUG") == 0


@pytest.mark.usefixtures("mug")
async def test_low_lists_what_is_at_or_under_its_point_worst_first(shop: Shop) -> None:
    await shop.product("TEA")
    await shop.stock("threshold MUG 10")
    await shop.stock("threshold TEA 5")
    await shop.moved("TEA +5")
    answer = await shop.stock("low")
    assert isinstance(answer, LowList)
    assert [row.product.sku for row in answer.rows] == ["MUG", "TEA"]
    assert answer.total == 2


@pytest.mark.usefixtures("mug")
async def test_why_shows_the_arithmetic_and_that_the_ledger_adds_up(shop: Shop) -> None:
    await shop.stock("threshold MUG 10")
    await shop.moved("MUG +5")
    why = await shop.stock("why MUG")
    assert isinstance(why, StaffWhy)
    assert why.ledger_sum_matches
    (seen,) = why.rules
    assert (seen.judged.numbers, seen.judged.decision.reason) == (Quantities(5, 5, 10, 12), "fires")


@pytest.mark.usefixtures("mug")
async def test_low_at_an_unknown_place_says_which_places_there_are(shop: Shop) -> None:
    await shop.stock("threshold MUG 10")
    answer = await shop.stock("low cellar")
    assert isinstance(answer, LowList)
    assert (answer.unknown, answer.places) == ("cellar", ("main",))


@pytest.mark.usefixtures("mug")
async def test_a_card_at_a_place_that_does_not_exist_says_so(shop: Shop) -> None:
    assert isinstance(await shop.stock("MUG@nowhere"), WhichLocation)
    assert isinstance(await shop.stock("MUG@MAIN"), Card)
