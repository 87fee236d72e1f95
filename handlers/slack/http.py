"""Signed HTTP: POST /slack/events, for commands, presses, submissions and events alike."""

import hashlib
import json
import re
from collections.abc import Callable
from datetime import datetime
from urllib.parse import parse_qs

from slack_bolt.adapter.starlette.async_handler import to_async_bolt_request, to_starlette_response
from slack_bolt.async_app import AsyncApp
from slack_sdk.signature import Clock, SignatureVerifier
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

PATH = "/slack/events"
LARGEST = 1_000_000  # bytes; a view is at most 250 KB
_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_SIGNATURE = re.compile(rf"v0=[0-9a-f]{{{hashlib.sha256().digest_size * 2}}}")


class _Now(Clock):
    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock

    def now(self) -> float:
        return self._clock().timestamp()


class Signatures:
    """slack_sdk's check, held away from what makes it raise: a timestamp that is no number, a
    signature outside ASCII, a body that is no text."""

    def __init__(self, signing_secret: str, clock: Callable[[], datetime]) -> None:
        self._verifier = SignatureVerifier(signing_secret, _Now(clock))

    def valid(self, request: Request, body: bytes) -> bool:
        timestamp = request.headers.get("x-slack-request-timestamp", "")
        signature = request.headers.get("x-slack-signature", "")
        if not _TIMESTAMP.fullmatch(timestamp) or not _SIGNATURE.fullmatch(signature):
            return False
        try:
            body.decode()
        except UnicodeDecodeError:
            return False
        return self._verifier.is_valid(body, timestamp, signature)


def slack_route(
    app: AsyncApp, signing_secret: str, clock: Callable[[], datetime], path: str = PATH
) -> Route:
    """The route for bot.app to mount. Raises ValueError without a signing secret.

    401 without a fresh and right signature, 413 beyond 1 MB, 400 for what is no form of Slack's,
    else what Bolt answers. A signed
    request that is sent again passes; its arrival key is known, so it changes nothing.
    """
    signatures = Signatures(signing_secret, clock)

    async def receive(request: Request) -> Response:
        body = await _read(request)
        if body is None:
            return PlainTextResponse("too large", 413)
        if not signatures.valid(request, body):
            return PlainTextResponse("bad signature", 401)
        if not _well_formed(body):
            return PlainTextResponse("malformed", 400)
        return to_starlette_response(await app.async_dispatch(to_async_bolt_request(request, body)))

    return Route(path, receive, methods=["POST"], name="slack_events")


def _well_formed(body: bytes) -> bool:
    """Whether what is JSON in it is an object: Bolt raises for anything else."""
    words = body.decode()
    texts = [words] if words.lstrip().startswith(("{", "[")) else []
    texts += parse_qs(words, keep_blank_values=True).get("payload", []) if not texts else []
    try:
        return all(isinstance(json.loads(text), dict) for text in texts)
    except ValueError:
        return False


async def _read(request: Request) -> bytes | None:
    """The body; None when it is too large, and then the rest is not read."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > LARGEST:
            return None
    return bytes(body)
