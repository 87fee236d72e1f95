"""Telegram as a part of the bot: it comes up when Telegram does, and stops at once."""

import asyncio

import pytest

from bot.channels.pacer import Pacer
from bot.channels.telegram_limits import PacedRequests
from bot.sandbox.server import Sandbox
from handlers.telegram.build import build_application
from handlers.telegram.connection import Connection
from handlers.telegram.part import TelegramPart
from handlers.telegram.poll import Poller
from handlers.telegram.setup import Profile
from handlers.telegram.waiting import TokenRefused
from tests.handlers.telegram.conftest import TOKEN, Kept, running
from tests.handlers.telegram.live import quick, view_of
from tests.support.shop import Shop


def part_of(sandbox: Sandbox, shop: Shop, kept: Kept, token: str = TOKEN) -> TelegramPart:
    limits = PacedRequests(Pacer(1000, burst=1000))
    application = build_application(token, sandbox.telegram_api_url, limits)
    bot = application.bot
    poller = Poller(bot, kept.accept_many, quick())
    return TelegramPart(
        Connection(application, quick()), poller, Profile(bot, view_of(shop), quick())
    )


async def test_it_waits_for_telegram_to_come_up(sandbox: Sandbox, shop: Shop, kept: Kept) -> None:
    failures = [
        {"method": "getMe", "status": 502, "times": 2},
        {"method": "getMe", "drop_before": True},
        {"method": "deleteWebhook", "status": 500, "times": 2},
    ]
    await sandbox.driver.faults(telegram={"fail_next": failures})
    ann = await sandbox.telegram.customer("Ann")
    await ann.say("/list")
    part = part_of(sandbox, shop, kept)
    async with running(part):
        assert len(await kept.wait_for(1)) == 1
    await part.close()


async def test_it_stops_at_once_while_telegram_is_down(
    sandbox: Sandbox, shop: Shop, kept: Kept
) -> None:
    failures = [{"method": "*", "status": 502, "times": -1}]
    await sandbox.driver.faults(telegram={"fail_next": failures})
    part = part_of(sandbox, shop, kept)
    async with running(part):
        await sandbox.driver.wait_for_requests("getMe", 2)
    await part.close()


async def test_a_refused_token_is_told_in_words_for_the_owner(
    sandbox: Sandbox, shop: Shop, kept: Kept
) -> None:
    part = part_of(sandbox, shop, kept, "999:WRONG")
    with pytest.raises(TokenRefused, match="@BotFather"):
        await part.run(asyncio.Event())
    await part.close()


async def test_a_command_menu_that_fails_does_not_keep_the_bot_from_listening(
    sandbox: Sandbox, shop: Shop, kept: Kept
) -> None:
    failures = [{"method": "setMyCommands", "status": 502, "times": -1}]
    await sandbox.driver.faults(telegram={"fail_next": failures})
    ann = await sandbox.telegram.customer("Ann")
    await ann.say("/list")
    part = part_of(sandbox, shop, kept)
    async with running(part):
        await kept.wait_for(1)
    await part.close()
