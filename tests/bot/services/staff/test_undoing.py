"""Undo posts the counter-move: once, by who may, within a day."""

import asyncio

import pytest

from bot.domain.staff import NothingToUndo, Undone
from handlers.verbs.undo import UNDO, Undo
from tests.support.shop import CLERK, MANAGER, Shop


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
    assert await shop.on_hand("MUG") == 3


@pytest.mark.usefixtures("mug")
async def test_undo_that_would_fall_below_zero_is_refused(shop: Shop) -> None:
    first = await shop.moved("MUG +5")
    await shop.moved("MUG -4 sold")
    answer = await shop.stock(f"undo {first.move.id}")
    assert answer == NothingToUndo("below_zero")
    assert await shop.on_hand("MUG") == 1


@pytest.mark.usefixtures("mug")
async def test_a_move_is_undone_once_by_whoever_presses_first(shop: Shop) -> None:
    moved = await shop.moved("MUG +5")
    again = Undo(moved.move.id)
    answers = await asyncio.gather(*(shop.do(UNDO, again, MANAGER) for _ in range(5)))
    assert sum(isinstance(answer, Undone) for answer in answers) == 1
    assert await shop.on_hand("MUG") == 0


@pytest.mark.usefixtures("mug")
async def test_a_clerk_undoes_only_own_moves_of_the_last_day(shop: Shop) -> None:
    moved = await shop.moved("MUG +5")
    undo = Undo(moved.move.id)
    assert await shop.do(UNDO, undo, CLERK) == NothingToUndo("not_yours")
    shop.clock.forward(hours=25)
    assert await shop.do(UNDO, undo, MANAGER) == NothingToUndo("too_old")
