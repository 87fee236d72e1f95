"""What people do reaches the bot as the updates that Telegram would send."""

from typing import Any

import pytest
from telegram import InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.error import ChatMigrated, Forbidden

from bot.sandbox.connection import DriverError
from bot.sandbox.server import Sandbox
from tests.bot.sandbox.bots import TelegramBot


async def updates(bot: TelegramBot) -> list[Update]:
    """All that wait, and confirms them."""
    found = await bot.api.get_updates(timeout=0)
    if found:
        await bot.api.get_updates(offset=found[-1].update_id + 1, timeout=0)
    return list(found)


async def test_a_deep_link_starts_with_its_payload(
    sandbox: Sandbox, telegram_bot: TelegramBot
) -> None:
    ann = await sandbox.telegram.customer("Ann", "zh", username="ann")
    await ann.start("n_42")
    (update,) = await updates(telegram_bot)
    assert update.message
    assert update.message.text == "/start n_42"
    assert update.message.entities[0].type == "bot_command"
    user = update.message.from_user
    assert user
    assert (user.id, user.language_code, user.username) == (ann.id, "zh", "ann")


async def test_blocking_and_coming_back_are_told(
    sandbox: Sandbox, telegram_bot: TelegramBot
) -> None:
    ann = await sandbox.telegram.customer()
    await ann.start()
    await ann.block()
    with pytest.raises(DriverError, match="blocked"):
        await ann.say("hello?")
    await ann.start()
    _, blocked, back, start = await updates(telegram_bot)
    changes = [u.my_chat_member for u in (blocked, back)]
    assert [c.new_chat_member.status for c in changes if c] == ["kicked", "member"]
    assert start.message
    assert start.message.text == "/start"


async def test_a_press_carries_the_message_and_the_data(
    sandbox: Sandbox, telegram_bot: TelegramBot
) -> None:
    ann = await sandbox.telegram.customer()
    await ann.start()
    keyboard = InlineKeyboardMarkup([[InlineKeyboardButton("Remove", callback_data="r:7")]])
    sent = await telegram_bot.api.send_message(ann.id, "x", reply_markup=keyboard)
    await ann.press("Remove")
    await ann.press_data(sent.message_id, "r:old")
    with pytest.raises(DriverError, match="no such button"):
        await ann.act("press", message_id=sent.message_id, data="r:old")
    _, first, second = await updates(telegram_bot)
    queries = [u.callback_query for u in (first, second)]
    assert [q.data for q in queries if q] == ["r:7", "r:old"]
    assert queries[0]
    assert queries[0].message
    assert queries[0].message.message_id == sent.message_id


async def test_in_a_group_the_bot_hears_only_what_is_meant_for_it(
    sandbox: Sandbox, telegram_bot: TelegramBot
) -> None:
    eve = await sandbox.telegram.customer("Eve")
    group = await sandbox.telegram.group("Staff")
    sent = await telegram_bot.api.send_message(group.id, "low stock")
    for text in (
        "chatter",
        "/low",
        "/low@other_bot",
        "/low@stockbell_demo_bot",
        "@stockbell_demo_bot hi",
    ):
        await group.say(text, eve)
    await group.say("a reply", eve, reply_to=sent.message_id)
    added, *heard = await updates(telegram_bot)
    assert added.my_chat_member
    assert [u.message.text for u in heard if u.message] == [
        "/low",
        "/low@stockbell_demo_bot",
        "@stockbell_demo_bot hi",
        "a reply",
    ]
    assert {u.message.from_user.id for u in heard if u.message and u.message.from_user} == {eve.id}


async def test_a_group_that_throws_the_bot_out_is_closed_to_it(
    sandbox: Sandbox, telegram_bot: TelegramBot
) -> None:
    group = await sandbox.telegram.group()
    await group.kick()
    with pytest.raises(Forbidden, match="bot was kicked from the group chat"):
        await telegram_bot.api.send_message(group.id, "x")


async def test_a_group_that_became_a_supergroup_says_where_it_went(
    sandbox: Sandbox, telegram_bot: TelegramBot
) -> None:
    group = await sandbox.telegram.group()
    await updates(telegram_bot)
    moved = await group.migrate()
    with pytest.raises(ChatMigrated) as caught:
        await telegram_bot.api.send_message(group.id, "x")
    assert caught.value.new_chat_id == moved.id
    old, new = (u.message for u in await updates(telegram_bot))
    assert old
    assert new
    assert (old.migrate_to_chat_id, new.migrate_from_chat_id) == (moved.id, group.id)
    sent = await telegram_bot.api.send_message(moved.id, "x")
    assert (sent.chat.type, sent.message_id) == ("supergroup", 2)
    with pytest.raises(DriverError, match="only a plain group"):
        await moved.migrate()


async def test_a_chat_that_is_not_there_is_the_tests_own_mistake(sandbox: Sandbox) -> None:
    body: dict[str, Any] = {"text": "x"}
    with pytest.raises(DriverError, match="no such chat"):
        await sandbox.driver.post("telegram/5/send", body)
