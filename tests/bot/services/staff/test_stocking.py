"""What staff type: applied once, within their limits, undone by a counter-move."""

import asyncio
from typing import Any

import pytest

from bot.domain.contacts import Role
from bot.domain.rules.quantity import Quantities
from bot.domain.staff import (
    AdjustForm,
    BadThreshold,
    BelowZero,
    Card,
    ChangedMeanwhile,
    FormChecked,
    LowList,
    Moved,
    NeedsConfirmation,
    NothingToUndo,
    Refused,
    StaffNotFound,
    StaffWhy,
    ThresholdSet,
    Unchanged,
    Undone,
    WhichLocation,
)
from bot.domain.stock import MoveKind
from bot.services.bundle import Options
from handlers.verbs.act import Act
from handlers.verbs.pressed import ADJUST, CARD, CHECK_ADJUST, CONFIRM, OPEN_ADJUST
from handlers.verbs.undo import UNDO, Undo
from storage import moves, positions
from storage.database import Database
from storage.vault import Vault
from tests.support.clock import Clock
from tests.support.shop import ADMIN, CLERK, MANAGER, STRANGER, VIEWER, Shop

WRITES = (
    "MUG +5",
    "MUG -1",
    "MUG =3",
    "threshold MUG 5",
    "threshold MUG 5 clear 5",  # also what is wrong in itself
    "role <@U0CLERK> admin",
    "undo",
)


@pytest.fixture
async def mug(shop: Shop) -> int:
    return await shop.product("MUG", "Blue mug")


async def on_hand(shop: Shop, sku: str = "MUG") -> int:
    card = await shop.stock(sku)
    assert isinstance(card, Card)
    return sum(place.on_hand for place in card.positions)


@pytest.mark.usefixtures("mug")
@pytest.mark.parametrize("text", [*WRITES, "MUG", "low", "why MUG", "help", "role", "teapot"])
async def test_strangers_are_refused_everything(shop: Shop, text: str) -> None:
    answer = await shop.stock(text, STRANGER)
    assert isinstance(answer, Refused)
    assert answer.role is None
    assert await on_hand(shop) == 0


@pytest.mark.usefixtures("mug")
@pytest.mark.parametrize("text", WRITES)
async def test_viewers_may_look_and_not_write(shop: Shop, text: str) -> None:
    assert isinstance(await shop.stock(text, VIEWER), Refused)
    assert isinstance(await shop.stock("MUG", VIEWER), Card)
    assert await on_hand(shop) == 0


async def test_what_is_pressed_takes_the_role_that_its_row_says(shop: Shop, mug: int) -> None:
    moved = await shop.moved("MUG +500")
    large = await shop.stock("MUG +101", CLERK)
    form = AdjustForm(mug, moved.position.location.id, "add", "5", "found", shown=500)
    pressed: list[tuple[Act[Any], object]] = [
        (CONFIRM, large.token),
        (OPEN_ADJUST, mug),
        (CHECK_ADJUST, form),
        (ADJUST, form),
        (UNDO, Undo(moved.move.id)),
    ]
    for act, request in pressed:
        assert await shop.do(act, request, STRANGER) == Refused(None, Role.CLERK)
        assert await shop.do(act, request, VIEWER) == Refused(Role.VIEWER, Role.CLERK)
    assert await shop.do(CARD, mug, STRANGER) == Refused(None, Role.VIEWER)
    assert isinstance(await shop.do(CARD, mug, VIEWER), Card)
    assert await on_hand(shop) == 500


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
    assert await on_hand(shop) == 5
    assert {answer.move.id for answer in answers} == {answers[0].move.id}
    assert sorted(answer.repeated for answer in answers) == [False] + [True] * 7


@pytest.mark.usefixtures("mug")
async def test_below_zero_is_refused_and_nothing_is_written(shop: Shop) -> None:
    await shop.moved("MUG +2")
    answer = await shop.stock("MUG -3")
    assert isinstance(answer, BelowZero)
    assert await on_hand(shop) == 2


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
async def test_above_the_limit_a_preview_asks_and_two_presses_apply_it_once(shop: Shop) -> None:
    answer = await shop.stock("MUG +101 pallet", CLERK)
    assert isinstance(answer, NeedsConfirmation)
    assert (answer.limit, await on_hand(shop)) == (100, 0)
    pressed = [await shop.do(CONFIRM, answer.token, who) for who in (CLERK, MANAGER)]
    assert [item.repeated for item in pressed] == [False, True]
    assert await on_hand(shop) == 101


