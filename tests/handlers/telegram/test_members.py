"""People and groups that go, come back or move."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.domain.contacts import Address, ContactState
from bot.domain.ways import TELEGRAM
from bot.sandbox.telegram_driver import Customer
from storage import contacts
from tests.handlers.telegram.live import Live


@pytest.fixture
async def bot(live: Live) -> AsyncIterator[Live]:
    await live.shop.product("MUG-BLUE", "Blue mug")
    async with live.running():
        yield live


@pytest.fixture
async def ann(bot: Live) -> Customer:
    return await bot.sandbox.telegram.customer("Ann", id=501)


async def contact(bot: Live, chat_id: int) -> Any:
    async with bot.shop.database.read() as tx:
        return await contacts.find(tx, bot.shop.vault, Address(TELEGRAM, str(chat_id)))


async def test_who_blocks_and_comes_back_keeps_the_place_and_is_no_error(
    bot: Live, ann: Customer
) -> None:
    await ann.say("/notify MUG-BLUE")
    await ann.wait_for("in line")
    with capture_logs() as logs:
        await bot.done(await ann.block())
        assert (await contact(bot, 501)).state is ContactState.BLOCKED
        await bot.done(await ann.unblock())
    assert (await contact(bot, 501)).state is ContactState.ACTIVE
    assert [row.state for row in await bot.shop.rows("subscription")] == ["waiting"]
    assert [e for e in logs if e["log_level"] in ("warning", "error")] == []


async def test_an_answer_to_somebody_who_just_blocked_the_bot_is_no_error(
    bot: Live, ann: Customer
) -> None:
    await ann.say("/notify MUG-BLUE")
    await ann.wait_for("in line")
    failure = {
        "method": "sendMessage",
        "status": 403,
        "description": "Forbidden: bot was blocked by the user",
    }
    await bot.sandbox.driver.faults(telegram={"fail_next": [failure]})
    with capture_logs() as logs:
        await bot.done(await ann.say("/list"))
    assert (await contact(bot, 501)).state is ContactState.BLOCKED
    assert [e for e in logs if e["log_level"] in ("warning", "error")] == []


async def test_a_group_that_became_a_supergroup_is_followed(bot: Live) -> None:
    group = await bot.sandbox.telegram.group("Staff")
    await bot.alert_chat(group.id)
    before = await contact(bot, group.id)
    moved = await group.act("migrate")
    await bot.done(moved)
    assert (await contact(bot, moved["id"])).id == before.id
    assert await contact(bot, group.id) is None


async def test_a_staff_group_that_removes_the_bot_and_takes_it_back(bot: Live) -> None:
    group = await bot.sandbox.telegram.group("Staff")
    await bot.alert_chat(group.id)
    await bot.done(await group.kick())
    assert (await contact(bot, group.id)).state is ContactState.BLOCKED
    await bot.done(await group.act("block", blocked=False))
    assert (await contact(bot, group.id)).state is ContactState.ACTIVE
