"""On PostgreSQL a second process takes web hooks, and leads within seconds when the first is gone.

Telegram and Slack post to the one that stands by; both are processes of their own.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.sandbox.server import Sandbox
from bot.sandbox.slack_driver import SlackUser
from storage.lock import LEADER
from tests.support.databases import PostgresServer
from tests.support.network import free_port
from tests.support.process import BotProcess, settings_for

pytestmark = pytest.mark.promises

PATIENCE = 60.0  # seconds; machines that run tests are slow
TAKEN_OVER_WITHIN = 30.0
SECRET = "hook-secret"


@dataclass
class Pair:
    """`leader` leads; Telegram and Slack post to `standby`."""

    sandbox: Sandbox
    leader: BotProcess
    standby: BotProcess

    async def staff(self) -> SlackUser:
        return await self.sandbox.slack.user("U1", name="ann")


async def health(bot: BotProcess) -> tuple[int, dict[str, Any]]:
    url = f"http://127.0.0.1:{bot.env['HTTP_PORT']}/healthz"
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return answer.status, await answer.json()


async def page(bot: BotProcess) -> str:
    url = f"http://127.0.0.1:{bot.env['HTTP_PORT']}/"
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return await answer.text()


async def wait_for_role(bot: BotProcess, role: str) -> None:
    """Until /healthz says so; whoever is just starting refuses the connection."""
    async with asyncio.timeout(PATIENCE):
        while True:
            with suppress(aiohttp.ClientConnectionError):
                if (await health(bot))[1]["role"] == role:
                    return
            assert bot.running, bot.text
            await asyncio.sleep(0.05)  # nothing tells that another process listens


@asynccontextmanager
async def two(folder: Path, url: str) -> AsyncIterator[Pair]:
    hook_port = free_port()
    async with Sandbox() as sandbox:
        await sandbox.slack.channel("C1")
        env = settings_for(
            sandbox,
            DATABASE_URL=url,
            ADMINS="slack:U1",
            SLACK_ALERT_CHANNEL="C1",
            TELEGRAM_MODE="webhook",
            TELEGRAM_WEBHOOK_URL=f"http://127.0.0.1:{hook_port}/hook",
            TELEGRAM_WEBHOOK_SECRET=SECRET,
            SLACK_MODE="http",
        )
        await sandbox.slack.config(request_url=f"http://127.0.0.1:{hook_port}/slack/events")
        leader = BotProcess(folder, env | {"HTTP_PORT": str(free_port())}, name="leader")
        standby = BotProcess(folder, env | {"HTTP_PORT": str(hook_port)}, name="standby")
        async with leader:
            await wait_for_role(leader, "leader")
            async with standby:
                await wait_for_role(standby, "standby")
                yield Pair(sandbox, leader, standby)


@pytest.fixture
async def pair(tmp_path: Path, postgres: PostgresServer) -> AsyncIterator[Pair]:
    async with two(tmp_path, postgres.new()) as pair:
        yield pair
    postgres.drop()


async def import_stock(bot: BotProcess, lines: str) -> None:
    """As an operator does, beside both."""
    (bot.folder / "stock.csv").write_text(f"sku,quantity,name\n{lines}\n", "utf-8")
    command = ("-m", "bot", "import", "stock.csv", "--yes")
    done = BotProcess(bot.folder, bot.env, command=command, name="import")
    await done.start()
    assert await done.wait(PATIENCE) == 0, done.text


async def test_who_stands_by_says_so_and_is_well(pair: Pair) -> None:
    status, told = await health(pair.standby)
    assert (status, told["ok"], told["role"]) == (200, True, "standby")
    assert told["parts"] == {"http": "running", "database": "running"}
    assert "standby" in await page(pair.standby)
    assert (await health(pair.leader))[1]["role"] == "leader"


async def test_what_the_one_that_stands_by_takes_the_leader_works_off(pair: Pair) -> None:
    await import_stock(pair.standby, "MUG,3,Blue mug\nTEA,0,Green tea")
    customer = await pair.sandbox.telegram.customer("Emma")
    await customer.say("/notify TEA")
    await customer.wait_for("line", PATIENCE)
    ann = await pair.staff()
    answer = await ann.command("/stock TEA +5", channel="C1")
    assert answer["acked"]
    await ann.wait_for("+5", PATIENCE)
    await customer.wait_for("is back in stock", PATIENCE)
    assert "starting" not in pair.standby.text
    assert "Traceback" not in pair.standby.text + pair.leader.text


async def test_a_modal_is_opened_and_checked_by_the_one_that_stands_by(pair: Pair) -> None:
    await import_stock(pair.standby, "MUG,3,Blue mug")
    ann = await pair.staff()
    await ann.command("/stock MUG", channel="C1")
    await ann.wait_for("Blue mug", PATIENCE)
    await ann.press("stock_adjust", await ann.wait_for("MUG"))
    await ann.wait_for_modal(bool, PATIENCE)
    assert (await ann.submit({"mode": "add", "quantity": "many"}))["errors"]
    assert (await ann.submit({"mode": "add", "quantity": "4"}))["closed"]
    await ann.wait_for("+4", PATIENCE)


async def test_nothing_that_was_taken_while_nobody_led_is_lost(pair: Pair) -> None:
    await import_stock(pair.standby, "TEA,0,Green tea")
    ann = await pair.staff()
    customers = [await pair.sandbox.telegram.customer(f"C{n}") for n in range(10)]
    await pair.leader.kill()
    loop = asyncio.get_running_loop()
    died = loop.time()
    for customer in customers:
        await customer.say("/notify TEA")
    answer = await ann.command("/stock TEA threshold 4", channel="C1")
    assert answer["acked"]
    await wait_for_role(pair.standby, "leader")
    assert loop.time() - died <= TAKEN_OVER_WITHIN
    for customer in customers:
        await customer.wait_for("line", PATIENCE)
    status, told = await health(pair.standby)
    assert (status, told["parts"]["outbox telegram"]) == (200, "running")
    assert "Traceback" not in pair.standby.text


async def test_a_leader_that_loses_the_lock_stops_and_stands_by_again(
    pair: Pair, postgres: PostgresServer
) -> None:
    await import_stock(pair.standby, "TEA,0,Green tea")
    postgres.run(
        "SELECT pg_terminate_backend(pid) FROM pg_locks"
        f" WHERE locktype = 'advisory' AND objid = {LEADER} AND granted"
    )
    await wait_for_role(pair.standby, "leader")
    await wait_for_role(pair.leader, "standby")
    assert pair.leader.text.count("stopping") == 1
    assert "the database cut the connection" in pair.leader.text
    customer = await pair.sandbox.telegram.customer("Emma")
    await customer.say("/notify TEA")
    await customer.wait_for("line", PATIENCE)
    assert await pair.standby.terminate() == 0
    await wait_for_role(pair.leader, "leader")
    assert "Traceback" not in pair.leader.text + pair.standby.text


async def test_without_the_secret_or_the_signature_nothing_is_taken(pair: Pair) -> None:
    root = f"http://127.0.0.1:{pair.standby.env['HTTP_PORT']}"
    async with aiohttp.ClientSession() as session:
        for path, status in (("/hook", 403), ("/slack/events", 401)):
            async with session.post(f"{root}{path}", json={"update_id": 1}) as answer:
                assert answer.status == status
