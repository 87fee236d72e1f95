"""Each check of the Bot API answers in Telegram's own words; python-telegram-bot reads them."""

import re
from collections.abc import Awaitable
from typing import Any

import pytest
from telegram import InlineKeyboardButton, InlineKeyboardMarkup, InputFile, ReplyParameters
from telegram.error import BadRequest, Forbidden

from bot.sandbox.server import Sandbox
from bot.sandbox.telegram_driver import Customer
from tests.bot.sandbox.bots import TelegramBot
from tests.bot.sandbox.conftest import MovableClock


@pytest.fixture
async def ann(sandbox: Sandbox) -> Customer:
    customer = await sandbox.telegram.customer("Ann")
    await customer.start()
    return customer


async def refused(words: str, call: Awaitable[Any]) -> None:
    with pytest.raises(BadRequest, match=f"(?i)^{re.escape(words)}$"):
        await call


def one_button(data: str) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup([[InlineKeyboardButton("Go", callback_data=data)]])


async def test_a_text_may_have_4096_characters_after_the_tags_are_gone(
    telegram_bot: TelegramBot, ann: Customer
) -> None:
    api = telegram_bot.api
    sent = await api.send_message(ann.id, f"<b>{'x' * 4096}</b>", parse_mode="HTML")
    assert sent.text
    assert len(sent.text) == 4096
    await refused("Message is too long", api.send_message(ann.id, "x" * 4097))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Message text is empty"),
        (" \n ", "Message text is empty"),
        ("<b> </b>", "Message text is empty"),
        ("a < b", 'Can\'t parse entities: unsupported start tag "" at byte offset 2'),
        ("<b>x", "Can't parse entities: can't find end tag corresponding to start tag \"b\""),
    ],
)
async def test_a_text_that_cannot_be_shown_is_refused(
    telegram_bot: TelegramBot, ann: Customer, text: str, words: str
) -> None:
    await refused(words, telegram_bot.api.send_message(ann.id, text, parse_mode="HTML"))
    assert await ann.messages() == []


async def test_a_parse_mode_that_the_sandbox_does_not_speak_is_refused(
    telegram_bot: TelegramBot, ann: Customer
) -> None:
    send = telegram_bot.api.send_message(ann.id, "*x*", parse_mode="MarkdownV2")
    await refused("Unsupported parse_mode", send)


async def test_button_data_is_counted_in_bytes(telegram_bot: TelegramBot, ann: Customer) -> None:
    api = telegram_bot.api
    await api.send_message(ann.id, "x", reply_markup=one_button("d" * 64))
    send = api.send_message(ann.id, "x", reply_markup=one_button("鞋" * 22))
    await refused("Button_data_invalid", send)


async def test_a_button_must_do_something_and_say_something(
    telegram_bot: TelegramBot, ann: Customer
) -> None:
    mute = InlineKeyboardMarkup([[InlineKeyboardButton("Go")]])
    words = "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"
    await refused(words, telegram_bot.api.send_message(ann.id, "x", reply_markup=mute))
    blank = InlineKeyboardMarkup([[InlineKeyboardButton(" ", callback_data="1")]])
    words = 'can\'t parse inline keyboard button: Field "text" must be non-empty'
    await refused(words, telegram_bot.api.send_message(ann.id, "x", reply_markup=blank))
    wrong = InlineKeyboardMarkup([[InlineKeyboardButton("Go", url="shop")]])
    words = "inline keyboard button URL 'shop' is invalid: Wrong HTTP URL"
    await refused(words, telegram_bot.api.send_message(ann.id, "x", reply_markup=wrong))


async def test_nobody_is_written_to_who_cannot_be_reached(
    sandbox: Sandbox, telegram_bot: TelegramBot, ann: Customer
) -> None:
    api = telegram_bot.api
    await refused("Chat not found", api.send_message(999, "x"))
    stranger = await sandbox.telegram.customer("Bob")
    with pytest.raises(Forbidden, match="bot can't initiate conversation with a user"):
        await api.send_message(stranger.id, "x")
    await ann.block()
    with pytest.raises(Forbidden, match="bot was blocked by the user"):
        await api.send_message(ann.id, "x")
    await ann.unblock()
    await api.send_message(ann.id, "x")
    await ann.deactivate()
    with pytest.raises(Forbidden, match="user is deactivated"):
        await api.send_message(ann.id, "x")


async def test_an_edit_that_changes_nothing_is_refused(
    telegram_bot: TelegramBot, ann: Customer
) -> None:
    api = telegram_bot.api
    sent = await api.send_message(
        ann.id, "<b>x</b>", parse_mode="HTML", reply_markup=one_button("1")
    )
    same = sent.edit_text("<b>x</b>", parse_mode="HTML", reply_markup=one_button("1"))
    await refused(
        "Message is not modified: specified new message content and reply markup are exactly the"
        " same as a current content and reply markup of the message",
        same,
    )
    await sent.edit_text("<b>x</b>", parse_mode="HTML")
    await refused_as_unchanged(sent.edit_reply_markup(None))


