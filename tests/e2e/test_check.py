"""`check` as its reader meets it: plain words, exit 1 if something is wrong, no traceback."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.sandbox.server import Sandbox
from handlers.slack import manifest
from tests.support.command import stockbell
from tests.support.process import settings_for

NOBODY_THERE = "http://127.0.0.1:9"  # the discard port: nothing listens on it
SCOPES = list(manifest.SCOPES)


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as running:
        await running.slack.channel("C1", "stock-alerts")
        yield running


async def checked(folder: Path, sandbox: Sandbox, **wrong: str) -> tuple[int, str]:
    """Exit code and output of `check` with good settings, but for `wrong`."""
    good = {"ADMINS": "slack:U1", "SLACK_ALERT_CHANNEL": "C1"}
    env = settings_for(sandbox, **good) | wrong
    done = await asyncio.to_thread(stockbell, folder, env, "check")
    return done.exit_code, done.output


async def test_good_settings_are_said_to_be_good(tmp_path: Path, sandbox: Sandbox) -> None:
    await sandbox.slack.config(scopes=SCOPES)
    code, said = await checked(tmp_path, sandbox)
    assert (code, said.count("FAIL")) == (0, 0), said
    assert "posted twice" not in said
    for line in ("Database: a new one", "Telegram: the bot is @", "Slack: the bot is", "ready"):
        assert line in said


async def test_everything_that_is_refused_is_named_in_one_report(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    code, said = await checked(
        tmp_path,
        sandbox,
        TELEGRAM_BOT_TOKEN="123456:WRONG",
        SLACK_BOT_TOKEN="xoxb-wrong",
        SLACK_APP_TOKEN="xapp-wrong",
        DATABASE_URL="postgresql://shop:secret-word@127.0.0.1:9/shop",
        ADMINS="",
    )
    assert code == 1
    failed = [line for line in said.splitlines() if line.startswith("FAIL")]
    assert len(failed) == len(said.splitlines()) == 5, said
    words = (
        "DATABASE_URL",
        "TELEGRAM_BOT_TOKEN is not accepted",
        "SLACK_BOT_TOKEN is not accepted (invalid_auth)",
        "SLACK_APP_TOKEN is not accepted",
        "ADMINS is empty",
    )
    for line, word in zip(failed, words, strict=True):
        assert word in line
    for secret in ("123456:WRONG", "xoxb-wrong", "xapp-wrong", "secret-word"):
        assert secret not in said


async def test_platforms_that_do_not_answer_and_a_file_that_cannot_be(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    (tmp_path / "shop").write_text("a file, no folder")
    code, said = await checked(
        tmp_path,
        sandbox,
        TELEGRAM_API_URL=NOBODY_THERE,
        SLACK_API_URL=f"{NOBODY_THERE}/api/",
        DATABASE_URL="sqlite:///shop/stockbell.db",
    )
    assert code == 1
    assert [line for line in said.splitlines() if "FAIL" not in line] == []
    for words in ("cannot be opened", "answer from TELEGRAM_API_URL", "answer from SLACK_API_URL"):
        assert said.count(words) == 1


async def test_a_missing_scope_is_named_with_what_to_do(tmp_path: Path, sandbox: Sandbox) -> None:
    await sandbox.slack.config(scopes=["commands"])
    code, said = await checked(tmp_path, sandbox)
    assert code == 1
    assert "lacks the scopes chat:write." in said
    assert "slack-manifest" in said


async def test_a_scope_that_only_looking_needs_is_named_with_what_is_lost_and_nothing_fails(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    await sandbox.slack.config(scopes=["commands", "chat:write", "im:history"])
    code, said = await checked(tmp_path, sandbox)
    assert (code, said.count("FAIL")) == (0, 0), said
    (line,) = [line for line in said.splitlines() if "posted twice" in line]
    assert "lacks the scopes channels:history, groups:history." in line
    assert "slack-manifest" in line


@pytest.mark.parametrize(
    ("channel", "reason"),
    [
        ("C9", "channel_not_found; write /invite"),
        ("U9", "user_not_found"),
        ("#nowhere", "it is a name"),
        ("stock-alerts", "it is a name"),
    ],
)
async def test_an_alert_channel_that_the_bot_cannot_see_fails_and_says_what_to_do(
    tmp_path: Path, sandbox: Sandbox, channel: str, reason: str
) -> None:
    await sandbox.slack.config(scopes=SCOPES)
    code, said = await checked(tmp_path, sandbox, SLACK_ALERT_CHANNEL=channel)
    assert code == 1
    (line,) = [line for line in said.splitlines() if "FAIL" in line]
    assert f"SLACK_ALERT_CHANNEL: {reason}" in line


async def test_an_alert_channel_that_cannot_be_read_is_named_and_nothing_fails(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    await sandbox.slack.channel("C2", "warehouse", member=False)
    await sandbox.slack.config(scopes=SCOPES)
    code, said = await checked(tmp_path, sandbox, SLACK_ALERT_CHANNEL="C2")
    assert (code, said.count("FAIL")) == (0, 0), said
    (line,) = [line for line in said.splitlines() if "posted twice" in line]
    assert "SLACK_ALERT_CHANNEL: not_in_channel; write /invite" in line


async def test_a_name_fails_also_where_the_app_may_not_look(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    await sandbox.slack.config(scopes=["commands", "chat:write"])
    code, said = await checked(tmp_path, sandbox, SLACK_ALERT_CHANNEL="#nowhere")
    assert code == 1
    assert "SLACK_ALERT_CHANNEL: it is a name" in said


async def test_a_telegram_chat_for_alerts_that_the_bot_is_not_in_fails(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    await sandbox.slack.config(scopes=SCOPES)
    code, said = await checked(tmp_path, sandbox, TELEGRAM_ALERT_CHATS="-100777")
    assert code == 1
    (line,) = [line for line in said.splitlines() if "FAIL" in line]
    assert "no alert arrives in -100777 of TELEGRAM_ALERT_CHATS" in line


async def test_every_setting_that_is_wrong_has_its_line(tmp_path: Path, sandbox: Sandbox) -> None:
    code, said = await checked(
        tmp_path, sandbox, ADMINS="slack:ann", SHOP_TIMEZONE="Mars/Olympus", HTTP_PORT="eighty"
    )
    assert code == 1
    lines = said.splitlines()
    assert len(lines) == 3
    for name in ("ADMINS", "SHOP_TIMEZONE", "HTTP_PORT"):
        assert sum(line.startswith(f"Error: {name}: ") for line in lines) == 1


async def test_a_name_in_the_file_that_is_almost_a_setting_fails(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    await sandbox.slack.config(scopes=SCOPES)
    (tmp_path / ".env").write_text(
        "# SHOP_NAM=x\nSLACK_ALERT_CHANEL=C1\nMY_OWN=1\nSHOP_NAME=Kiosk\n"
    )
    code, said = await checked(tmp_path, sandbox)
    assert code == 1
    (line,) = [line for line in said.splitlines() if "FAIL" in line]
    assert ".env: SLACK_ALERT_CHANEL is no setting; SLACK_ALERT_CHANNEL is meant" in line


async def test_a_language_or_a_key_that_is_none_fails(tmp_path: Path, sandbox: Sandbox) -> None:
    await sandbox.slack.config(scopes=SCOPES)
    code, said = await checked(
        tmp_path, sandbox, DEFAULT_LANGUAGE="fr", PERSONAL_DATA_KEYS="no-key"
    )
    assert code == 1
    failed = [line for line in said.splitlines() if "FAIL" in line]
    for line, words in zip(
        failed, ("DEFAULT_LANGUAGE: there is only en", "is not 32 bytes as base64url"), strict=True
    ):
        assert words in line
    assert "no-key" not in said


async def test_a_setting_that_cannot_be_read_is_one_line(tmp_path: Path, sandbox: Sandbox) -> None:
    code, said = await checked(tmp_path, sandbox, SHOP_TIMEZONE="Mars/Olympus")
    assert code == 1
    assert said.splitlines() == [
        "Error: SHOP_TIMEZONE: is no time zone; write one like Europe/Berlin or UTC"
    ]


async def test_without_a_platform_it_says_so(tmp_path: Path, sandbox: Sandbox) -> None:
    code, said = await checked(tmp_path, sandbox, TELEGRAM_BOT_TOKEN="", SLACK_BOT_TOKEN="")
    assert code == 1
    assert "No platform" in said
