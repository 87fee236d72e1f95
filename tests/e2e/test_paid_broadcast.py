"""A shop that pays for many messages: the bot over aiohttp, inside both limits of Telegram."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.channels.telegram_limits import FREE_BROADCAST
from bot.domain.contacts import Address, Caller
from bot.domain.ways import SLACK
from bot.sandbox.server import Sandbox
from tests.support.live import bot_settings, running
from tests.support.shop import Shop

ADMIN = Caller(Address(SLACK, "U1"))
PEOPLE = 60


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as sandbox:
        await sandbox.slack.user("U1", name="ada")
        await sandbox.driver.faults(telegram={"limits": True})
        yield sandbox


@pytest.fixture
def without_httpx(monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("this request went over httpx")

    monkeypatch.setattr(httpx.AsyncClient, "request", refuse)


async def everybody_told(sandbox: Sandbox, shop: Shop) -> list[dict[str, Any]]:
    """The requests that told the crowd of a restock."""
    await shop.product("MUG")
    for chat in sandbox.crowd(PEOPLE):
        await shop.notify(chat, "MUG")
    await shop.stock(f"MUG +{PEOPLE}", ADMIN)
    await sandbox.driver.wait_for_requests("sendMessage", count=PEOPLE, timeout=30)
    return await sandbox.driver.log(platform="telegram", method="sendMessage")


@pytest.mark.usefixtures("without_httpx")
async def test_what_goes_beyond_the_free_messages_is_paid_for_and_none_is_refused(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    paying = bot_settings(sandbox, tmp_path, telegram_paid_broadcast=True)
    async with running(sandbox, paying) as shop:
        told = await everybody_told(sandbox, shop)
        ann = await sandbox.telegram.customer("Ann")
        await ann.say("/help")
        await ann.wait_for("/notify", timeout=10)
    assert [request["status"] for request in told] == [200] * PEOPLE
    paid = [request for request in told if "allow_paid_broadcast" in request["params"]]
    assert 0 < len(paid) <= PEOPLE - FREE_BROADCAST


async def test_who_does_not_pay_pays_nothing(sandbox: Sandbox, tmp_path: Path) -> None:
    async with running(sandbox, bot_settings(sandbox, tmp_path)) as shop:
        told = await everybody_told(sandbox, shop)
    assert not any("allow_paid_broadcast" in request["params"] for request in told)
    assert [request["status"] for request in told] == [200] * PEOPLE
