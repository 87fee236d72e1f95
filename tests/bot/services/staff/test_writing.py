"""What staff write: applied once, within their limits, never below zero."""

import asyncio

import pytest

from bot.domain.staff import BelowZero, Unchanged, WhichLocation
from bot.domain.stock import MoveKind
from bot.services.bundle import Options
from storage import moves, positions
from storage.database import Database
from storage.vault import Vault
from tests.support.clock import Clock
from tests.support.shop import ADMIN, CLERK, Shop


@pytest.mark.usefixtures("mug")
@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("MUG +5", MoveKind.RECEIPT),
        ("MUG ＋5 delivery", MoveKind.RECEIPT),
        ("MUG +1 returned", MoveKind.RETURN),
        ("MUG +1 退货", MoveKind.RETURN),
        ("MUG =7", MoveKind.COUNT),
    ],
)
async def test_a_plus_says_what_kind_of_move_it_is(shop: Shop, text: str, kind: MoveKind) -> None:
    assert (await shop.moved(text)).move.kind is kind


@pytest.mark.usefixtures("mug")
@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("MUG -3 damaged", MoveKind.WRITE_OFF),
        ("MUG －3 sold", MoveKind.SALE),
        ("MUG –3", MoveKind.ADJUSTMENT),
        ("MUG \u22123 售出", MoveKind.SALE),
    ],
)
async def test_a_minus_says_what_kind_of_move_it_is(shop: Shop, text: str, kind: MoveKind) -> None:
    await shop.moved("MUG +10")
    moved = await shop.moved(text)
    assert (moved.move.kind, moved.position.on_hand) == (kind, 7)


@pytest.mark.usefixtures("mug")
async def test_the_same_input_again_changes_nothing_and_answers_the_same(shop: Shop) -> None:
    answers = await asyncio.gather(*(shop.stock("MUG +5", key="slack:T1") for _ in range(8)))
    assert await shop.on_hand("MUG") == 5
    assert {answer.move.id for answer in answers} == {answers[0].move.id}
    assert sorted(answer.repeated for answer in answers) == [False] + [True] * 7


@pytest.mark.usefixtures("mug")
async def test_below_zero_is_refused_and_nothing_is_written(shop: Shop) -> None:
    await shop.moved("MUG +2")
    answer = await shop.stock("MUG -3")
    assert isinstance(answer, BelowZero)
    assert await shop.on_hand("MUG") == 2


async def test_a_shop_may_allow_below_zero(database: Database, vault: Vault, clock: Clock) -> None:
    options = Options(admins=(ADMIN.address,), allow_negative=True)
    shop = await Shop.open(database, vault, clock, options)
    await shop.product("MUG")
    assert (await shop.moved("MUG -3 sold")).position.on_hand == -3


@pytest.mark.usefixtures("mug")
async def test_setting_what_is_so_already_writes_no_move(shop: Shop) -> None:
    await shop.moved("MUG +2")
    assert isinstance(await shop.stock("MUG =2"), Unchanged)
    assert len(await shop.rows("move")) == 1


@pytest.mark.usefixtures("mug")
async def test_several_places_ask_which_one_and_a_wrong_one_names_those_there_are(
    shop: Shop,
) -> None:
    async with shop.database.write() as tx:
        place = await positions.ensure_location(tx, "cellar")
        await moves.ensure_position(tx, 1, place.id, shop.clock())
    assert isinstance(await shop.stock("MUG +5"), WhichLocation)
    assert isinstance(await shop.stock("MUG@attic +5"), WhichLocation)
    assert (await shop.moved("MUG@Cellar +5")).position.location.code == "cellar"


@pytest.mark.usefixtures("mug")
async def test_what_would_fall_below_zero_is_not_even_offered(shop: Shop) -> None:
    assert isinstance(await shop.stock("MUG -500", CLERK), BelowZero)
