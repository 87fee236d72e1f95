"""The way out to Telegram, on the wire."""

from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.channels.pacer import Pacer, telegram_rate
from bot.channels.telegram import TelegramChannel, plain
from bot.channels.telegram_limits import PacedRequests
from bot.domain.contacts import ContactState
from bot.domain.forms import Button, TelegramHtml
from bot.domain.notices import Lane
from bot.domain.sending import (
    Gone,
    InDoubt,
    MessageLost,
    Moved,
    NotSent,
    Rejected,
    RetryAfter,
    Unchanged,
)
from bot.sandbox.driver import Driver
from bot.sandbox.server import Sandbox
from bot.sandbox.telegram_driver import Customer
from handlers.telegram.build import build_application

TOKEN = "123456:SANDBOX"
SEND = "sendMessage"
BACK = TelegramHtml(
    "<b>Mug</b> is back",
    ((Button("Buy", url="https://shop.example/mug"), Button("Stop", data="rm:1")),),
)


async def fail(sandbox: Sandbox, method: str = "sendMessage", **failure: Any) -> None:
    await sandbox.driver.faults(telegram={"fail_next": [{"method": method} | failure]})


async def requests(driver: Driver, method: str) -> list[dict[str, Any]]:
    return await driver.log(platform="telegram", method=method)


async def test_a_message_arrives_with_its_markup_and_buttons(
    sandbox: Sandbox, channel: TelegramChannel, ann: Customer
) -> None:
    ref = await channel.send("501", BACK, Lane.RESTOCK)
    message = await ann.wait_for("Mug is back")
    assert ref == str(message["message_id"])
    assert message["html"] == "<b>Mug</b> is back"
    (row,) = message["reply_markup"]["inline_keyboard"]
    assert row[0]["url"] == "https://shop.example/mug"
    assert row[1]["callback_data"] == "rm:1"
    (request,) = await requests(sandbox.driver, "sendMessage")
    assert "is_disabled" in str(request["params"]["link_preview_options"])


async def test_a_silent_message_does_not_ring(
    sandbox: Sandbox, channel: TelegramChannel, ann: Customer
) -> None:
    await channel.send(str(ann.id), TelegramHtml("quiet", silent=True), Lane.DIGEST)
    (request,) = await requests(sandbox.driver, "sendMessage")
    assert str(request["params"]["disable_notification"]).lower() == "true"


async def test_an_edit_shows_the_new_text_and_takes_the_buttons_away(
    channel: TelegramChannel, ann: Customer
) -> None:
    ref = await channel.send("501", BACK, Lane.RESTOCK)
    await channel.edit("501", ref, TelegramHtml("gone again"), Lane.EDIT)
    (message,) = await ann.messages()
    assert message["text"] == "gone again"
    assert not message["reply_markup"]


async def test_an_edit_that_changes_nothing_says_so(
    channel: TelegramChannel, ann: Customer
) -> None:
    ref = await channel.send(str(ann.id), BACK, Lane.RESTOCK)
    with pytest.raises(Unchanged):
        await channel.edit("501", ref, BACK, Lane.EDIT)


async def test_an_edit_of_a_message_that_is_not_there_says_so(
    channel: TelegramChannel, ann: Customer
) -> None:
    with pytest.raises(MessageLost):
        await channel.edit(str(ann.id), "99999", BACK, Lane.EDIT)


async def test_who_blocked_the_bot_is_told_from_who_is_deleted(
    sandbox: Sandbox, channel: TelegramChannel, ann: Customer
) -> None:
    ben = await sandbox.telegram.customer("Ben", id=502)
    await ben.start()
    await ann.block()
    await ben.deactivate()
    states = {}
    for address in ("501", "502", "999"):
        with pytest.raises(Gone) as gone:
            await channel.send(address, BACK, Lane.RESTOCK)
        states[address] = gone.value.state
    expected = (ContactState.BLOCKED, ContactState.GONE, ContactState.GONE)
    assert tuple(states.values()) == expected


async def test_a_group_that_became_a_supergroup_names_its_new_address(
    sandbox: Sandbox, channel: TelegramChannel
) -> None:
    group = await sandbox.telegram.group("Staff")
    new = await group.migrate()
    with pytest.raises(Moved) as moved:
        await channel.send(str(group.id), BACK, Lane.ALERT)
    assert moved.value.new_address == str(new.id)


async def test_a_cut_connection_leaves_it_in_doubt(
    sandbox: Sandbox, channel: TelegramChannel, ann: Customer
) -> None:
    await fail(sandbox, drop_after=True)
    with pytest.raises(InDoubt):
        await channel.send(str(ann.id), BACK, Lane.RESTOCK)


async def test_a_server_error_leaves_it_in_doubt(
    sandbox: Sandbox, channel: TelegramChannel, ann: Customer
) -> None:
    await fail(sandbox, status=502)
    with pytest.raises(InDoubt):
        await channel.send(str(ann.id), BACK, Lane.RESTOCK)


async def test_without_a_connection_it_was_certainly_not_sent(pacer: Pacer) -> None:
    async with Sandbox(telegram_token=TOKEN) as gone:
        application = build_application(TOKEN, gone.telegram_api_url, PacedRequests(pacer))
        await application.initialize()
    with pytest.raises(NotSent):
        await TelegramChannel(application.bot).send("501", BACK, Lane.RESTOCK)
    await application.shutdown()


