"""The web hook: an update is stored before Telegram is told that it arrived."""

import asyncio
import hmac
import json
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from telegram.ext import ExtBot

from bot.domain.faults import DatabaseDown
from handlers.telegram.arrivals import ALLOWED_UPDATES, AcceptMany, Arrival, arrival_of
from handlers.telegram.connection import persist
from handlers.telegram.waiting import Backoff

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105  # the header's name


def webhook_route(url: str, secret: str, accept_many: AcceptMany) -> Route:
    """The route for TELEGRAM_WEBHOOK_URL's path.

    200 only after the commit: on anything else Telegram sends the update again.
    """
    if not secret:
        raise ValueError("TELEGRAM_WEBHOOK_SECRET is needed: without it anybody could post updates")

    async def receive(request: Request) -> Response:
        given = request.headers.get(SECRET_HEADER, "")
        if not hmac.compare_digest(given.encode(), secret.encode()):
            return PlainTextResponse("wrong secret", 403)
        try:
            arrival = _read(await request.body())
        except (ValueError, RecursionError):  # thousands of brackets in one another
            return PlainTextResponse("not an update", 400)
        try:
            await accept_many([arrival])
        except DatabaseDown:
            return PlainTextResponse("not stored", 503)
        return PlainTextResponse("")

    return Route(urlsplit(url).path or "/", receive, methods=["POST"], name="telegram_webhook")


def _read(body: bytes) -> Arrival:
    update = json.loads(body)
    if not isinstance(update, dict):
        raise ValueError("not an object")  # noqa: TRY004  # one kind of error for the caller
    return arrival_of(update)


class WebhookKeeper:
    """Tells Telegram where to post, and then only waits."""

    def __init__(self, bot: ExtBot[Any], url: str, secret: str, backoff: Backoff) -> None:
        self._bot = bot
        self._url = url
        self._secret = secret
        self._backoff = backoff

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`. The hook stays set, so that Telegram keeps updates while we restart."""
        await persist("set the web hook", self._set, stop, self._backoff)
        await stop.wait()

    async def _set(self) -> None:
        await self._bot.set_webhook(
            self._url, allowed_updates=ALLOWED_UPDATES, secret_token=self._secret
        )
