"""Settings: every one is explained, a wrong one stops the start with one clear line."""

import asyncio
import re
import socket
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from bot.app.front import Front
from bot.app.opening import opened
from bot.app.ways import KNOWN, WAYS, named, require_one
from bot.settings import Settings, SettingsError
from bot.settings_loading import load
from bot.settings_together import TAKEN_PATHS
from storage.database import Database
from storage.vault import Vault, load_or_create_key_file
from tests.support.clock import Clock
from tests.support.command import stockbell
from tests.support.shop import Shop

ROOT = Path(__file__).parent.parent.parent
EXAMPLE = (ROOT / ".env.example").read_text("utf-8")


def test_env_example_explains_every_setting_and_no_other() -> None:
    named = re.findall(r"^([A-Z_]+)=", EXAMPLE, flags=re.MULTILINE)
    assert sorted(named) == sorted(name.upper() for name in Settings.model_fields)
    for before, line in zip(["", *EXAMPLE.splitlines()], EXAMPLE.splitlines(), strict=False):
        if re.match(r"[A-Z_]+=", line):
            assert before.startswith("#"), f"{line} is not explained"


def test_env_example_shows_the_defaults() -> None:
    example = load(KNOWN, _env_file=ROOT / ".env.example")
    assert example == load(KNOWN, _env_file=None)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"admins": "U1"}, "ADMINS: 'U1' is not like telegram:12345 or slack:U0123"),
        ({"admins": "slack:U1,fax:7"}, "ADMINS: 'fax:7' is not like"),
        ({"admins": "slack:U1;slack:U2"}, "ADMINS: write commas between them"),
        ({"admins": "slack:<@U1>"}, "ADMINS: 'slack:<@U1>' is no id: write the member ID"),
        ({"admins": "slack:ann"}, "ADMINS: 'slack:ann' is no id: write the member ID"),
        ({"admins": "slack:@ann"}, "ADMINS: 'slack:@ann' is no id: write the member ID"),
        ({"admins": "slack:C0123"}, "ADMINS: 'slack:C0123' is no id: write the member ID"),
        ({"admins": "telegram:@ann"}, "ADMINS: 'telegram:@ann' is no id: write the number"),
        ({"admins": "telegram:-100123"}, "ADMINS: 'telegram:-100123' is no id: write the number"),
        ({"telegram_alert_chats": "@staff"}, "TELEGRAM_ALERT_CHATS: '@staff' is no chat id"),
        ({"telegram_alert_chats": "-1;-2"}, "TELEGRAM_ALERT_CHATS: write commas between them"),
        ({"telegram_bot_token": "my-token"}, "TELEGRAM_BOT_TOKEN: is no bot token"),
        ({"slack_bot_token": "xapp-1"}, "SLACK_BOT_TOKEN: is no bot token"),
        ({"slack_app_token": "xoxb-1"}, "SLACK_APP_TOKEN: is no app-level token"),
        ({"slack_api_url": "http://slack.com:port/"}, "SLACK_API_URL: must begin with http"),
        ({"digest_time": "9"}, "DIGEST_TIME: is no time of day; write one like 09:00"),
        ({"digest_time": "09:00+02:00"}, "DIGEST_TIME: is no time of day"),
        ({"http_port": "eighty"}, "HTTP_PORT: "),
        ({"shop_timezone": "Mars/Olympus"}, "SHOP_TIMEZONE: is no time zone"),
        ({"shop_timezone": "../etc"}, "SHOP_TIMEZONE: is no time zone"),
        ({"slack_api_url": "slack.com"}, "SLACK_API_URL: must begin with http"),
        ({"telegram_mode": "pull"}, "TELEGRAM_MODE: "),
        ({"digest_time": "25:00"}, "DIGEST_TIME: "),
        (
            {"telegram_bot_token": "1:a", "telegram_mode": "webhook"},
            "TELEGRAM_WEBHOOK_URL: is empty",
        ),
        ({"slack_bot_token": "xoxb-1"}, "SLACK_APP_TOKEN: is empty"),
        ({"slack_bot_token": "xoxb-1", "slack_mode": "http"}, "SLACK_SIGNING_SECRET: is empty"),
    ],
)
def test_a_wrong_setting_is_named_in_one_line(values: dict[str, str], says: str) -> None:
    with pytest.raises(SettingsError) as wrong:
        load(KNOWN, _env_file=None, **values)
    assert str(wrong.value).startswith(says)
    assert "\n" not in str(wrong.value)


