"""The way out to Telegram, on the wire."""

from typing import Any

import pytest

from bot.channels.pacer import Pacer, telegram_rate
from bot.channels.telegram import TelegramChannel, plain
from bot.channels.telegram_limits import PacedRequests
from bot.domain.forms import Button, TelegramHtml
from bot.domain.notices import Lane
from bot.domain.sending import (
    Moved,
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


async def test_a_group_that_became_a_supergroup_names_its_new_address(
    sandbox: Sandbox, channel: TelegramChannel
) -> None:
    group = await sandbox.telegram.group("Staff")
    new = await group.migrate()
    with pytest.raises(Moved) as moved:
        await channel.send(str(group.id), BACK, Lane.ALERT)
    assert moved.value.new_address == str(new.id)


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
