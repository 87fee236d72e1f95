"""Staff in Slack with the whole bot: typed, pressed, told. Once by each way in."""

import asyncio
import socket as sockets
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from bot.app.opening import now, opened
from bot.app.running import App
from bot.sandbox.server import Sandbox
from bot.settings import Settings
from tests.support.clock import Clock
from tests.support.shop import Shop

ALERTS = "stock-alerts"
Start = Callable[[], AbstractAsyncContextManager[App]]


def free_port() -> int:
    with sockets.socket() as socket:
        socket.bind(("127.0.0.1", 0))
        port: int = socket.getsockname()[1]
        return port


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as sandbox:
        await sandbox.slack.user("U1", "ada")
        await sandbox.slack.channel("C1", "warehouse")
        await sandbox.slack.channel("C2", ALERTS)
        yield sandbox


@pytest.fixture(params=["socket", "http"])
def settings(request: pytest.FixtureRequest, sandbox: Sandbox, tmp_path: Path) -> Settings:
    return Settings.model_validate(
        {
            "database_url": f"sqlite:///{tmp_path / 'shop.db'}",
            "slack_bot_token": "xoxb-sandbox",
            "slack_app_token": "xapp-sandbox",
            "slack_signing_secret": "sandbox-secret",
            "slack_api_url": sandbox.slack_api_url,
            "slack_mode": request.param,
            "slack_alert_channel": f"#{ALERTS}",
            "admins": "slack:U1",
            "http_port": free_port(),
        }
    )


@pytest.fixture
def start(settings: Settings) -> Start:
    @asynccontextmanager
    async def running() -> AsyncIterator[App]:
        async with opened(settings) as base:
            app = App(base, asyncio.Event())
            task = asyncio.create_task(app.run())
            try:
                yield app
            finally:
                app.stop.set()
                await asyncio.wait_for(task, 10)

    return running


async def reachable(sandbox: Sandbox, settings: Settings) -> None:
    if settings.slack_mode == "socket":
        await sandbox.driver.wait_until_listening(telegram=False)
        return
    root = f"http://127.0.0.1:{settings.http_port}"
    async with aiohttp.ClientSession() as session, asyncio.timeout(10):
        while True:
            try:
                async with session.get(f"{root}/healthz"):
                    break
            except aiohttp.ClientConnectorError:
                await asyncio.sleep(0)
    await sandbox.slack.config(request_url=f"{root}/slack/events")


async def stocked(app: App) -> Shop:
    """A shop with 20 blue mugs, as an import would leave it."""
    services = app.base.services
    shop = Shop(app.base.database, services.ground.vault, Clock(now()), services)
    await shop.product("MUG-BLUE", "Blue mug")
    return shop


async def test_low_stock_is_told_acknowledged_and_edited_when_it_is_over(
    sandbox: Sandbox, settings: Settings, start: Start
) -> None:
    async with start() as app:
        await reachable(sandbox, settings)
        await stocked(app)
        ada, alerts = sandbox.slack.user_by_id("U1"), sandbox.slack.channel_by_id("C2")
        await ada.command("/stock MUG-BLUE +20 delivery", channel="C1")
        await ada.wait_for("20")
        await ada.command("/stock threshold MUG-BLUE 10 clear 14", channel="C1")
        await ada.wait_for("14")
        await ada.command("/stock MUG-BLUE －12", channel="C1")
        alert = await alerts.wait_for("MUG-BLUE")
        await ada.press("alert_ack", alert)
        seen = await alerts.wait_for(lambda m: m["edits"] and "<@U1>" in str(m))
        await ada.command("/stock MUG-BLUE +12", channel="C1")
        over = await alerts.wait_for(lambda m: m["edits"] > seen["edits"])
        assert over["ts"] == alert["ts"]
        assert len(await alerts.messages()) == 1


async def test_the_modal_writes_and_answers(
    sandbox: Sandbox, settings: Settings, start: Start
) -> None:
    async with start() as app:
        await reachable(sandbox, settings)
        shop = await stocked(app)
        ada = sandbox.slack.user_by_id("U1")
        await ada.command("/stock MUG-BLUE", channel="C1")
        await ada.press("stock_adjust", await ada.wait_for("MUG-BLUE"))
        assert (await ada.submit({"mode": "add", "quantity": "many"}))["errors"]
        assert (await ada.submit({"mode": "add", "quantity": "6"}))["closed"]
        await ada.wait_for(lambda m: "stock_undo" in str(m["blocks"]))
        [move] = await shop.rows("move")
        assert (move.quantity, move.source) == (6, "slack")


async def test_slack_being_away_at_the_start_stops_nothing_else(
    sandbox: Sandbox, settings: Settings, start: Start
) -> None:
    fault = {"method": "*", "status": 500, "times": 3}
    await sandbox.driver.faults(slack={"fail_next": [fault]})
    async with start() as app:
        await stocked(app)
        await reachable(sandbox, settings)
        await sandbox.driver.clear_faults()
        ada = sandbox.slack.user_by_id("U1")
        assert (await ada.command("/stock MUG-BLUE +5", channel="C1"))["acked"]
        await ada.wait_for("5")
