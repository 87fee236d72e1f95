"""The one client for Slack: every request waits for its turn inside Slack's limits.

The limits: docs.slack.dev/apis/web-api/rate-limits.
"""

import asyncio
import ipaddress
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.channels.pacer import UNLIMITED, Memory, Pacer, Rate
from bot.channels.slack_errors import patience_of, seconds_in, status_of
from bot.domain.notices import Lane

PUBLIC_API = "https://slack.com/api/"
POST = "chat.postMessage"
RESPOND = "response_url"
PATIENCE = 15.0  # seconds that an answer to a person waits by itself when Slack says "later"
TRIES = 3
# Burst + a minute's worth stays within the tier: 50+ and 100+ a minute. A post has "several hundred
# a minute" for the workspace beside 1 a second for each channel. Reading back: tiers 3, 3 and 2.
METHODS: Final = {
    "method:chat.update": Rate(40 / 60, 10, 8),
    "method:chat.postEphemeral": Rate(80 / 60, 20, 15),
    "method:views.open": Rate(80 / 60, 20, 15),
    "method:conversations.history": Rate(40 / 60, 10, 8),
    "method:conversations.open": Rate(40 / 60, 10, 8),
    "method:conversations.list": Rate(15 / 60, 5, 4),
    f"method:{POST}": Rate(4, 10, 8),
}
CHANNEL: Final = Rate(1)


def slack_rate(key: str) -> Rate:
    """The rate of a channel, or of a method ("method:chat.update")."""
    return METHODS.get(key, UNLIMITED) if key.startswith("method:") else CHANNEL


def slack_pacer(
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    memory: Memory | None = None,
) -> Pacer:
    """Slack names no rate for the whole account; 20/s keeps a flood from looking like an attack."""
    return Pacer(20, rate_of=slack_rate, memory=memory, clock=clock, sleep=sleep)


def slack_session() -> aiohttp.ClientSession:
    """The connections that all requests share; needs a running loop. Close it at the end.

    slack_sdk ignores its own timeout when it is given a session, so the session has them.
    """
    return aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=20, connect=10, sock_connect=5)
    )


class PacedSlackClient(AsyncWebClient):
    """slack_sdk's client with turns, one shared session and no repeats of its own.

    Its default handler would send a dropped POST twice. Raises SlackApiError or aiohttp's errors.
    `answered` is told how many seconds each request took.
    """

    def __init__(
        self,
        token: str,
        pacer: Pacer,
        session: aiohttp.ClientSession,
        base_url: str = PUBLIC_API,
        answered: Callable[[float], None] = lambda _: None,
    ) -> None:
        super().__init__(token=token, base_url=base_url, session=session, retry_handlers=[])
        self.pacer = pacer
        self._shared, self._answered = session, answered
        if _is_here(self.base_url):
            self.proxy = None  # no proxy of the environment can reach this machine's own addresses

    async def api_call(self, api_method: str, **parts: Any) -> AsyncSlackResponse:
        """What every method of slack_sdk ends in: an answer to a person."""
        return await self.call(Lane.REPLY, api_method, **parts)

    async def call(self, lane: Lane, api_method: str, **parts: Any) -> AsyncSlackResponse:
        """Call a method when its turn comes. After a 429 the channel or the method is held; a short
        wait of an answer is sat out here, everything else is the caller's to keep and try again.
        Raises RetryAfter when it is held already, SlackApiError or aiohttp's errors."""
        keys = _keys_of(api_method, parts)
        for tries_left in reversed(range(TRIES)):
            await self.pacer.turn(keys[0], lane, *keys[1:])
            try:
                return await super().api_call(api_method, **parts)
            except SlackApiError as error:
                if status_of(error) != 429:
                    raise
                seconds = patience_of(error)
                await self.pacer.refused(keys[0], seconds)
                if lane is not Lane.REPLY or seconds > PATIENCE or not tries_left:
                    raise
        raise AssertionError("the last try either returns or raises")

    async def respond(self, url: str, body: dict[str, Any]) -> str:
        """Use a response_url: "" when Slack took it, else Slack's word for the refusal.

        "used_url" and "expired_url": 5 uses in 30 minutes. Raises RetryAfter when Slack said so
        before, aiohttp.ClientError when the request or Slack itself failed.
        """
        for tries_left in reversed(range(TRIES)):
            await self.pacer.turn("", Lane.REPLY, f"method:{RESPOND}")
            async with self._shared.post(self._here(url), json=body, proxy=self.proxy) as answer:
                if answer.status == 429:
                    seconds = seconds_in(answer.headers)
                    await self.pacer.refused(f"method:{RESPOND}", seconds)
                    if seconds <= PATIENCE and tries_left:
                        continue
                if answer.status == 429 or answer.status >= 500:
                    answer.raise_for_status()
                return await _refusal_in(answer)
        raise AssertionError("the last try either returns or raises")

    def _here(self, url: str) -> str:
        """With another API address nothing goes to Slack's own hosts, answers neither."""
        parts, own = urlsplit(url), urlsplit(self.base_url)
        if self.base_url != PUBLIC_API and (parts.hostname or "").endswith(".slack.com"):
            return parts._replace(scheme=own.scheme, netloc=own.netloc).geturl()
        return url

    async def _request(
        self, *, http_verb: str, api_url: str, req_args: dict[str, Any]
    ) -> dict[str, Any]:
        # A proxy's page in place of Slack's JSON would break slack_sdk with an AttributeError.
        began = time.monotonic()
        answer = await super()._request(http_verb=http_verb, api_url=api_url, req_args=req_args)
        self._answered(time.monotonic() - began)
        return answer if isinstance(answer["data"], dict) else {**answer, "data": {}}


def _keys_of(api_method: str, parts: dict[str, Any]) -> tuple[str, ...]:
    """The keys that a request spends from; the first one is held after a 429."""
    method = f"method:{api_method}"
    if api_method != POST:
        return (method,)
    given = parts.get("json") or parts.get("params") or parts.get("data") or {}
    channel = given.get("channel") if isinstance(given, dict) else None
    return (str(channel), method) if channel else (method,)


async def _refusal_in(answer: aiohttp.ClientResponse) -> str:
    """Slack answers "ok", {"ok": true} or a word such as used_url, bare or as JSON."""
    text = await answer.text()
    if "json" in answer.content_type and text.startswith("{"):
        told = await answer.json()
        return "" if told.get("ok", answer.ok) else str(told.get("error", "refused"))
    return "" if answer.ok else text.strip()[:80] or f"http_{answer.status}"


def _is_here(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
