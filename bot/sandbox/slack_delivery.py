"""How commands, clicks and events reach the bot: Socket Mode or signed HTTP, with acks.

https://docs.slack.dev/apis/events-api/using-socket-mode
https://docs.slack.dev/authentication/verifying-requests-from-slack
"""

import asyncio
import hashlib
import hmac
import itertools
import json
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import aiohttp
from aiohttp import WSMsgType, web

from bot.sandbox.slack_state import APP_ID, Slack
from bot.sandbox.state import Json

MAX_CONNECTIONS = 10  # https://docs.slack.dev/apis/events-api/using-socket-mode
DEBUG_INFO = {"host": "applink-sandbox", "build_number": 1, "approximate_connection_time": 18060}


@dataclass
class Ack:
    """What became of one delivery."""

    acked: bool
    ms: float
    body: Json | None = None
    error: str | None = None  # "operation_timeout" | "dispatch_failed"

    def as_json(self) -> Json:
        return {"acked": self.acked, "ms": round(self.ms, 1), "error": self.error}


@dataclass
class Retry:
    """https://docs.slack.dev/apis/events-api/#retries"""

    number: int
    reason: str = "http_timeout"


class SocketHub:
    """The Socket Mode connections of the app."""

    def __init__(self, slack: Slack) -> None:
        self.slack = slack
        self.tickets: set[str] = set()
        self.sockets: list[web.WebSocketResponse] = []
        self.transports: dict[web.WebSocketResponse, asyncio.Transport | None] = {}
        self.waiting: dict[str, asyncio.Future[Json]] = {}
        self._turn = itertools.count()

    def open(self) -> str:
        ticket = self.slack.new_id("ticket-")
        self.tickets.add(ticket)
        base = self.slack.world.platforms_url.replace("http", "ws", 1)
        return f"{base}/slack/link/?ticket={ticket}&app_id={APP_ID}"

    async def handle(self, request: web.Request) -> web.StreamResponse:
        ticket = request.query.get("ticket", "")
        if ticket not in self.tickets or len(self.sockets) >= MAX_CONNECTIONS:
            raise web.HTTPForbidden(text="bad ticket or too many connections")
        self.tickets.discard(ticket)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.sockets.append(socket)
        self.transports[socket] = request.transport
        try:
            await socket.send_json(self._hello())
            self.slack.world.changes.bump()
            await self._listen(socket)
        finally:
            self._forget(socket)
            del self.transports[socket]
            self.slack.world.changes.bump()
        return socket

    def _forget(self, socket: web.WebSocketResponse) -> None:
        if socket in self.sockets:
            self.sockets.remove(socket)

    def _hello(self) -> Json:
        return {
            "type": "hello",
            "num_connections": len(self.sockets),
            "debug_info": DEBUG_INFO,
            "connection_info": {"app_id": APP_ID},
        }

    async def _listen(self, socket: web.WebSocketResponse) -> None:
        async for message in socket:
            if message.type is not WSMsgType.TEXT:
                continue
            answer = json.loads(message.data)
            future = self.waiting.get(answer.get("envelope_id", ""))
            if future and not future.done():
                future.set_result(answer.get("payload") or {})

    async def deliver(self, kind: str, payload: Json, retry: Retry | None) -> Ack:
        if not self.sockets:
            return Ack(False, 0.0, error="dispatch_failed")
        socket = self.sockets[next(self._turn) % len(self.sockets)]
        envelope: Json = {
            "envelope_id": self.slack.new_id("envelope-"),
            "type": kind,
            "payload": payload,
            "accepts_response_payload": kind != "events_api",
        }
        if kind == "events_api":
            envelope["retry_attempt"] = retry.number if retry else 0
            envelope["retry_reason"] = retry.reason if retry else ""
        return await self._exchange(socket, envelope)

    async def _exchange(self, socket: web.WebSocketResponse, envelope: Json) -> Ack:
        future: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        self.waiting[envelope["envelope_id"]] = future
        began = time.monotonic()
        try:
            await socket.send_json(envelope)
            async with asyncio.timeout(self.slack.world.faults.get("slack", "ack_timeout_s")):
                body = await future
        except (TimeoutError, ConnectionError):
            return Ack(False, _since(began), error="operation_timeout")
        finally:
            self.waiting.pop(envelope["envelope_id"], None)
        return Ack(True, _since(began), body)

    async def refresh(self, reason: str = "refresh_requested") -> None:
        """https://docs.slack.dev/apis/events-api/using-socket-mode#disconnect

        The app opens a new connection and closes the old one itself."""
        for socket in list(self.sockets):
            self._forget(socket)  # nothing more is sent over it
            await socket.send_json(
                {"type": "disconnect", "reason": reason, "debug_info": DEBUG_INFO}
            )

    def cut(self) -> None:
        """All connections break without a word."""
        for transport in self.transports.values():
            if transport is not None:
                transport.abort()

    async def close(self) -> None:
        for socket in list(self.transports):
            await socket.close()


