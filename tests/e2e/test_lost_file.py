"""The database's file is taken away from a running bot."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from bot.sandbox.server import Sandbox
from tests.support.network import free_port
from tests.support.process import BotProcess, settings_for


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as running:
        await running.slack.user("U1", name="ann")
        await running.slack.channel("C1", name="stock")
        yield running


class Asked:
    """What /healthz says."""

    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}/healthz"

    async def until(self, status: int, words: str) -> None:
        async with asyncio.timeout(60), aiohttp.ClientSession() as session:
            while True:
                async with session.get(self._url) as answer:
                    if answer.status == status and words in await answer.text():
                        return


@pytest.mark.promises
async def test_a_shop_whose_file_is_gone_is_red_and_never_begins_empty(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    port = free_port()
    env = settings_for(sandbox, HTTP_PORT=str(port), ADMINS="slack:U1")
    database, away = tmp_path / "data/stockbell.db", tmp_path / "away.db"
    bot, health = BotProcess(tmp_path, env), Asked(port)
    async with bot:
        await bot.wait_until_listening(sandbox.driver)
        await health.until(200, "")
        database.rename(away)
        await health.until(503, "was moved or deleted; put it back")
        customer = await sandbox.telegram.customer("Emma")
        await customer.say("/start")
        away.rename(database)
        await health.until(200, "")
        await customer.wait_for("Our shop")
        database.unlink()
        await health.until(503, "was moved or deleted")
    assert not database.exists()
    assert bot.text.count("the database cannot be used") == 2
    assert "Traceback" not in bot.text
    for command in (("-m", "bot", "run"), ("-m", "bot", "check"), ("-m", "bot", "export")):
        again = BotProcess(tmp_path, env, command=command, name=command[-1])
        await again.start()
        assert await again.wait() == 1
        assert "stockbell.db.key" in again.text
        assert "To begin an empty shop on purpose" in again.text
        assert "Traceback" not in again.text
    assert not database.exists()