async def test_a_notice_that_is_told_to_wait_says_how_long_and_holds_its_chat(
    sandbox: Sandbox, channel: TelegramChannel, pacer: Pacer, ann: Customer
) -> None:
    await fail(sandbox, status=429, retry_after=30)
    with pytest.raises(RetryAfter) as later:
        await channel.send("501", BACK, Lane.RESTOCK)
    assert later.value.seconds == 30
    with pytest.raises(RetryAfter):  # at once: the request does not even leave
        await channel.send("501", BACK, Lane.RESTOCK)
    ben = await sandbox.telegram.customer("Ben", id=502)
    await ben.start()
    await channel.send("502", BACK, Lane.RESTOCK)  # nobody else is held up
    assert pacer.waiting == 0
    assert await ann.messages() == []
    assert len(await requests(sandbox.driver, "sendMessage")) == 2


async def test_a_short_wait_of_an_answer_is_sat_out(
    sandbox: Sandbox, channel: TelegramChannel, ann: Customer
) -> None:
    await fail(sandbox, status=429, retry_after=1)
    await channel.send("501", BACK, Lane.REPLY)
    assert len(await ann.messages()) == 1
    first, second = await requests(sandbox.driver, "sendMessage")
    assert second["t"] - first["t"] >= 1.0


async def test_every_request_to_a_chat_spends_a_turn(sandbox: Sandbox, ann: Customer) -> None:
    slept: list[float] = []
    time = 0.0

    async def sleep(seconds: float) -> None:
        nonlocal time
        slept.append(seconds)
        time += seconds

    pacer = Pacer(30, burst=10, rate_of=telegram_rate, clock=lambda: time, sleep=sleep)
    application = build_application(TOKEN, sandbox.telegram_api_url, PacedRequests(pacer))
    await application.initialize()
    channel = TelegramChannel(application.bot)
    ref = await channel.send(str(ann.id), BACK, Lane.REPLY)
    await channel.edit("501", ref, TelegramHtml("one"), Lane.REPLY)
    await channel.send_document("501", "a.json", b"{}", TelegramHtml("two"), Lane.REPLY)
    assert slept == []  # the burst of a chat
    await channel.send("501", TelegramHtml("four"), Lane.REPLY)
    assert sum(slept) == pytest.approx(1.0)
    await application.shutdown()


async def test_refused_markup_arrives_as_plain_text_and_is_complained_about(
    channel: TelegramChannel, ann: Customer, complaints: list[str]
) -> None:
    broken = TelegramHtml("<b>Salt &amp; pepper", BACK.rows)
    with capture_logs() as logs:
        ref = await channel.send("501", broken, Lane.RESTOCK)
        await channel.edit("501", ref, TelegramHtml("<i>gone"), Lane.EDIT)
    (message,) = await ann.messages()
    assert message["text"] == "gone"
    assert [entry["log_level"] for entry in logs] == ["warning", "warning"]
    assert len(complaints) == 2
    assert all("parse entities" in reason for reason in complaints)


async def test_a_complaint_that_fails_keeps_the_message_unsent(
    sandbox: Sandbox, pacer: Pacer, ann: Customer
) -> None:
    async def broken(reason: str) -> None:
        raise OSError(reason)

    application = build_application(TOKEN, sandbox.telegram_api_url, PacedRequests(pacer))
    await application.initialize()
    with pytest.raises(OSError, match="parse entities"):
        await TelegramChannel(application.bot, broken).send(
            "501", TelegramHtml("<b>x"), Lane.RESTOCK
        )
    await application.shutdown()
    assert await ann.messages() == []


async def test_missing_rights_are_not_tried_twice(
    sandbox: Sandbox, channel: TelegramChannel, ann: Customer
) -> None:
    words = "Bad Request: not enough rights to send text messages to the chat"
    await fail(sandbox, status=400, description=words)
    with pytest.raises(Rejected):
        await channel.send(str(ann.id), BACK, Lane.ALERT)
    assert len(await requests(sandbox.driver, "sendMessage")) == 1


def test_plain_text_keeps_the_words_and_the_buttons_that_cannot_be_refused() -> None:
    text = plain(TelegramHtml("<b>Salt</b> &amp; <a href='x'>pepper</a>" + "x" * 5000, BACK.rows))
    assert text.text.startswith("Salt & pepper")
    assert text.text.endswith("x\n…")
    assert len(text.text) == 4096
    assert [button.data for row in text.rows for button in row] == ["rm:1"]


async def test_a_file_arrives_with_its_name_and_text(
    channel: TelegramChannel, ann: Customer
) -> None:
    caption = TelegramHtml("<b>Yours</b>")
    await channel.send_document("501", "my-data.json", b'{"a": 1}', caption, Lane.REPLY)
    (message,) = await ann.messages()
    assert message["document"]["file_name"] == "my-data.json"
    assert message["html"] == "<b>Yours</b>"


async def test_a_press_is_answered_and_one_that_is_too_old_is_no_error(
    channel: TelegramChannel, ann: Customer
) -> None:
    await channel.send("501", BACK, Lane.REPLY)
    press = await ann.press("Stop")
    assert await channel.answer_press(press["callback_query_id"], "Stopped " + "x" * 300)
    assert (await ann.wait_for_toast("Stopped"))["toast"].startswith("Stopped")
    assert not await channel.answer_press("12345", "too late")
