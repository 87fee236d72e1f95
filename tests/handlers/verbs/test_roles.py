"""Each row takes the role that it says, whatever is typed or pressed."""

from typing import Any

import pytest

from bot.domain.contacts import Role
from bot.domain.staff import AdjustForm, Card, Refused
from handlers.verbs.act import Act
from handlers.verbs.pressed import ADJUST, CARD, CHECK_ADJUST, CONFIRM, OPEN_ADJUST
from handlers.verbs.undo import UNDO, Undo
from tests.support.shop import CLERK, STRANGER, VIEWER, Shop

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


@pytest.mark.usefixtures("mug")
@pytest.mark.parametrize("text", [*WRITES, "MUG", "low", "why MUG", "help", "role", "teapot"])
async def test_strangers_are_refused_everything(shop: Shop, text: str) -> None:
    answer = await shop.stock(text, STRANGER)
    assert isinstance(answer, Refused)
    assert answer.role is None
    assert await shop.on_hand("MUG") == 0


@pytest.mark.usefixtures("mug")
@pytest.mark.parametrize("text", WRITES)
async def test_viewers_may_look_and_not_write(shop: Shop, text: str) -> None:
    assert isinstance(await shop.stock(text, VIEWER), Refused)
    assert isinstance(await shop.stock("MUG", VIEWER), Card)
    assert await shop.on_hand("MUG") == 0


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
    assert await shop.on_hand("MUG") == 500
