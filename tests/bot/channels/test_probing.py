"""Whether a platform answers and takes our token, on the wire."""

import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.channels import slack_probing, telegram_probing
from bot.channels.pacer import Pacer
from bot.channels.slack_client import PacedSlackClient, slack_pacer, slack_session
from bot.channels.telegram_limits import PacedRequests
from bot.domain.health import Reach
from bot.sandbox.server import Sandbox
from handlers.telegram.build import build_application

TOKEN = "123456:SANDBOX"


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(telegram_token=TOKEN) as running:
        yield running


def closed_port() -> str:
    """The address of a port where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}"


async def ask_telegram(url: str, token: str = TOKEN) -> Reach:
    application = build_application(token, url, PacedRequests(Pacer(1000)))
    try:
        return await telegram_probing.reach(application.bot)
    finally:
        await application.bot.request.shutdown()


async def ask_slack(url: str, token: str = "xoxb-sandbox") -> Reach:
    async with slack_session() as session:
        return await slack_probing.reach(PacedSlackClient(token, slack_pacer(), session, url))


FAILURES: list[tuple[dict[str, Any], Reach]] = [
    ({}, Reach.ANSWERS),
    ({"drop_before": True}, Reach.SILENT),
    ({"drop_after": True}, Reach.SILENT),
    ({"status": 502}, Reach.SILENT),
    ({"status": 500}, Reach.SILENT),
    ({"status": 401}, Reach.REFUSES),
    ({"status": 429, "retry_after": 60}, Reach.ANSWERS),
]


@pytest.mark.parametrize(("failure", "reach"), FAILURES)
async def test_what_telegram_says(sandbox: Sandbox, failure: dict[str, Any], reach: Reach) -> None:
    if failure:
        planned = [{"method": "getMe", "times": -1} | failure]
        await sandbox.driver.faults(telegram={"fail_next": planned})
    assert await ask_telegram(sandbox.telegram_api_url) is reach


async def test_a_telegram_that_is_not_there_is_silent(sandbox: Sandbox) -> None:
    assert await ask_telegram(closed_port()) is Reach.SILENT
    assert await ask_telegram(sandbox.telegram_api_url, "1:WRONG") is Reach.REFUSES


SAID: list[tuple[dict[str, Any], Reach]] = [
    ({}, Reach.ANSWERS),
    ({"drop_before": True}, Reach.SILENT),
    ({"drop_after": True}, Reach.SILENT),
    ({"status": 503}, Reach.SILENT),
    ({"error": "invalid_auth"}, Reach.REFUSES),
    ({"error": "token_revoked"}, Reach.REFUSES),
    ({"error": "internal_error"}, Reach.ANSWERS),
]


@pytest.mark.parametrize(("failure", "reach"), SAID)
async def test_what_slack_says(sandbox: Sandbox, failure: dict[str, Any], reach: Reach) -> None:
    if failure:
        planned = [{"method": "auth.test", "times": -1} | failure]
        await sandbox.driver.faults(slack={"fail_next": planned})
    assert await ask_slack(sandbox.slack_api_url) is reach


async def test_a_slack_that_is_not_there_is_silent(sandbox: Sandbox) -> None:
    assert await ask_slack(closed_port() + "/") is Reach.SILENT
    assert await ask_slack(sandbox.slack_api_url, "xoxb-wrong") is Reach.REFUSES
