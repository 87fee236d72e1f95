"""The preview of a large write, and the form."""

import pytest

from bot.domain.staff import AdjustForm, ChangedMeanwhile, FormChecked, Moved, NeedsConfirmation
from handlers.verbs.pressed import ADJUST, CHECK_ADJUST, CONFIRM
from tests.support.shop import CLERK, MANAGER, Shop


@pytest.mark.usefixtures("mug")
async def test_above_the_limit_a_preview_asks_and_two_presses_apply_it_once(shop: Shop) -> None:
    answer = await shop.stock("MUG +101 pallet", CLERK)
    assert isinstance(answer, NeedsConfirmation)
    assert (answer.limit, await shop.on_hand("MUG")) == (100, 0)
    pressed = [await shop.do(CONFIRM, answer.token, who) for who in (CLERK, MANAGER)]
    assert [item.repeated for item in pressed] == [False, True]
    assert await shop.on_hand("MUG") == 101


@pytest.mark.usefixtures("mug")
async def test_a_preview_of_what_changed_meanwhile_writes_nothing(shop: Shop) -> None:
    answer = await shop.stock("MUG +101", CLERK)
    await shop.moved("MUG +1")
    pressed = await shop.do(CONFIRM, answer.token, CLERK)
    assert isinstance(pressed, ChangedMeanwhile)
    assert await shop.on_hand("MUG") == 1


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
    assert await shop.on_hand("MUG") == 9
