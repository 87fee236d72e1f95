"""Trouble by chance: seeded, held to its word, and seen in the log."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import timedelta

import aiohttp
import pytest
from telegram.error import NetworkError, RetryAfter

from bot.sandbox.chances import Chances
from bot.sandbox.connection import DriverError
from bot.sandbox.driver import Driver
from bot.sandbox.faults import DEFAULTS, Faults
from bot.sandbox.server import Sandbox
from tests.bot.sandbox.bots import TelegramBot

REFUSE = {"probability": 0.3, "retry_after": [1, 60]}


def fates(seed: int, order: list[str]) -> dict[tuple[str, int], int | None]:
    """What the requests meet, by chat and number; the number is the retry_after."""
    chances = Chances(DEFAULTS["telegram"] | {"seed": seed, "refuse": REFUSE})
    found: dict[tuple[str, int], int | None] = {}
    for place, chat in enumerate(order):
        failure = chances.fate("sendMessage", chat)
        key = (chat, order[:place].count(chat))
        found[key] = None if failure is None else failure.retry_after
    return found


def test_a_seed_says_what_each_request_of_a_chat_meets_in_whatever_order_they_come() -> None:
    order = [str(n) for n in range(100)] * 2
    assert fates(7, order) == fates(7, sorted(order))
    assert fates(7, order) != fates(8, order)
    waits = [seconds for seconds in fates(7, order).values() if seconds is not None]
    assert 30 < len(waits) < 90
    assert 1 <= min(waits) < 10
    assert 50 < max(waits) <= 60


def test_the_seed_given_again_throws_the_dice_from_the_beginning() -> None:
    faults = Faults()
    seen = []
    for _ in range(2):
        faults.merge({"telegram": {"seed": 3, "cut": {"probability": 0.5}}})
        seen.append([faults.take("telegram", "sendMessage", str(n)) for n in range(20)])
    assert seen[0] == seen[1]
    assert any(seen[0])


def test_chance_spares_the_methods_that_are_not_named() -> None:
    chances = Chances(DEFAULTS["slack"] | {"cut": {"probability": 1, "methods": ["chat.update"]}})
    assert chances.fate("chat.postMessage", "C1") is None
    assert chances.fate("chat.update", "C1") is not None


async def test_a_chat_that_was_refused_stays_refused_until_its_time_and_the_log_tells(
    sandbox: Sandbox, telegram_bot: TelegramBot
) -> None:
    chat, other = sandbox.crowd(2)
    failure = {"chat_id": chat, "status": 429, "retry_after": 1, "hold": True}
    await sandbox.driver.faults(telegram={"fail_next": [failure]})
    for _ in range(2):
        with pytest.raises(RetryAfter) as caught:
            await telegram_bot.api.send_message(chat, "x")
        assert caught.value.retry_after == timedelta(seconds=1)
    await telegram_bot.api.send_message(other, "nobody else is held")
    refused = [e for e in await sandbox.driver.log(method="sendMessage") if e["retry_after"]]
    assert [(e["chat"], e["retry_after"], e["status"]) for e in refused] == [
        (str(chat), 1, 429),
        (str(chat), 1, 429),
    ]
    await asyncio.sleep(refused[0]["t"] + 1.01 - time.monotonic())  # its time itself
    assert await telegram_bot.api.send_message(chat, "x")


async def test_answers_cut_by_chance_have_arrived_or_not_as_asked(
    sandbox: Sandbox, telegram_bot: TelegramBot
) -> None:
    for when, arrived in (("after", 1), ("before", 0)):
        (chat,) = sandbox.crowd(1)
        await sandbox.driver.faults(telegram={"cut": {"probability": 1, "when": when}})
        with pytest.raises(NetworkError):
            await telegram_bot.api.send_message(chat, "x")
        assert len(sandbox.told(chat)) == arrived


async def test_the_bucket_lets_its_capacity_through_and_then_its_rate(
    sandbox: Sandbox, telegram_bot: TelegramBot
) -> None:
    bucket = {"limits": True, "limit_kind": "bucket", "rate": 5, "capacity": 10}
    await sandbox.driver.faults(telegram=bucket)
    chats = sandbox.crowd(20)
    began = time.monotonic()
    sends = [telegram_bot.api.send_message(chat, "x") for chat in chats]
    results = await asyncio.gather(*sends, return_exceptions=True)
    passed = sum(not isinstance(result, RetryAfter) for result in results)
    assert 10 <= passed <= 10 + 5 * (time.monotonic() - began) + 1
    paid = await telegram_bot.api.send_message(chats[-1], "x", allow_paid_broadcast=True)
    assert paid.message_id


async def test_half_of_the_round_trip_comes_after_the_message_was_accepted(
    sandbox: Sandbox, telegram_bot: TelegramBot
) -> None:
    (chat,) = sandbox.crowd(1)
    await sandbox.driver.faults(telegram={"latency_ms": 200, "jitter_ms": 100, "seed": 1})
    began = time.monotonic()
    await telegram_bot.api.send_message(chat, "x")
    ended = time.monotonic()
    (entry,) = await sandbox.driver.log(method="sendMessage")
    assert ended - began >= 0.2
    assert entry["t_end"] - entry["t"] >= 0.1
    assert ended - entry["t_end"] >= 0.1


async def test_updates_to_a_web_hook_come_more_than_once_where_that_is_asked_for(
    sandbox: Sandbox,
) -> None:
    await sandbox.driver.faults(telegram={"redeliver": {"probability": 1, "times": [3, 3]}})
    customer = await sandbox.telegram.customer()
    await customer.say("hello")
    assert [p.times for p in sandbox.pending_updates] == [3]


@pytest.fixture
async def shut_house() -> AsyncIterator[Sandbox]:
    async with Sandbox(door=True) as sandbox:
        yield sandbox


async def test_a_shut_door_refuses_the_platforms_and_breaks_what_was_open(
    shut_house: Sandbox,
) -> None:
    url = f"{shut_house.telegram_api_url}/bot123456:SANDBOX/"
    async with aiohttp.ClientSession() as session, Driver(shut_house.url) as driver:
        polling = asyncio.create_task(session.get(url + "getUpdates", params={"timeout": "50"}))
        await driver.wait_until_listening(slack=False)
        await driver.post("door", {"open": False})
        with pytest.raises(aiohttp.ClientError):
            await polling
        with pytest.raises(aiohttp.ClientConnectorError):
            await session.get(url + "getMe")
        await driver.post("door", {"open": True})
        async with session.get(url + "getMe") as answer:
            assert answer.status == 200


async def test_without_a_door_there_is_nothing_to_shut(sandbox: Sandbox) -> None:
    with pytest.raises(DriverError, match="no port of their own"):
        await sandbox.driver.post("door", {"open": False})