@pytest.mark.usefixtures("mug")
async def test_a_preview_of_what_changed_meanwhile_writes_nothing(shop: Shop) -> None:
    answer = await shop.stock("MUG +101", CLERK)
    await shop.moved("MUG +1")
    pressed = await shop.do(CONFIRM, answer.token, CLERK)
    assert isinstance(pressed, ChangedMeanwhile)
    assert await on_hand(shop) == 1


async def test_the_modal_sets_only_what_it_showed(shop: Shop, mug: int) -> None:
    moved = await shop.moved("MUG +5")
    form = AdjustForm(mug, moved.position.location.id, "set", "9", "count", shown=4)
    checked = await shop.do(CHECK_ADJUST, form, CLERK)
    assert checked.wrong == {"quantity": "changed_meanwhile"}
    assert checked.card.positions == (moved.position,)
    assert isinstance(await shop.do(ADJUST, form, CLERK), ChangedMeanwhile)
    good = AdjustForm(mug, moved.position.location.id, "set", "９", "count", shown=5)
    assert await shop.do(CHECK_ADJUST, good, CLERK) == FormChecked({})
    assert isinstance(await shop.do(ADJUST, good, CLERK), Moved)
    assert await on_hand(shop) == 9


@pytest.mark.usefixtures("mug")
async def test_undo_posts_the_counter_move_of_my_last_move(shop: Shop) -> None:
    await shop.moved("MUG +5")
    await shop.stock("MUG +7", CLERK)
    undone = await shop.stock("undo", CLERK)
    assert isinstance(undone, Undone)
    assert (undone.undone.quantity, undone.position.on_hand) == (7, 5)
    assert isinstance(await shop.stock("undo", CLERK), NothingToUndo)
    assert len(await shop.rows("move")) == 3


@pytest.mark.usefixtures("mug")
async def test_undo_after_later_moves_keeps_them(shop: Shop) -> None:
    first = await shop.moved("MUG +5")
    await shop.moved("MUG +3")
    undone = await shop.stock(f"undo {first.move.id}")
    assert isinstance(undone, Undone)
    assert await on_hand(shop) == 3


@pytest.mark.usefixtures("mug")
async def test_undo_that_would_fall_below_zero_is_refused(shop: Shop) -> None:
    first = await shop.moved("MUG +5")
    await shop.moved("MUG -4 sold")
    answer = await shop.stock(f"undo {first.move.id}")
    assert answer == NothingToUndo("below_zero")
    assert await on_hand(shop) == 1


@pytest.mark.usefixtures("mug")
async def test_a_move_is_undone_once_by_whoever_presses_first(shop: Shop) -> None:
    moved = await shop.moved("MUG +5")
    again = Undo(moved.move.id)
    answers = await asyncio.gather(*(shop.do(UNDO, again, MANAGER) for _ in range(5)))
    assert sum(isinstance(answer, Undone) for answer in answers) == 1
    assert await on_hand(shop) == 0


@pytest.mark.usefixtures("mug")
async def test_a_clerk_undoes_only_own_moves_of_the_last_day(shop: Shop) -> None:
    moved = await shop.moved("MUG +5")
    undo = Undo(moved.move.id)
    assert await shop.do(UNDO, undo, CLERK) == NothingToUndo("not_yours")
    shop.clock.forward(hours=25)
    assert await shop.do(UNDO, undo, MANAGER) == NothingToUndo("too_old")


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
async def test_words_that_are_no_code_search_and_never_write(shop: Shop) -> None:
    for text in ("blue mug +5", "TEAPOT +5", "mug blue"):
        assert isinstance(await shop.stock(text), StaffNotFound)
    assert await on_hand(shop) == 0


@pytest.mark.usefixtures("mug")
async def test_a_threshold_needs_a_clear_level_above_it(shop: Shop) -> None:
    assert isinstance(await shop.stock("threshold MUG 10 clear 10"), BadThreshold)
    answer = await shop.stock("threshold MUG 10 clear 14")
    assert isinstance(answer, ThresholdSet)
    assert (answer.position.reorder_point, answer.clear_level) == (10, 14)


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


@pytest.mark.usefixtures("mug")
async def test_what_would_fall_below_zero_is_not_even_offered(shop: Shop) -> None:
    assert isinstance(await shop.stock("MUG -500", CLERK), BelowZero)
