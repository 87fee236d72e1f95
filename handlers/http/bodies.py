"""What a request may bring: no more than a cap, and it may break off."""

import structlog
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = structlog.get_logger(__name__)

# Bytes. An update of Telegram's has tens of thousands; a view of Slack's at most 250,000, and in a
# form each byte that is no Latin letter takes three.
LARGEST = 1_000_000


class Capped:
    """413 for a body beyond the cap, before it is read when the headers tell its length."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        length = Headers(scope=scope).get("content-length", "0") if scope["type"] == "http" else "0"
        if int(length) > LARGEST:
            await PlainTextResponse("too large", 413)(scope, receive, send)
        else:
            await self._app(scope, _counted(receive), send)


def _counted(receive: Receive) -> Receive:
    size = 0

    async def counted() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > LARGEST:
            raise HTTPException(413, "too large")
        return message

    return counted


async def broken_off(request: Request, error: Exception) -> Response:
    """Whoever sent half of it hears nothing any more, so this answer reaches nobody."""
    del request, error
    log.warning("a request broke off before its end")
    return Response(status_code=400)
