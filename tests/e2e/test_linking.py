"""Somebody with two Telegram accounts and one in Slack becomes one person, with the whole bot at
the sandbox: one place in the line, one message, and /forget in one erases all."""

import asyncio
import re
import socket as sockets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.app.opening import now, opened
from bot.app.running import App
from bot.domain.joining import ALPHABET
from bot.sandbox.server import Sandbox
from bot.sandbox.slack_driver import SlackUser
from bot.sandbox.telegram_driver import Customer
from bot.settings import Settings
from tests.support.clock import Clock
from tests.support.shop import Shop

FORGED = "12K7-Q3MX-D9P2"
CODE = re.compile(rf"[{ALPHABET}]{{4}}-[{ALPHABET}]{{4}}-[{ALPHABET}]{{3,4}}")


def free_port() -> int:
    with sockets.socket() as socket:
        socket.bind(("127.0.0.1", 0))
        port: int = socket.getsockname()[1]
        return port


@dataclass
class Story:
    """Mei in Telegram, at work in Telegram and in Slack; Tom; and a shop with mugs sold out."""

    sandbox: Sandbox
    shop: Shop
    mei: Customer
    work: Customer
    tom: Customer
    slack: SlackUser
    admin: SlackUser

    async def settled(self) -> None:
        """Until the outbox is empty."""
        committed = asyncio.Event()
        self.shop.database.after_commit.append(committed.set)
        async with asyncio.timeout(10):
            while [row for row in await self.shop.rows("notice") if row.settled_at is None]:
                await committed.wait()
                committed.clear()

    async def whole(self) -> None:
        """All three of Mei are one, by a code in each direction."""
        await self.mei.say("/link")
        code = CODE.search((await self.mei.wait_for("/stock link"))["text"])
        assert code is not None
        await self.slack.command(f"/stock link {code.group().lower()}", channel="C1")
        await self.slack.wait_for("you are one person now")
        await self.mei.wait_for("Your code was given in Slack")
        await self.slack.command("/stock link", channel="C1")
        code = CODE.search(str(await self.slack.wait_for("/link")))
        assert code is not None
        await self.work.say(f"/link {code.group()}")
        await self.work.wait_for("you keep place 1")


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as running:
        await running.slack.user("U1", "ada")
        await running.slack.user("U0MEI", "mei")
        await running.slack.channel("C1", "warehouse")
        yield running


@pytest.fixture
async def story(sandbox: Sandbox, tmp_path: Path, empty_url: str) -> AsyncIterator[Story]:
    settings = Settings.model_validate(
        {
            "database_url": empty_url,
            "personal_data_keys": "A" * 43,
            "telegram_bot_token": "123456:SANDBOX",
            "telegram_api_url": sandbox.telegram_api_url,
            "slack_bot_token": "xoxb-sandbox",
            "slack_app_token": "xapp-sandbox",
            "slack_api_url": sandbox.slack_api_url,
            "slack_alert_channel": "C1",
            "admins": "slack:U1",
            "http_port": free_port(),
        }
    )
    async with AsyncExitStack() as stack:
        base = await stack.enter_async_context(opened(settings))
        app = App(base, asyncio.Event())
        running = asyncio.create_task(app.run())
        shop = Shop(base.database, base.services.ground.vault, Clock(now()), base.services)
        await shop.product("MUG-BLUE", "Blue mug")
        await sandbox.driver.wait_until_listening()
        people, staff = sandbox.telegram, sandbox.slack
        mei = await people.customer("Mei", id=501)
        work = await people.customer("Mei at work", id=502)
        tom = await people.customer("Tom", id=503)
        yield Story(
            sandbox, shop, mei, work, tom, staff.user_by_id("U0MEI"), staff.user_by_id("U1")
        )
        app.stop.set()
        await asyncio.wait_for(running, 10)


async def waits(customer: Customer) -> None:
    await customer.say("/notify MUG-BLUE")
    await customer.wait_for("line")


async def told(customer: Customer) -> int:
    return sum("is back in stock" in message["text"] for message in await customer.messages())


async def test_one_person_has_one_place_and_gets_one_message(story: Story) -> None:
    for customer in (story.mei, story.tom, story.work):
        await waits(customer)
    await story.whole()
    await story.mei.say("/list")
    await story.mei.wait_for("place 1")
    await story.admin.command("/stock MUG-BLUE +5", channel="C1")
    await story.mei.wait_for("is back in stock")
    await story.tom.wait_for("is back in stock")
    await story.settled()
    assert [row.state for row in await story.shop.rows("subscription")] == ["told", "told", "ended"]
    assert [row.state for row in await story.shop.rows("notice") if row.restock_id] == ["sent"] * 2
    assert [await told(one) for one in (story.mei, story.tom, story.work)] == [1, 1, 0]


async def test_forget_in_one_erases_the_person_in_all(story: Story) -> None:
    for customer in (story.mei, story.tom, story.work):
        await waits(customer)
    await story.whole()
    await story.work.say("/forget")
    await story.work.press("Yes", await story.work.wait_for("Shall I erase"))
    await story.work.wait_for("is erased")
    left = [row for row in await story.shop.rows("contact") if row.kind == "person"]
    vault = story.shop.vault
    assert sorted(vault.open(row.address) for row in left) == ["503", "U1"]
    assert len(await story.shop.rows("person")) == 2
    await story.tom.say("/list")
    await story.tom.wait_for("place 1 in line")


async def test_undo_takes_it_back_where_the_code_was_sent_to(story: Story) -> None:
    for customer in (story.mei, story.tom, story.work):
        await waits(customer)
    await story.whole()
    await story.slack.command("/stock link undo", channel="C1")
    await story.slack.wait_for("you are two again")
    await story.mei.press("Undo", await story.mei.wait_for("Your code was given"))
    await story.mei.wait_for("you are two again")
    states = [(row.id, row.state) for row in await story.shop.rows("subscription")]
    assert states == [(1, "waiting"), (2, "waiting"), (3, "waiting")]
    assert {row.joined_id for row in await story.shop.rows("person")} == {None}


async def test_without_proof_nothing_is_joined(story: Story) -> None:
    await waits(story.mei)
    await story.tom.say(f"/link {FORGED}")
    await story.tom.wait_for("This code is not right, nothing was changed")
    await story.slack.command(f"/stock link {FORGED}", channel="C1")
    await story.slack.wait_for("This code is not right, nothing was changed")
    await story.mei.say("/link")
    code = CODE.search((await story.mei.wait_for("/stock link"))["text"])
    assert code is not None
    await story.mei.say(f"/link {code.group()}")
    await story.mei.wait_for("This is your own code")
    persons = [row.id for row in await story.shop.rows("person") if row.role is None]
    assert len(persons) == 3
    assert {row.joined_id for row in await story.shop.rows("person")} == {None}
