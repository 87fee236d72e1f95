"""A sandbox and the channel to its Telegram; the tests of Slack have their own."""

from collections.abc import AsyncIterator

import pytest

from bot.channels.pacer import Pacer
from bot.channels.telegram import TelegramChannel
from bot.channels.telegram_limits import PacedRequests
from bot.channels.telegram_transport import AiohttpRequest
from bot.sandbox.server import Sandbox
from bot.sandbox.telegram_driver import Customer
from handlers.telegram.build import Transport, build_application, httpx_transport

TOKEN = "123456:SANDBOX"


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(telegram_token=TOKEN) as running:
        yield running


@pytest.fixture
def pacer() -> Pacer:
    return Pacer(1000, burst=1000)


@pytest.fixture
def complaints() -> list[str]:
    """What the channel says of forms that Telegram refuses."""
    return []


@pytest.fixture(params=[httpx_transport, AiohttpRequest], ids=["httpx", "aiohttp"])
def transport(request: pytest.FixtureRequest) -> Transport:
    """Both ways to Telegram; a test that asks for it, or for what rests on it, runs on both."""
    found: Transport = request.param
    return found


@pytest.fixture
async def channel(
    sandbox: Sandbox, pacer: Pacer, complaints: list[str], transport: Transport
) -> AsyncIterator[TelegramChannel]:
    async def heard(reason: str) -> None:
        complaints.append(reason)

    limits = PacedRequests(pacer)
    application = build_application(TOKEN, sandbox.telegram_api_url, limits, transport)
    await application.initialize()
    yield TelegramChannel(application.bot, heard)
    await application.shutdown()


@pytest.fixture
async def ann(sandbox: Sandbox) -> Customer:
    customer = await sandbox.telegram.customer("Ann", id=501)
    await customer.start()
    return customer
