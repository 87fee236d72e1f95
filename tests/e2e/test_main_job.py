"""The product's main job, as people see it, on whatever bot answers behind a base URL.

STOCKBELL_BASE_URL names a running demo (or any bot at a sandbox); without it the demo is started.
Every run makes its own customer and can be repeated on the same shop.
"""

import os
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.driver import Driver
from bot.sandbox.telegram_driver import Customer
from tests.support.process import BotProcess

Json = dict[str, Any]


@pytest.fixture
async def driver(tmp_path: Path) -> AsyncIterator[Driver]:
    if given := os.environ.get("STOCKBELL_BASE_URL"):
        async with Driver(given) as driver:
            yield driver
        return
    command = ("-m", "bot", "demo", "--no-open", "--port", "0")
    async with BotProcess(tmp_path, {}, command=command) as demo:
        written = await demo.wait_for_output("demo is at", timeout=30)
        found = re.search(r"http://\S+", written)
        assert found is not None
        async with Driver(found.group()) as driver:
            yield driver


@pytest.fixture
async def shop(driver: Driver) -> Json:
    """What the demo's tour is about, brought to where the story begins."""
    plan: Json = (await driver.get("tour"))["steps"]
    staff = driver.slack.user_by_id(plan["staff"])
    await staff.command(f"/stock {plan['sold_out_sku']} =0", plan["channel"])
    await staff.wait_for(plan["sold_out_sku"])
    await staff.command(f"/stock {plan['low_sku']} =50 count", plan["channel"])
    await staff.wait_for(plan["low_sku"])
    return plan


def newest(messages: list[Json]) -> int:
    return max((message["message_id"] for message in messages), default=0)


async def subscribe(customer: Customer, sku: str) -> None:
    await customer.say(f"/notify {sku}")
    await customer.wait_for("line")


async def test_a_customer_who_waits_is_told_and_staff_are_told_when_it_runs_low(
    driver: Driver, shop: Json
) -> None:
    emma = await driver.telegram.customer("Emma")
    staff = driver.slack.user_by_id(shop["staff"])
    channel = driver.slack.channel_by_id(shop["channel"])
    await subscribe(emma, shop["sold_out_sku"])

    before = newest(await emma.messages())
    answer = await staff.command(f"/stock {shop['sold_out_sku']} +5 delivery", shop["channel"])
    assert answer["acked"]
    told = await emma.wait_for("is back in stock", timeout=20, after=before)
    assert told["pings"]
    labels = [b["text"] for row in told["reply_markup"]["inline_keyboard"] for b in row]
    assert any("bought" in label for label in labels)

    await staff.command(f"/stock {shop['sold_out_sku']} =0 sold", shop["channel"])
    edited = await emma.wait_for(
        lambda m: m["message_id"] == told["message_id"] and "Sold out" in m["text"], timeout=20
    )
    assert "place" in edited["text"]

    seen = max((m["ts"] for m in await channel.messages()), default="")
    await staff.command(f"/stock {shop['low_sku']} =5 count", shop["channel"])
    alert = await channel.wait_for(lambda m: "Low stock" in m["text"], timeout=20, after=seen)
    await staff.command(f"/stock {shop['low_sku']} -1 sold", shop["channel"])
    edited = await channel.wait_for(
        lambda m: m["ts"] == alert["ts"] and "4 available" in m["text"], timeout=20
    )
    await staff.press("Acknowledge", edited)
    await channel.wait_for(
        lambda m: m["ts"] == alert["ts"] and "Acknowledged by" in str(m["blocks"]), timeout=20
    )
    copies = [m for m in await channel.messages() if m["ts"] > seen and "Low stock" in m["text"]]
    assert len(copies) == 1
