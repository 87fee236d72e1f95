"""The bot as others see it, on the wire: a platform goes and comes back, health, metrics."""

import asyncio
import socket
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import aiohttp
import pytest

from bot.app import opening
from bot.domain.contacts import Address, Caller
from bot.domain.ways import SLACK
from bot.sandbox.server import Sandbox
from bot.sandbox.telegram_driver import Customer, Group
from bot.services.bundle import Services
from tests.support.live import bot_settings, running
from tests.support.shop import Shop

CUT = {"fail_next": [{"method": "*", "drop_before": True, "times": -1}]}
REFUSED = {"fail_next": [{"method": "auth.test", "error": "token_revoked", "times": -1}]}


ADA = Caller(Address(SLACK, "U1"))


class Ahead:
    """The real clock, and as much ahead of it as a test wants."""

    def __init__(self) -> None:
        self.by = timedelta()
        self._now = opening.now

    def __call__(self) -> datetime:
        return self._now() + self.by

    def forward(self, *, seconds: float) -> None:
        self.by += timedelta(seconds=seconds)


@pytest.fixture
def ahead(monkeypatch: pytest.MonkeyPatch) -> Ahead:
    clock = Ahead()
    monkeypatch.setattr(opening, "now", clock)
    return clock


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as sandbox:
        await sandbox.slack.user("U1", name="ada")
        await sandbox.slack.channel("C1", name="stock-alerts")
        yield sandbox


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


async def look(services: Services, ahead: Ahead, seconds: float) -> list[tuple[str, str]]:
    ahead.forward(seconds=seconds)
    return await services.watching.look()


async def told(group: Group) -> list[str]:
    return [message["text"] for message in await group.messages()]


async def test_the_staff_chat_in_telegram_is_told_once_that_slack_is_away_and_that_it_is_back(
    sandbox: Sandbox, tmp_path: Path, ahead: Ahead
) -> None:
    group = await sandbox.telegram.group("Staff")
    found = bot_settings(sandbox, tmp_path, telegram_alert_chats=str(group.id))
    async with running(sandbox, found) as shop:
        services = shop.services
        assert await look(services, ahead, 0) == []
        await sandbox.driver.faults(slack=CUT)
        assert await look(services, ahead, 15) == [("fault.platform_down:slack", "starts")]
        assert await look(services, ahead, 60) == [("fault.platform_down:slack", "fires")]
        await group.wait_for("Slack cannot be reached since")
        for _ in range(3):
            await look(services, ahead, 240)
        assert len(await told(group)) == 1
        await sandbox.driver.clear_faults()
        assert await look(services, ahead, 0) == [("fault.platform_down:slack", "recovers")]
        assert await look(services, ahead, 60) == [("fault.platform_down:slack", "over")]
        await group.wait_for("Slack answers again after 13 minutes")
        await sandbox.slack.channel_by_id("C1").wait_for("Slack answers again after 13 minutes")
        assert len(await told(group)) == 1  # the same message, edited
        assert len(await sandbox.slack.channel_by_id("C1").messages()) == 1
        await sandbox.driver.faults(slack=REFUSED)
        for _ in range(2):
            await look(services, ahead, 60)
        await group.wait_for("Slack does not accept the bot's token")
        assert len(await told(group)) == 2


async def test_a_token_that_is_refused_turns_healthz_red_until_it_is_taken_again(
    sandbox: Sandbox, tmp_path: Path, ahead: Ahead
) -> None:
    port = free_port()
    async with running(sandbox, bot_settings(sandbox, tmp_path, http_port=port)) as shop:
        await look(shop.services, ahead, 0)
        assert await healthz(port) == (200, None)
        await sandbox.driver.faults(slack=REFUSED)
        await look(shop.services, ahead, 60)
        assert await healthz(port) == (503, "refused")
        await sandbox.driver.clear_faults()
        await look(shop.services, ahead, 60)
        assert await healthz(port) == (200, None)


async def healthz(port: int) -> tuple[int, str | None]:
    """The status, and what is said of Slack's token."""
    async with (
        aiohttp.ClientSession() as client,
        client.get(f"http://127.0.0.1:{port}/healthz") as answer,
    ):
        return answer.status, (await answer.json())["parts"].get("slack token")


async def test_stock_health_does_not_count_the_command_that_asks(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    ada = await sandbox.slack.user("U1", name="ada")
    async with running(sandbox, bot_settings(sandbox, tmp_path)):
        await ada.command("/stock health")
        words = str((await ada.wait_for("All is well."))["blocks"])
        assert "Nothing waits to be sent." in words
        assert "to be worked off" not in words


async def test_stock_health_says_in_words_how_the_bot_is(sandbox: Sandbox, tmp_path: Path) -> None:
    ada = await sandbox.slack.user("U1", name="ada")
    async with running(sandbox, bot_settings(sandbox, tmp_path)) as shop:
        await shop.services.watching.look()
        await ada.command("/stock health")
        answer = await ada.wait_for("All is well.")
        words = str(answer["blocks"])
        for said in (
            "Telegram answers.",
            "Slack answers.",
            "Nothing waits to be sent.",
            "SQLite",
            "this process leads since",
            "30 messages a second",
        ):
            assert said in words


async def test_metrics_are_served_and_name_no_person_and_no_product(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    port = free_port()
    emma = await sandbox.telegram.customer("Emma", id=987654321)
    async with running(sandbox, bot_settings(sandbox, tmp_path, http_port=port)) as shop:
        await serve_one(emma, shop)
        async with (
            aiohttp.ClientSession() as client,
            client.get(f"http://127.0.0.1:{port}/metrics") as answer,
        ):
            assert answer.status == 200
            assert answer.content_type == "text/plain"
            page = await answer.text()
    for line in (
        "stockbell_leader 1.0",
        "stockbell_database_up 1.0",
        'stockbell_part_running{part="outbox telegram"} 1.0',
        'stockbell_pacer_messages_per_second{platform="telegram"} 30.0',
        'stockbell_arrivals_total{outcome="done",source="telegram"} 2.0',
        'stockbell_notice_seconds_count{lane="restock"} 1.0',
        'stockbell_notices_settled_total{lane="restock",platform="telegram",reason="delivered",'
        'state="sent"} 1.0',
        'stockbell_rate_limited_total{platform="slack"} 0.0',
    ):
        assert f"\n{line}\n" in page, line
    for secret in ("987654321", "Emma", "MUG", "Blue mug", "C1", "xoxb", "123456"):
        assert secret not in page


async def serve_one(emma: Customer, shop: Shop) -> None:
    """A customer is told of a restock."""
    await shop.product("MUG", "Blue mug")
    await emma.start()
    await emma.say("/notify MUG")
    await emma.wait_for("line")
    await shop.stock("MUG +5", ADA)
    await emma.wait_for("is back in stock")
    changed = asyncio.Event()
    shop.database.after_commit.append(changed.set)
    while any(row.settled_at is None for row in await shop.rows("notice")):
        await changed.wait()
        changed.clear()