def test_an_alert_channel_that_can_be_none_is_named_in_one_line() -> None:
    slack = {"slack_bot_token": "xoxb-1", "slack_app_token": "xapp-1"}
    found = load(KNOWN, _env_file=None, **slack, slack_alert_channel="stock alerts")
    with pytest.raises(SettingsError, match="SLACK_ALERT_CHANNEL: 'stock alerts' is no address"):
        named(found, WAYS)


HOOK = {
    "telegram_bot_token": "1:a", "telegram_mode": "webhook",
    "telegram_webhook_url": "https://shop.example/telegram",
    "telegram_webhook_secret": "a-long-secret",
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("secret", "a", "TELEGRAM_WEBHOOK_SECRET: is too short"),
        ("secret", "with blanks in it", "TELEGRAM_WEBHOOK_SECRET: at most 256 letters"),
        ("secret", "a" * 257, "TELEGRAM_WEBHOOK_SECRET: at most 256 letters"),
        ("url", "https://shop.example/healthz", "TELEGRAM_WEBHOOK_URL: /healthz is what the bot"),
        ("url", "https://shop.example/healthz/", "TELEGRAM_WEBHOOK_URL: /healthz is what the bot"),
        ("url", "https://shop.example/metrics", "TELEGRAM_WEBHOOK_URL: /metrics is what the bot"),
        ("url", "https://shop.example/slack/events", "TELEGRAM_WEBHOOK_URL: /slack/events is"),
        ("url", "https://shop.example", "TELEGRAM_WEBHOOK_URL: the path / is what the bot itself"),
        ("url", "https://shop.example/{any:path}", "TELEGRAM_WEBHOOK_URL: its path may have"),
        ("url", "http://shop.example/telegram", "TELEGRAM_WEBHOOK_URL: Telegram calls https only"),
        ("url", "https://shop.example:8080/t", "TELEGRAM_WEBHOOK_URL: Telegram calls https only"),
    ],
)
def test_a_web_hook_that_cannot_be_is_named_in_one_line(name: str, value: str, says: str) -> None:
    load(KNOWN, _env_file=None, **HOOK)
    with pytest.raises(SettingsError) as wrong:
        load(KNOWN, _env_file=None, **{**HOOK, f"telegram_webhook_{name}": value})
    (line,) = wrong.value.lines
    assert line.startswith(says)


def test_a_signing_secret_of_one_letter_is_none() -> None:
    slack = {"slack_bot_token": "xoxb-1", "slack_mode": "http", "slack_signing_secret": "a"}
    with pytest.raises(SettingsError, match="SLACK_SIGNING_SECRET: is too short"):
        load(KNOWN, _env_file=None, **slack)


def test_everything_that_is_wrong_is_said_at_once() -> None:
    wrong = {
        **HOOK, "telegram_webhook_url": "https://shop.example/healthz", "admins": "slack:ann",
        "telegram_webhook_secret": "a", "http_port": "eighty", "shop_timezone": "Mars/Olympus",
    }  # fmt: skip
    with pytest.raises(SettingsError) as found:
        load(KNOWN, _env_file=None, **wrong)
    assert sorted(line.partition(":")[0] for line in found.value.lines) == [
        "ADMINS", "HTTP_PORT", "SHOP_TIMEZONE", "TELEGRAM_WEBHOOK_SECRET", "TELEGRAM_WEBHOOK_URL",
    ]  # fmt: skip


