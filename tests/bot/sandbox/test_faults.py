"""Trouble on demand, and the log that counts what the bot really did."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from telegram.error import BadRequest, NetworkError, RetryAfter

from bot.sandbox.faults import Limits, Window
from bot.sandbox.server import Sandbox
from bot.sandbox.telegram_driver import Customer
from tests.bot.sandbox.bots import SlackBot, TelegramBot


@pytest.fixture
async def ann(sandbox: Sandbox) -> Customer:
    customer = await sandbox.telegram.customer("Ann")
    await customer.start()
    return customer


async def plan(sandbox: Sandbox, platform: str, **failure: Any) -> None:
    await sandbox.driver.faults(**{platform: {"fail_next": [failure]}})


async def test_a_planned_429_names_its_seconds_and_is_used_up(
    sandbox: Sandbox, telegram_bot: TelegramBot, ann: Customer
) -> None:
    await plan(sandbox, "telegram", method="sendMessage", status=429, retry_after=7, times=2)
    for _ in range(2):
        with pytest.raises(RetryAfter) as caught:
            await telegram_bot.api.send_message(ann.id, "x")
        assert caught.value.retry_after == timedelta(seconds=7)
    assert await telegram_bot.api.send_message(ann.id, "x")


async def test_a_failure_can_be_meant_for_one_chat_and_carry_its_words(
    sandbox: Sandbox, telegram_bot: TelegramBot, ann: Customer
) -> None:
    bob = await sandbox.telegram.customer("Bob")
    await bob.start()
    words = "Bad Request: made up"
    await plan(sandbox, "telegram", chat_id=bob.id, status=400, description=words, times=-1)
    assert await telegram_bot.api.send_message(ann.id, "x")
    for _ in range(2):
        with pytest.raises(BadRequest, match="Made up"):
            await telegram_bot.api.send_message(bob.id, "x")
    await sandbox.driver.clear_faults()
    assert await telegram_bot.api.send_message(bob.id, "x")


async def test_a_connection_cut_before_loses_the_message_and_one_cut_after_keeps_it(
    sandbox: Sandbox, telegram_bot: TelegramBot, ann: Customer
) -> None:
    await plan(sandbox, "telegram", method="sendMessage", drop_before=True)
    with pytest.raises(NetworkError):
        await telegram_bot.api.send_message(ann.id, "lost")
    await plan(sandbox, "telegram", method="sendMessage", drop_after=True)
    with pytest.raises(NetworkError):
        await telegram_bot.api.send_message(ann.id, "arrived")
    assert [m["text"] for m in await ann.messages()] == ["arrived"]
    entries = await sandbox.driver.log(method="sendMessage")
    assert [(e["dropped"], e["ok"]) for e in entries] == [("before", False), ("after", True)]


async def test_the_log_counts_what_the_bot_sent_without_its_token(
    sandbox: Sandbox, telegram_bot: TelegramBot, slack_bot: SlackBot, ann: Customer
) -> None:
    await sandbox.slack.channel("C1")
    await telegram_bot.api.send_message(ann.id, "one")
    seen = (await sandbox.driver.log())[-1]["n"]
    await slack_bot.api.chat_postMessage(channel="C1", text="two", token="xoxb-sandbox")
    (entry,) = await sandbox.driver.log(seen)
    assert (entry["platform"], entry["method"], entry["chat"]) == (
        "slack",
        "chat.postMessage",
        "C1",
    )
    assert (entry["status"], entry["ok"], entry["params"]["text"]) == (200, True, "two")
    assert "xoxb" not in str(await sandbox.driver.log())
    assert "123456:SANDBOX" not in str(await sandbox.driver.log())


async def test_limits_hold_only_when_they_are_switched_on(
    sandbox: Sandbox, telegram_bot: TelegramBot, ann: Customer
) -> None:
    for number in range(5):
        await telegram_bot.api.send_message(ann.id, f"free {number}")
    await sandbox.driver.faults(telegram={"limits": True})
    sends = (telegram_bot.api.send_message(ann.id, "short burst") for _ in range(5))
    results = await asyncio.gather(*sends, return_exceptions=True)
    assert any(isinstance(result, RetryAfter) for result in results)
    burst = [m for m in await ann.messages() if m["text"] == "short burst"]
    assert 3 <= len(burst) < 5


async def test_the_bot_as_a_whole_is_held_to_about_30_messages_a_second(
    sandbox: Sandbox, telegram_bot: TelegramBot
) -> None:
    await sandbox.driver.faults(telegram={"limits": True})
    people = [await sandbox.telegram.customer() for _ in range(60)]
    for person in people:
        await person.start()
    sends = (telegram_bot.api.send_message(person.id, "x") for person in people)
    results = await asyncio.gather(*sends, return_exceptions=True)
    assert any(isinstance(result, RetryAfter) for result in results)
    sent = [e["t_end"] for e in await sandbox.driver.log(method="sendMessage") if e["ok"]]
    assert max(sum(start <= t < start + 0.99 for t in sent) for start in sent) <= 33


def test_a_group_takes_20_messages_a_minute() -> None:
    limits = Limits()
    windows = [limits.spend({"group": Window(20, 60.0)}, {}) for _ in range(21)]
    assert windows[:20] == [0.0] * 20
    assert 59 < windows[20] <= 60


async def test_slack_limits_and_failures_say_how_long_to_wait(
    sandbox: Sandbox, slack_bot: SlackBot
) -> None:
    await sandbox.slack.channel("C1")
    await plan(sandbox, "slack", method="chat.postMessage", status=429, retry_after=9)
    await plan(sandbox, "slack", method="chat.postMessage", error="internal_error")
    found = [await slack_failure(slack_bot) for _ in range(2)]
    assert found == [(429, "ratelimited", "9"), (200, "internal_error", None)]
    await sandbox.driver.faults(slack={"limits": True})
    for _ in range(3):
        await slack_bot.api.chat_postMessage(channel="C1", text="burst")
    assert await slack_failure(slack_bot) == (429, "ratelimited", "1")


async def slack_failure(bot: SlackBot) -> tuple[int, str, str | None]:
    with pytest.raises(SlackApiError) as caught:
        await bot.api.chat_postMessage(channel="C1", text="x")
    response = caught.value.response
    return response.status_code, response["error"], response.headers.get("Retry-After")


async def test_settings_are_merged_read_and_reset(sandbox: Sandbox) -> None:
    await sandbox.driver.faults(telegram={"latency_ms": 5})
    await plan(sandbox, "telegram", method="getMe", times=3)
    settings = (await sandbox.driver.get("faults"))["telegram"]
    assert (settings["latency_ms"], settings["fail_next"][0]["times"]) == (5, 3)
    await sandbox.driver.clear_faults()
    settings = (await sandbox.driver.get("faults"))["telegram"]
    assert (settings["latency_ms"], settings["fail_next"]) == (0, [])
