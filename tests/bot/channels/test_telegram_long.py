"""What is too long for one Telegram message, on the wire."""

from typing import Any

import pytest

from bot.channels.telegram import TelegramChannel
from bot.domain.forms import Button, TelegramHtml
from bot.domain.notices import Lane
from bot.domain.sending import InDoubt, RetryAfter
from bot.sandbox.server import Sandbox
from bot.sandbox.telegram_driver import Customer

ROWS = ((Button("Stop", data="rm:1"),),)


async def fail(sandbox: Sandbox, method: str = "sendMessage", **failure: Any) -> None:
    await sandbox.driver.faults(telegram={"fail_next": [{"method": method} | failure]})


async def test_a_long_text_becomes_messages_with_the_buttons_on_the_last(
    sandbox: Sandbox, channel: TelegramChannel, ann: Customer
) -> None:
    lines = [f"Mug {number} & saucer" for number in range(500)]
    text = "\n".join(f"<b>Mug {number}</b> &amp; saucer" for number in range(500))
    ref = await channel.send("501", TelegramHtml(text, ROWS), Lane.ALERT)
    messages = await ann.messages()
    assert 1 < len(messages) <= 3
    assert [line for message in messages for line in message["text"].splitlines()] == lines
    assert [bool(message["reply_markup"]) for message in messages] == [False] * (
        len(messages) - 1
    ) + [True]
    assert ref == str(messages[-1]["message_id"])
    rings = [
        r["params"].get("disable_notification")
        for r in await sandbox.driver.log(method="sendMessage")
    ]
    assert [str(silent).lower() for silent in rings] == ["true"] * (len(rings) - 1) + ["none"]


async def test_a_very_long_text_becomes_a_file_under_a_message_that_begins_like_it(
    sandbox: Sandbox, channel: TelegramChannel, ann: Customer
) -> None:
    lines = [f"Mug {number} & saucer" for number in range(2_000)]
    text = "\n".join(f"<b>Mug {number}</b> &amp; saucer" for number in range(2_000))
    ref = await channel.send("501", TelegramHtml(text, ROWS), Lane.ALERT)
    file, message = await ann.messages()
    assert file["document"]["file_name"] == "message.txt"
    assert file["document"]["size"] == len("\n".join(lines).encode())
    assert message["text"].startswith("Mug 0 & saucer\nMug 1 & saucer\n")
    assert message["text"].endswith("saucer\n…")
    assert message["reply_markup"]
    await channel.edit("501", ref, TelegramHtml("over"), Lane.EDIT)
    assert (await ann.messages())[-1]["text"] == "over"


async def test_when_the_rest_of_a_long_text_cannot_leave_the_whole_is_in_doubt(
    sandbox: Sandbox, channel: TelegramChannel, ann: Customer
) -> None:
    await fail(sandbox, "sendDocument", status=429, retry_after=30)
    long = TelegramHtml("one more line\n" * 2_000)
    with pytest.raises(RetryAfter):  # nothing has left yet
        await channel.send("501", long, Lane.ALERT)
    await fail(sandbox, status=429, retry_after=30)
    ben = await sandbox.telegram.customer("Ben", id=502)
    await ben.start()
    with pytest.raises(InDoubt, match="part 2 of 2"):
        await channel.send("502", long, Lane.ALERT)


async def test_an_edit_that_became_too_long_shows_its_beginning(
    channel: TelegramChannel, ann: Customer
) -> None:
    ref = await channel.send("501", TelegramHtml("short"), Lane.RESTOCK)
    await channel.edit("501", ref, TelegramHtml("<b>one more line</b>\n" * 500, ROWS), Lane.EDIT)
    (message,) = await ann.messages()
    assert message["text"].endswith("one more line\n…")
    assert message["reply_markup"]


async def test_a_caption_is_cut_and_refused_markup_in_it_goes(
    channel: TelegramChannel, ann: Customer, complaints: list[str]
) -> None:
    await channel.send_document("501", "a.txt", b"a", TelegramHtml("word " * 500), Lane.REPLY)
    await channel.send_document("501", "a.txt", b"a", TelegramHtml("<b>yours"), Lane.REPLY)
    long, plain_one = await ann.messages()
    assert len(long["text"]) <= 1024
    assert long["text"].endswith("…")
    assert plain_one["text"] == "yours"
    assert len(complaints) == 1
