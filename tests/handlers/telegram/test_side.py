"""Telegram as a part of the bot: it comes up when Telegram does, and stops at once."""

import asyncio

import pytest

from bot.channels.pacer import Pacer
from bot.channels.telegram import TelegramChannel
from bot.channels.telegram_limits import PacedRequests
from bot.sandbox.server import Sandbox
from handlers.telegram.build import build_application
from handlers.telegram.side import TelegramSide, build_telegram
from handlers.telegram.waiting import TokenRefused
from tests.handlers.telegram.conftest import TOKEN, Kept, running
from tests.handlers.telegram.live import quick, view_of
from tests.support.shop import Shop


def side_of(sandbox: Sandbox, shop: Shop, kept: Kept, token: str = TOKEN) -> TelegramSide:
    limits = PacedRequests(Pacer(1000, burst=1000))
    application = build_application(token, sandbox.telegram_api_url, limits)
    channel = TelegramChannel(application.bot)
    return build_telegram(
        application, shop.services, channel, view_of(shop), kept.accept_many, None, quick
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
    side = side_of(sandbox, shop, kept)
    async with running(side):
        assert len(await kept.wait_for(1)) == 1
    await side.close()


async def test_it_stops_at_once_while_telegram_is_down(
    sandbox: Sandbox, shop: Shop, kept: Kept
) -> None:
    failures = [{"method": "*", "status": 502, "times": -1}]
    await sandbox.driver.faults(telegram={"fail_next": failures})
    side = side_of(sandbox, shop, kept)
    assert side.username == ""
    async with running(side):
        await sandbox.driver.wait_for_requests("getMe", 2)
        assert side.username == ""  # the status page asks for it
    await side.close()


async def test_a_refused_token_is_told_in_words_for_the_owner(
    sandbox: Sandbox, shop: Shop, kept: Kept
) -> None:
    side = side_of(sandbox, shop, kept, "999:WRONG")
    with pytest.raises(TokenRefused, match="@BotFather"):
        await side.run(asyncio.Event())
    await side.close()


async def test_a_command_menu_that_fails_does_not_keep_the_bot_from_listening(
    sandbox: Sandbox, shop: Shop, kept: Kept
) -> None:
    failures = [{"method": "setMyCommands", "status": 502, "times": -1}]
    await sandbox.driver.faults(telegram={"fail_next": failures})
    ann = await sandbox.telegram.customer("Ann")
    await ann.say("/list")
    side = side_of(sandbox, shop, kept)
    async with running(side):
        await kept.wait_for(1)
    await side.close()
