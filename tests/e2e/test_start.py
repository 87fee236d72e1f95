"""What `run` says of its start."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.sandbox.server import Sandbox
from tests.support.process import BotProcess, settings_for


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as running:
        await running.slack.user("U1", name="ann")
        yield running


async def test_a_bot_that_is_ready_says_once_where_to_write(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    username = sandbox._telegram.bot["username"]
    async with BotProcess(tmp_path, settings_for(sandbox, ADMINS="slack:U1")) as bot:
        await bot.wait_for_output(f"ready, write to @{username} in Telegram and /stock in Slack")
        customer = await sandbox.telegram.customer("Emma")
        await customer.say("/help")
        await customer.wait_for("/notify")
    assert bot.text.count("ready, write") == 1


async def test_a_shop_with_slack_alone_is_told_of_slack_alone(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    env = settings_for(sandbox, TELEGRAM_BOT_TOKEN="")
    async with BotProcess(tmp_path, env) as bot:
        await bot.wait_for_output("ready, write /stock in Slack")


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"TELEGRAM_BOT_TOKEN": "123456:WRONG", "SLACK_BOT_TOKEN": ""}, ["TELEGRAM_BOT_TOKEN"]),
        ({"TELEGRAM_BOT_TOKEN": "", "SLACK_BOT_TOKEN": "xoxb-wrong"}, ["SLACK_BOT_TOKEN"]),
        (
            {"TELEGRAM_BOT_TOKEN": "123456:WRONG", "SLACK_BOT_TOKEN": "xoxb-wrong"},
            ["TELEGRAM_BOT_TOKEN", "SLACK_BOT_TOKEN"],
        ),
    ],
    ids=["telegram", "slack", "both"],
)
async def test_a_bot_that_no_platform_lets_in_ends_with_what_to_write(
    tmp_path: Path, sandbox: Sandbox, wrong: dict[str, str], says: list[str]
) -> None:
    bot = BotProcess(tmp_path, settings_for(sandbox, **wrong))
    await bot.start()
    assert await bot.wait() == 1
    errors = [line for line in bot.text.splitlines() if line.startswith("Error: ")]
    assert [line.split()[1] for line in errors] == [f"{name}:" for name in says]
    assert all("does not accept it" in line for line in errors)
    for secret in ("WRONG", "xoxb-wrong", "Traceback"):
        assert secret not in bot.text


async def test_a_bot_that_one_platform_lets_in_goes_on_and_says_which_did_not(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    env = settings_for(sandbox, SLACK_BOT_TOKEN="xoxb-wrong")
    async with BotProcess(tmp_path, env) as bot:
        await bot.wait_for_output("SLACK_BOT_TOKEN: Slack does not accept it")
        customer = await sandbox.telegram.customer("Emma")
        await customer.say("/help")
        await customer.wait_for("/notify")
        await bot.wait_for_output(lambda text: "in Telegram [" in " ".join(text.split()))
    assert "in Telegram and" not in bot.text