def test_a_setting_that_is_wrong_is_not_said_to_be_empty_too() -> None:
    slack = {"slack_bot_token": "xoxb-1", "slack_app_token": "swapped"}
    with pytest.raises(SettingsError) as found:
        load(KNOWN, _env_file=None, **slack)
    assert len(found.value.lines) == 1


def test_no_secret_is_quoted_in_what_is_said_of_it() -> None:
    for name in ("telegram_bot_token", "slack_bot_token", "slack_app_token"):
        with pytest.raises(SettingsError) as wrong:
            load(KNOWN, _env_file=None, **{name: "something-secret"})
        assert "something-secret" not in str(wrong.value)


async def test_the_paths_that_are_taken_are_those_of_the_server(tmp_path: Path) -> None:
    found = load(
        KNOWN, _env_file=None, **HOOK, slack_bot_token="xoxb-1", slack_mode="http",
        slack_signing_secret="sandbox-secret", http_port=0,
        database_url=f"sqlite:///{tmp_path}/shop.db",
    )  # fmt: skip
    async with opened(found) as base, AsyncExitStack() as stack:
        front = Front(base, asyncio.Event())
        await front.platforms.open(stack)
        paths = {str(getattr(route, "path", "")).rstrip("/") for route in front.http().routes}
    assert paths == {*TAKEN_PATHS, "/telegram"}


def test_a_file_of_settings_in_another_encoding_is_one_line(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("SHOP_NAME=杯子", "utf-16")
    with pytest.raises(SettingsError, match=r"\.env: is no text in UTF-8"):
        load(KNOWN, _env_file=tmp_path / ".env")


def test_without_any_platform_run_says_what_to_set() -> None:
    with pytest.raises(SettingsError, match=r"set at least one in \.env"):
        require_one(load(KNOWN, _env_file=None), WAYS)


@pytest.mark.parametrize("command", ["run", "check", "migrate"])
def test_a_wrong_setting_stops_every_command_without_a_traceback(
    command: str, tmp_path: Path
) -> None:
    done = stockbell(tmp_path, {"HTTP_PORT": "eighty"}, command)
    assert done.exit_code == 1
    assert done.stderr.count("\n") == 1
    assert "HTTP_PORT" in done.stderr


def test_a_taken_port_or_an_unknown_language_stops_the_start_in_one_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        for name, value, says in (
            ("HTTP_PORT", port, "HTTP_PORT: cannot listen"),
            ("DEFAULT_LANGUAGE", "fr", "DEFAULT_LANGUAGE: there is only en and zh_CN"),
        ):
            env = {"TELEGRAM_BOT_TOKEN": "1:a", "LOG_LEVEL": "ERROR", name: value}
            done = stockbell(tmp_path, env, "run")
            assert done.exit_code == 1
            assert done.stderr.startswith(f"Error: {says}")
            assert done.stderr.count("\n") == 1


def test_a_lost_key_stops_the_start_instead_of_a_new_one_taking_its_place(tmp_path: Path) -> None:
    env = {"ADMINS": "slack:U1", "SHOP_NAME": "Kiosk", "LOG_LEVEL": "ERROR"}
    assert stockbell(tmp_path, env, "keys", "rotate").exit_code == 0
    asyncio.run(add_a_contact(tmp_path))
    assert stockbell(tmp_path, env, "keys", "rotate").exit_code == 0
    (tmp_path / "data" / "stockbell.db.key").unlink()
    refused = stockbell(tmp_path, env, "keys", "rotate")
    assert refused.exit_code == 1
    assert "bring that key back" in refused.stderr


async def add_a_contact(folder: Path) -> None:
    database = Database(f"sqlite:///{folder}/data/stockbell.db")
    vault = Vault(load_or_create_key_file(folder / "data" / "stockbell.db.key"))
    try:
        await Shop.open(database, vault, Clock())
    finally:
        await database.close()