async def refused_as_unchanged(call: Awaitable[Any]) -> None:
    with pytest.raises(BadRequest, match="not modified"):
        await call


async def test_only_own_messages_that_are_there_can_be_edited(
    telegram_bot: TelegramBot, ann: Customer
) -> None:
    api = telegram_bot.api
    gone = api.edit_message_text("y", chat_id=ann.id, message_id=999)
    await refused("Message to edit not found", gone)
    mine = (await ann.say("hello"))["message_id"]
    foreign = api.edit_message_text("y", chat_id=ann.id, message_id=mine)
    await refused("Message can't be edited", foreign)


async def test_a_message_can_be_deleted_for_48_hours(
    telegram_bot: TelegramBot, ann: Customer, clock: MovableClock
) -> None:
    api = telegram_bot.api
    old, young = await api.send_message(ann.id, "old"), await api.send_message(ann.id, "young")
    assert await young.delete()
    assert [m["text"] for m in await ann.messages()] == ["old"]
    await refused("Message to delete not found", young.delete())
    clock.ahead += 48 * 3600
    await refused("Message can't be deleted for everyone", old.delete())


async def test_an_edit_does_not_ring_and_a_quiet_message_neither(
    telegram_bot: TelegramBot, ann: Customer
) -> None:
    loud = await telegram_bot.api.send_message(ann.id, "loud")
    await telegram_bot.api.send_message(ann.id, "quiet", disable_notification=True)
    await loud.edit_text("loud, edited")
    assert [m["pings"] for m in await ann.messages()] == [True, False]


async def test_a_reply_names_what_it_answers(telegram_bot: TelegramBot, ann: Customer) -> None:
    asked = (await ann.say("question"))["message_id"]
    api = telegram_bot.api
    sent = await api.send_message(ann.id, "answer", reply_parameters=ReplyParameters(asked))
    assert sent.reply_to_message
    assert sent.reply_to_message.text == "question"
    lost = api.send_message(ann.id, "x", reply_parameters=ReplyParameters(999))
    await refused("Message to be replied not found", lost)
    loose = ReplyParameters(999, allow_sending_without_reply=True)
    assert await api.send_message(ann.id, "x", reply_parameters=loose)


async def test_a_press_can_be_answered_once_and_in_time(
    telegram_bot: TelegramBot, ann: Customer, clock: MovableClock
) -> None:
    api = telegram_bot.api
    await api.send_message(ann.id, "x", reply_markup=one_button("1"))
    too_old = "Query is too old and response timeout expired or query id is invalid"
    first = (await ann.press("Go"))["callback_query_id"]
    await refused("Message_too_long", api.answer_callback_query(first, "x" * 201))
    assert await api.answer_callback_query(first, "done")
    await ann.wait_for_toast("done")
    await refused(too_old, api.answer_callback_query(first))
    late = (await ann.press("Go"))["callback_query_id"]
    clock.ahead += 60
    await refused(too_old, api.answer_callback_query(late))


async def test_a_document_arrives_and_can_be_fetched_again(
    telegram_bot: TelegramBot, ann: Customer
) -> None:
    file = InputFile(b"sku,quantity\nA,1\n", filename="stock.csv")
    sent = await telegram_bot.api.send_document(
        ann.id, file, caption="<i>yours</i>", parse_mode="HTML"
    )
    assert sent.document
    assert (sent.caption, sent.document.file_name) == ("yours", "stock.csv")
    fetched = await telegram_bot.api.get_file(sent.document.file_id)
    assert bytes(await fetched.download_as_bytearray()) == b"sku,quantity\nA,1\n"
    (shown,) = await ann.messages()
    assert shown["document"]["size"] == 17


async def test_a_photo_has_its_caption_edited(telegram_bot: TelegramBot, ann: Customer) -> None:
    sent = await telegram_bot.api.send_photo(ann.id, InputFile(b"png", filename="a.png"))
    await refused("There is no text in the message to edit", sent.edit_text("x"))
    await sent.edit_caption("now with words")
    await ann.wait_for("now with words")
    await refused("Message caption is too long", sent.edit_caption("x" * 1025))


async def test_a_chat_a_reaction_and_typing_are_understood(
    telegram_bot: TelegramBot, ann: Customer
) -> None:
    api = telegram_bot.api
    assert (await api.get_chat(ann.id)).first_name == "Ann"
    assert await api.send_chat_action(ann.id, "typing")
    mine = (await ann.say("hello"))["message_id"]
    assert await api.set_message_reaction(ann.id, mine, "👍")
    chat = await ann.info()
    assert chat["messages"][-1]["reactions"][0]["emoji"] == "👍"