def _since(began: float) -> float:
    return (time.monotonic() - began) * 1000


class HttpSender:
    """Posts to the app's request URL, signed."""

    def __init__(self, slack: Slack) -> None:
        self.slack = slack
        self.session: aiohttp.ClientSession | None = None

    async def deliver(self, kind: str, payload: Json, retry: Retry | None) -> Ack:
        if kind == "events_api":
            body, mime = json.dumps(payload), "application/json"
        else:
            form = payload if kind == "slash_commands" else {"payload": json.dumps(payload)}
            body, mime = urlencode(form), "application/x-www-form-urlencoded"
        headers = {"Content-Type": mime, **self.signature(body)}
        if retry:
            headers["X-Slack-Retry-Num"] = str(retry.number)
            headers["X-Slack-Retry-Reason"] = retry.reason
        return await self._post(body, headers)

    def signature(self, body: str) -> dict[str, str]:
        """https://docs.slack.dev/authentication/verifying-requests-from-slack"""
        stamp = str(self.slack.world.now())
        base = f"v0:{stamp}:{body}".encode()
        digest = hmac.new(self.slack.secret.encode(), base, hashlib.sha256).hexdigest()
        return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={digest}"}

    async def _post(self, body: str, headers: dict[str, str]) -> Ack:
        if self.session is None or self.slack.request_url is None:
            return Ack(False, 0.0, error="dispatch_failed")
        began = time.monotonic()
        seconds = self.slack.world.faults.get("slack", "ack_timeout_s")
        timeout = aiohttp.ClientTimeout(total=seconds)
        try:
            async with self.session.post(
                self.slack.request_url, data=body.encode(), headers=headers, timeout=timeout
            ) as answer:
                text = await answer.text()
                if answer.status != 200:
                    return Ack(False, _since(began), error="dispatch_failed")
        except TimeoutError:
            return Ack(False, _since(began), error="operation_timeout")
        except aiohttp.ClientError:
            return Ack(False, _since(began), error="dispatch_failed")
        return Ack(True, _since(began), _answer(text, answer.content_type))


def _answer(text: str, mime: str) -> Json:
    if mime == "application/json" and text:
        parsed: Any = json.loads(text)
        return parsed if isinstance(parsed, dict) else {}
    return {"text": text} if text else {}


class Delivery:
    """Chooses the way and delivers as often as a test asks for."""

    def __init__(self, slack: Slack) -> None:
        self.slack = slack
        self.hub = SocketHub(slack)
        self.http = HttpSender(slack)
        self.background: set[asyncio.Task[None]] = set()

    async def once(self, kind: str, payload: Json, retry: Retry | None = None) -> Ack:
        way = self.http if self.slack.request_url else self.hub
        return await way.deliver(kind, payload, retry)

    async def send(self, kind: str, payload: Json, times: int = 1) -> Ack:
        """The first delivery's ack; `times` over 1 sends the same payload again, as retries."""
        times = max(times, self.slack.world.faults.chances["slack"].deliveries(kind))
        first = await self.once(kind, payload)
        for number in range(1, times):
            await self.once(kind, payload, Retry(number))
        if kind == "events_api" and not first.acked:
            task = asyncio.create_task(self._retry(payload))
            self.background.add(task)
            task.add_done_callback(self.background.discard)
        return first

    async def _retry(self, payload: Json) -> None:
        """https://docs.slack.dev/apis/events-api/#retries"""
        delays = self.slack.world.faults.get("slack", "retry_delays_s")
        for number, delay in enumerate(delays, start=1):
            await asyncio.sleep(delay)
            if (await self.once("events_api", payload, Retry(number))).acked:
                return
