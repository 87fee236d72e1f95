"""Customers in Telegram with the whole bot, once by each way in: long polling and web hook."""

import asyncio
import socket as sockets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from bot.app.opening import now, opened
from bot.app.running import App
from bot.domain.contacts import Address, Caller
from bot.domain.ways import TELEGRAM
from bot.sandbox.server import Sandbox
from bot.settings import Settings
from tests.support.clock import Clock
from tests.support.shop import Shop

STAFF_GROUP = -4000
ADMIN = Caller(Address(TELEGRAM, "900"))


def free_port() -> int:
    with sockets.socket() as socket:
        socket.bind(("127.0.0.1", 0))
        port: int = socket.getsockname()[1]
        return port


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as running:
        await running.telegram.customer("Ada", id=900)
        await running.telegram.group("Staff", id=STAFF_GROUP)
        yield running


@pytest.fixture(params=["polling", "webhook"])
def settings(request: pytest.FixtureRequest, sandbox: Sandbox, tmp_path: Path) -> Settings:
    port = free_port()
    return Settings.model_validate(
        {
            "database_url": f"sqlite:///{tmp_path / 'shop.db'}",
            "telegram_bot_token": "123456:SANDBOX",
            "telegram_api_url": sandbox.telegram_api_url,
            "telegram_mode": request.param,
            "telegram_webhook_url": f"http://127.0.0.1:{port}/hooks/telegram",
            "telegram_webhook_secret": "a-long-secret",
            "telegram_alert_chats": str(STAFF_GROUP),
            "admins": "telegram:900",
            "http_port": port,
        }
    )


@pytest.fixture
async def shop(sandbox: Sandbox, settings: Settings) -> AsyncIterator[Shop]:
    """The running bot's shop, with mugs that are sold out."""
    async with AsyncExitStack() as stack:
        base = await stack.enter_async_context(opened(settings))
        app = App(base, asyncio.Event())
        task = asyncio.create_task(app.run())

        async def finish() -> None:
            app.stop.set()
            await asyncio.wait_for(task, 10)

        stack.push_async_callback(finish)
        await sandbox.driver.wait_until_listening(slack=False)
        services = base.services
        shop = Shop(base.database, services.ground.vault, Clock(now()), services)
        await shop.product("MUG-BLUE", "Blue mug")
        yield shop


async def stock(shop: Shop, text: str) -> None:
    await shop.stock(text, ADMIN)


async def test_who_waits_is_told_of_a_restock_and_answers_it(sandbox: Sandbox, shop: Shop) -> None:
    ann = await sandbox.telegram.customer("Ann")
    await ann.say("/notify mug-blue")
    asked = await ann.wait_for("first in line")
    await stock(shop, "MUG-BLUE +5")
    told = await ann.wait_for("back", after=asked["message_id"])
    await ann.press("bought:1", told)
    thanks = await ann.wait_for(lambda m: m["message_id"] == told["message_id"] and m["edits"])
    assert "undo:1" in str(thanks["reply_markup"])
    assert [row.state for row in await shop.rows("subscription")] == ["ended"]


async def test_why_under_a_restock_message_leaves_its_buttons(sandbox: Sandbox, shop: Shop) -> None:
    ann = await sandbox.telegram.customer("Ann")
    await ann.say("/notify mug-blue")
    asked = await ann.wait_for("first in line")
    await stock(shop, "MUG-BLUE +5")
    told = await ann.wait_for("back", after=asked["message_id"])
    await ann.press("why:1", told)
    await ann.wait_for("Blue mug", after=told["message_id"])
    (_, same, _) = await ann.messages()
    assert "bought:1" in str(same["reply_markup"])


async def test_an_alert_in_a_staff_group_is_acknowledged_and_edited(
    sandbox: Sandbox, shop: Shop
) -> None:
    group, ada = (
        sandbox.telegram.group_by_id(STAFF_GROUP),
        sandbox.telegram.customer_by_id(900),
    )
    await stock(shop, "MUG-BLUE +9")
    await stock(shop, "threshold MUG-BLUE 10")
    alert = await group.wait_for("MUG-BLUE")
    await group.press(f"ack:{(await shop.rows('alert'))[0].id}:1", alert, **{"from": ada.id})
    await group.wait_for(lambda m: m["message_id"] == alert["message_id"] and m["edits"])
    assert [row.state for row in await shop.rows("alert")] == ["acknowledged"]
    assert len(await group.messages()) == 1


async def test_alerts_follow_a_group_that_became_a_supergroup(sandbox: Sandbox, shop: Shop) -> None:
    new = await sandbox.telegram.group_by_id(STAFF_GROUP).migrate()
    await stock(shop, "MUG-BLUE +9")
    await stock(shop, "threshold MUG-BLUE 10")
    await new.wait_for("MUG-BLUE")


async def test_what_many_say_at_once_is_done_in_the_order_of_each(
    sandbox: Sandbox, shop: Shop
) -> None:
    people = [await sandbox.telegram.customer(f"C{number}") for number in range(10)]
    for person in people:
        await person.say("/notify MUG-BLUE")
        await person.say("/stop MUG-BLUE")
        await person.say("/notify MUG-BLUE 2")
    for person in people:
        await person.wait_until(
            lambda chat: len([m for m in chat["messages"] if m["from"] == "bot"]) == 3, 15
        )
    rows = await shop.rows("subscription")
    assert (
        sorted((row.state, row.quantity) for row in rows)
        == [("ended", 1)] * 10 + [("waiting", 2)] * 10
    )
