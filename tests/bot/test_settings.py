"""Settings: every one is explained, a wrong one stops the start with one clear line."""

import asyncio
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from bot.settings import Settings, SettingsError, load, require_a_platform
from storage.database import Database
from storage.vault import Vault, load_or_create_key_file
from tests.support.clock import Clock
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
    example = load(_env_file=ROOT / ".env.example")
    assert example == load(_env_file=None)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"admins": "U1"}, "ADMINS: 'U1' is not like slack:U0123"),
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
        load(_env_file=None, **values)
    assert str(wrong.value).startswith(says)
    assert "\n" not in str(wrong.value)


def test_without_any_platform_run_says_what_to_set() -> None:
    with pytest.raises(SettingsError, match=r"set at least one in \.env"):
        require_a_platform(load(_env_file=None))


@pytest.mark.parametrize("command", ["run", "check", "migrate"])
def test_a_wrong_setting_stops_every_command_without_a_traceback(
    command: str, tmp_path: Path
) -> None:
    environment = {**os.environ, "HTTP_PORT": "eighty", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "bot", command], cwd=tmp_path, env=environment,
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert done.returncode == 1
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
            environment = {
                **os.environ,
                "PYTHONPATH": str(ROOT),
                "TELEGRAM_BOT_TOKEN": "1:a",
                "LOG_LEVEL": "ERROR",
                name: value,
            }
            done = subprocess.run(
                [sys.executable, "-m", "bot", "run"], cwd=tmp_path, env=environment,
                capture_output=True, text=True, timeout=30, check=False,
            )  # fmt: skip
            assert done.returncode == 1
            assert done.stderr.startswith(f"Error: {says}")
            assert done.stderr.count("\n") == 1


def test_a_lost_key_stops_the_start_instead_of_a_new_one_taking_its_place(tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "ADMINS": "slack:U1",
        "SHOP_NAME": "Kiosk",
        "LOG_LEVEL": "ERROR",
    }

    def stockbell(*words: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "bot", *words], cwd=tmp_path, env=environment | more,
            capture_output=True, text=True, timeout=30, check=False,
        )  # fmt: skip

    assert stockbell("keys", "rotate").returncode == 0
    asyncio.run(add_a_contact(tmp_path))
    assert stockbell("keys", "rotate").returncode == 0
    (tmp_path / "data" / "stockbell.db.key").unlink()
    refused = stockbell("keys", "rotate")
    assert refused.returncode == 1
    assert "bring that key back" in refused.stderr


async def add_a_contact(folder: Path) -> None:
    database = Database(f"sqlite:///{folder}/data/stockbell.db")
    vault = Vault(load_or_create_key_file(folder / "data" / "stockbell.db.key"))
    try:
        await Shop.open(database, vault, Clock())
    finally:
        await database.close()
