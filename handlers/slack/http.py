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
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

PATH = "/slack/events"
FRESH = 300  # seconds, as docs.slack.dev/authentication/verifying-requests-from-slack has it
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
        self._now = _Now(clock)
        self._verifier = SignatureVerifier(signing_secret, self._now)

    def worth_reading(self, headers: Headers) -> bool:
        """Whether a body could make these headers right: nobody's is taken in before that."""
        timestamp, signature = _stamp(headers)
        if not _TIMESTAMP.fullmatch(timestamp) or not _SIGNATURE.fullmatch(signature):
            return False
        return abs(self._now.now() - int(timestamp)) <= FRESH

    def valid(self, headers: Headers, body: bytes) -> bool:
        if not self.worth_reading(headers):
            return False
        try:
            body.decode()
        except UnicodeDecodeError:
            return False
        return self._verifier.is_valid(body, *_stamp(headers))


def _stamp(headers: Headers) -> tuple[str, str]:
    return headers.get("x-slack-request-timestamp", ""), headers.get("x-slack-signature", "")


def slack_route(
    app: AsyncApp, signing_secret: str, clock: Callable[[], datetime], path: str = PATH
) -> Route:
    """The route for bot.app to mount. Raises ValueError without a signing secret.

    401 without a fresh and right signature, before the body is read if the headers tell; 400 for
    what is no form of Slack's, else what Bolt answers. A signed request that is sent again passes;
    its arrival key is known, so it changes nothing.
    """
    signatures = Signatures(signing_secret, clock)

    async def receive(request: Request) -> Response:
        if not signatures.worth_reading(request.headers):
            return PlainTextResponse("bad signature", 401)
        body = await request.body()
        if not signatures.valid(request.headers, body):
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
    except (ValueError, RecursionError):  # thousands of brackets in one another
        return False
