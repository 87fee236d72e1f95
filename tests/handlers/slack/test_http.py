import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from urllib.parse import urlencode

import aiohttp
import pytest

from handlers.http.bodies import LARGEST
from handlers.slack.http import slack_route
from tests.handlers.slack.desk import SECRET, Desk, by_http

COMMAND = urlencode(
    {
        "command": "/stock",
        "text": "MUG-BLUE +5",
        "user_id": "U0CLERK",
        "user_name": "cleo",
        "channel_id": "C1",
        "trigger_id": "t.1",
        "response_url": "",
    }
).encode()
FORM = "application/x-www-form-urlencoded"


class Caller:
    """Somebody who posts to the route, signed as asked for."""

    def __init__(self, url: str, session: aiohttp.ClientSession, now: float) -> None:
        self._url = url
        self._session = session
        self.now = str(int(now))

    def signed(self, body: bytes, secret: str = SECRET, timestamp: str = "") -> dict[str, str]:
        timestamp = timestamp or self.now
        digest = hmac.new(secret.encode(), b"v0:%b:%b" % (timestamp.encode(), body), hashlib.sha256)
        return {
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": f"v0={digest.hexdigest()}",
            "Content-Type": FORM,
        }

    async def post(self, body: bytes, headers: dict[str, str]) -> tuple[int, str]:
        async with self._session.post(self._url, data=body, headers=headers) as answer:
            return answer.status, await answer.text()


@pytest.fixture
async def caller(desk: Desk) -> AsyncIterator[Caller]:
    async with by_http(desk) as url, aiohttp.ClientSession() as session:
        yield Caller(url, session, desk.sandbox.world.clock())


async def test_a_signed_command_is_acknowledged_with_nothing(desk: Desk, caller: Caller) -> None:
    assert await caller.post(COMMAND, caller.signed(COMMAND)) == (200, "")
    assert [key for key, _ in desk.accepted] == ["command:t.1"]


async def test_a_signed_payload_that_is_no_json_is_refused(desk: Desk, caller: Caller) -> None:
    for body in (b"payload=%7Bbroken", b"payload=", b"payload=%5B1%5D"):
        status, _ = await caller.post(body, caller.signed(body))
        assert 400 <= status < 500, body
    assert desk.accepted == []


async def test_a_replayed_request_changes_nothing(desk: Desk, caller: Caller) -> None:
    headers = caller.signed(COMMAND)
    for _ in range(3):
        assert (await caller.post(COMMAND, headers))[0] == 200
    await desk.person("cleo").wait_for("25")
    assert await desk.on_hand() == 25


async def test_a_wrong_secret_is_refused(desk: Desk, caller: Caller) -> None:
    assert (await caller.post(COMMAND, caller.signed(COMMAND, "another")))[0] == 401
    assert desk.accepted == []


async def test_a_stale_or_malformed_timestamp_is_refused(caller: Caller) -> None:
    now = int(caller.now)
    stale = [str(now - 360), str(now + 360), "0"]
    malformed = ["-1", "soon", "1e9", "", "99999999999999", "1.5", "²", "１７００００００００"]
    for timestamp in stale + malformed:
        headers = caller.signed(COMMAND, timestamp=timestamp)
        headers["X-Slack-Request-Timestamp"] = timestamp
        assert (await caller.post(COMMAND, headers))[0] == 401, timestamp


async def test_a_malformed_or_missing_signature_is_refused(caller: Caller) -> None:
    for signature in ("", "v0=", "v0=xyz", "v1=" + "0" * 64, "v0=" + "é" * 64):
        headers = caller.signed(COMMAND) | {"X-Slack-Signature": signature}
        assert (await caller.post(COMMAND, headers))[0] == 401, signature
    for name in ("X-Slack-Signature", "X-Slack-Request-Timestamp"):
        headers = caller.signed(COMMAND)
        del headers[name]
        assert (await caller.post(COMMAND, headers))[0] == 401, name


async def test_rubbish_without_a_signature_is_refused_before_it_is_read(caller: Caller) -> None:
    for body, kind in ((b"{", "application/json"), (b"\xff\xfe", FORM), (b"payload={", FORM)):
        headers = caller.signed(body, "another") | {"Content-Type": kind}
        assert (await caller.post(body, headers))[0] == 401, body


async def test_a_changed_body_is_refused(caller: Caller) -> None:
    headers = caller.signed(COMMAND)
    assert (await caller.post(COMMAND.replace(b"5", b"9"), headers))[0] == 401


async def test_a_body_that_is_too_large_is_not_read(caller: Caller) -> None:
    body = b"x" * (LARGEST + 1)
    assert (await caller.post(body, caller.signed(body)))[0] == 413


async def test_slack_can_verify_the_url(caller: Caller) -> None:
    body = json.dumps({"type": "url_verification", "challenge": "c-123"}).encode()
    headers = caller.signed(body) | {"Content-Type": "application/json"}
    status, text = await caller.post(body, headers)
    assert (status, json.loads(text)) == (200, {"challenge": "c-123"})


async def test_without_a_secret_there_is_no_route(desk: Desk) -> None:
    with pytest.raises(ValueError, match="empty"):
        slack_route(desk.side.app, "", desk.now)
