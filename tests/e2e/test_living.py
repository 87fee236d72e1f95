"""A restock message over time, as customers see it, with the whole bot at the sandbox."""

from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.domain.contacts import Address, Caller
from bot.domain.ways import SLACK
from bot.sandbox.server import Sandbox
from bot.sandbox.telegram_driver import Customer
from tests.support.live import bot_settings, running
from tests.support.shop import Shop

ZONE = "Asia/Shanghai"
STAFF = Caller(Address(SLACK, "U1"))
LINK = "https://shop.example/mug"


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as running_sandbox:
        await running_sandbox.slack.user("U1", name="ada")
        await running_sandbox.slack.channel("C1", name="stock-alerts")
        yield running_sandbox


@pytest.fixture
async def shop(sandbox: Sandbox, tmp_path: Path) -> AsyncIterator[Shop]:
    async with running(sandbox, bot_settings(sandbox, tmp_path, shop_timezone=ZONE)) as shop:
        await shop.product("MUG", "Blue mug", url=LINK)
        yield shop


async def told(shop: Shop, *people: Customer) -> list[dict[str, Any]]:
    """Each waits and is told of twenty mugs, a minute ago."""
    for person in people:
        await person.say("/notify MUG")
        await person.wait_for("line")
    await shop.stock("MUG +20", STAFF)
    messages = [await person.wait_for("is back in stock") for person in people]
    async with shop.database.write() as tx:
        await tx.exec_driver_sql("UPDATE message SET created_at = created_at - 60000000")
    return messages


async def test_a_message_says_few_left_then_sold_out_with_the_time_and_the_place(
    sandbox: Sandbox, shop: Shop
) -> None:
    ann, ben = [await sandbox.telegram.customer(name) for name in ("Ann", "Ben")]
    _, message = await told(shop, ann, ben)

    await shop.stock("MUG =4 sold", STAFF)
    few = await ben.wait_for("Only 4 left at")
    assert few["message_id"] == message["message_id"]
    assert LINK in str(few["reply_markup"])
    assert "bought:" in str(few["reply_markup"])

    await shop.stock("MUG =0 sold", STAFF)
    gone = await ben.wait_for("Sold out again at")
    async with shop.database.read() as tx:
        rows = await tx.exec_driver_sql("SELECT max(closed_at) FROM restock")
        closed = datetime.fromtimestamp(rows.scalar_one() / 1e6, ZoneInfo(ZONE))
    assert closed.strftime("%H:%M") in gone["text"]
    assert "You keep place 2." in gone["text"]
    assert LINK not in str(gone["reply_markup"])
    assert (gone["message_id"], gone["edits"]) == (message["message_id"], 2)
    assert len(await ben.messages()) == 2  # the answer to /notify and this one


async def test_what_was_pressed_stays_and_the_others_see_how_it_went_on(
    sandbox: Sandbox, shop: Shop
) -> None:
    ann, ben = [await sandbox.telegram.customer(name) for name in ("Ann", "Ben")]
    message, _ = await told(shop, ann, ben)
    await ann.press("bought:1", message)
    thanks = await ann.wait_for(lambda m: m["message_id"] == message["message_id"] and m["edits"])

    await shop.stock("MUG =4 sold", STAFF)
    await ben.wait_for("Only 4 left at")
    await shop.stock("MUG =0 sold", STAFF)
    assert "You keep place 1." in (await ben.wait_for("Sold out again at"))["text"]
    (_, still) = await ann.messages()
    assert (still["text"], still["edits"]) == (thanks["text"], 1)


async def test_why_says_what_the_message_was_changed_to(sandbox: Sandbox, shop: Shop) -> None:
    ann = await sandbox.telegram.customer("Ann")
    await told(shop, ann)
    await shop.stock("MUG =0 sold", STAFF)
    await ann.wait_for("Sold out again at")
    await ann.say("/why MUG")
    why = await ann.wait_for("How it stands")
    assert "it is back: delivered; edited at" in why["text"]
    assert "gone again" in why["text"]
