"""The web hook: only Telegram may post, and it hears 200 only for what is stored."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from bot.domain.faults import DatabaseDown
from bot.sandbox.server import Sandbox
from handlers.telegram.arrivals import Arrival
from handlers.telegram.build import AnyApplication
from handlers.telegram.webhook import SECRET_HEADER, WebhookKeeper, webhook_route
from tests.handlers.telegram.conftest import Kept, running
from tests.handlers.telegram.live import quick

URL = "https://shop.example/hooks/telegram"
SECRET = "a-long-secret"
UPDATE = {"update_id": 7, "message": {"from": {"id": 501}, "text": "/list"}}


@pytest.fixture
async def http(kept: Kept) -> AsyncIterator[httpx.AsyncClient]:
    app = Starlette(routes=[webhook_route(URL, SECRET, kept.accept_many)])
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="https://shop.example") as client:
        yield client


async def post(http: httpx.AsyncClient, body: Any, secret: str | None = SECRET) -> int:
    headers = {} if secret is None else {SECRET_HEADER.encode(): secret.encode()}
    content = body if isinstance(body, bytes) else None
    json = None if isinstance(body, bytes) else body
    answer = await http.post("/hooks/telegram", content=content, json=json, headers=headers)
    return answer.status_code


async def test_an_update_is_stored_and_then_confirmed(http: httpx.AsyncClient, kept: Kept) -> None:
    assert await post(http, UPDATE) == 200
    assert kept.arrivals == {"7": Arrival("telegram", "7", "501", UPDATE)}


@pytest.mark.parametrize("secret", [None, "", "wrong", SECRET + "x", "gehéim"])
async def test_who_does_not_know_the_secret_is_refused(
    http: httpx.AsyncClient, kept: Kept, secret: str | None
) -> None:
    assert await post(http, UPDATE, secret) == 403
    assert not kept.arrivals


@pytest.mark.parametrize(
    "body", [b"", b"not json", b"\xff\xfe", b"[]", b"7", b"{}", b'{"update_id": "x"}']
)
async def test_what_is_no_update_is_refused(
    http: httpx.AsyncClient, kept: Kept, body: bytes
) -> None:
    assert await post(http, body) == 400
    assert not kept.arrivals


async def test_what_could_not_be_stored_is_not_confirmed() -> None:
    class FullDisk(Exception):
        pass

    async def refuse(_: Sequence[Arrival]) -> None:
        raise FullDisk

    app = Starlette(routes=[webhook_route(URL, SECRET, refuse)])
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="https://shop.example") as client:
        assert await post(client, UPDATE) == 500


async def test_while_the_database_is_down_telegram_is_asked_to_come_again() -> None:
    async def refuse(_: Sequence[Arrival]) -> None:
        raise DatabaseDown("the disk is full")

    app = Starlette(routes=[webhook_route(URL, SECRET, refuse)])
    transport = httpx.ASGITransport(app)  # what the route raised would be raised here
    async with httpx.AsyncClient(transport=transport, base_url="https://shop.example") as client:
        assert await post(client, UPDATE) == 503


def test_without_a_secret_there_is_no_web_hook(kept: Kept) -> None:
    with pytest.raises(ValueError, match="TELEGRAM_WEBHOOK_SECRET"):
        webhook_route(URL, "", kept.accept_many)


async def test_telegram_is_told_the_address_the_secret_and_what_to_send(
    sandbox: Sandbox, application: AnyApplication
) -> None:
    async with running(WebhookKeeper(application.bot, URL, SECRET, quick())):
        await sandbox.driver.wait_until_listening(slack=False)
    hook = sandbox._telegram.updates.hook
    assert hook is not None
    assert (hook.url, hook.secret) == (URL, SECRET)
    assert set(sandbox._telegram.updates.allowed) == {"message", "callback_query", "my_chat_member"}


async def test_telegram_being_down_at_the_start_only_delays_it(
    sandbox: Sandbox, application: AnyApplication
) -> None:
    failures = [{"method": "setWebhook", "status": 502, "times": 3}]
    await sandbox.driver.faults(telegram={"fail_next": failures})
    async with running(WebhookKeeper(application.bot, URL, SECRET, quick())):
        await sandbox.driver.wait_until_listening(slack=False)
