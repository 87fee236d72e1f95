"""The whole bot in this process, at a sandbox: one loop, so that a test can look inside."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bot import settings_loading
from bot.app.opening import now, opened
from bot.app.running import App
from bot.app.ways import KNOWN
from bot.sandbox.server import Sandbox
from bot.settings import Settings
from tests.support.clock import Clock
from tests.support.process import settings_for
from tests.support.shop import Shop

ALERTS = "C1"


def bot_settings(sandbox: Sandbox, folder: Path, **more: object) -> Settings:
    given = {name.lower(): value for name, value in settings_for(sandbox).items()}
    return settings_loading.load(
        KNOWN,
        **{
            "_env_file": None,
            "database_url": f"sqlite:///{folder}/shop.db",
            "slack_alert_channel": ALERTS,
            "admins": "slack:U1",
            **given,
            **more,
        },
    )


@asynccontextmanager
async def running(sandbox: Sandbox, found: Settings, kind: type[App] = App) -> AsyncIterator[Shop]:
    """Start the bot, hand out its shop, stop it and see that it stops."""
    async with opened(found) as base:
        app = kind(base, asyncio.Event())
        task = asyncio.create_task(app.run())
        try:
            await sandbox.driver.wait_until_listening()
            yield Shop(base.database, base.services.ground.vault, Clock(now()), base.services)
        finally:
            app.stop.set()
            await asyncio.wait_for(task, 15)
