"""Strangers on the network: requests that never come to their end, by the hundred, and meanwhile
other people ask. The bot is a process of its own; its memory and its log are read from outside.
"""

import asyncio
import hashlib
import hmac
import resource
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import aiohttp

from bot.sandbox.server import Sandbox
from tests.faults.rows import Row, at_most, none_of, size
from tests.support.network import free_port
from tests.support.process import TOKENS, BotProcess, settings_for

SECONDS = 15  # of each attack: longer than the limits of the server
WITHIN = 1.0  # seconds until somebody else is answered
MEMORY = 50.0  # MB more than idle
LINES = 1.0  # a second
PART = 900_000  # bytes of a body that never ends
AGAIN = 1.0  # seconds until an attacker who was cut off is back
MOST_A_SECOND = 500  # come again, after the first rush: they share two cores with the bot
SECRET = "hook-secret"


@dataclass
class Site:
    """A bot that takes web hooks of both platforms, and what is seen of it."""

    bot: BotProcess
    port: int
    waits: list[float] = field(default_factory=list)  # of others, in seconds
    unanswered: list[str] = field(default_factory=list)
    memory: float = 0.0  # the most that was seen, in MB
    asked: int = 0

    def resident(self) -> float:
        """MB."""
        status = Path(f"/proc/{self.bot.pid}/status").read_text("ascii")
        line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) / 1000

    async def others(self, session: aiohttp.ClientSession) -> None:
        """Somebody looks at the health, and staff type a command, again and again."""
        while True:
            await self._timed("/healthz", self._health(session))
            await self._timed("/stock", self._command(session))
            self.memory = max(self.memory, self.resident())
            await asyncio.sleep(0.2)  # people do not ask without a pause

    async def _timed(self, what: str, request: Awaitable[int]) -> None:
        began = time.monotonic()
        try:
            status = await request
        except (aiohttp.ClientError, TimeoutError) as error:
            self.unanswered.append(f"{what}: {error!r}")
            return
        self.waits.append(time.monotonic() - began)
        if status != 200:
            self.unanswered.append(f"{what}: {status}")

    async def _health(self, session: aiohttp.ClientSession) -> int:
        async with session.get(f"http://127.0.0.1:{self.port}/healthz") as answer:
            return answer.status

    async def _command(self, session: aiohttp.ClientSession) -> int:
        self.asked += 1
        body = command(self.asked)
        url = f"http://127.0.0.1:{self.port}/slack/events"
        async with session.post(url, data=body, headers=signed(body)) as answer:
            return answer.status


def command(number: int) -> bytes:
    fields = {
        "command": "/stock",
        "text": "low",
        "user_id": "U1",
        "user_name": "ann",
        "channel_id": "C1",
        "trigger_id": f"t.{number}",
        "response_url": "",
        "team_id": "T1",
    }
    return urlencode(fields).encode()


def signed(body: bytes) -> dict[str, str]:
    stamp = str(int(time.time()))  # noqa: TID251  # the bot compares it with the real time
    secret = TOKENS["SLACK_SIGNING_SECRET"].encode()
    digest = hmac.new(secret, b"v0:%b:%b" % (stamp.encode(), body), hashlib.sha256).hexdigest()
    return {
        "X-Slack-Request-Timestamp": stamp,
        "X-Slack-Signature": f"v0={digest}",
        "Content-Type": "application/x-www-form-urlencoded",
    }


@asynccontextmanager
async def site(folder: Path) -> AsyncIterator[Site]:
    """The bot runs and is well."""
    port = free_port()
    async with Sandbox() as sandbox:
        await sandbox.slack.user("U1", name="ann")
        await sandbox.slack.channel("C1", name="stock")
        hook = f"http://127.0.0.1:{port}/hooks/telegram"
        env = settings_for(
            sandbox,
            HTTP_PORT=str(port),
            ADMINS="slack:U1",
            SLACK_MODE="http",
            TELEGRAM_MODE="webhook",
            TELEGRAM_WEBHOOK_URL=hook,
            TELEGRAM_WEBHOOK_SECRET=SECRET,
        )
        async with BotProcess(folder, env) as bot, aiohttp.ClientSession() as session:
            async with asyncio.timeout(60):
                while not await well(session, port):
                    pass
            yield Site(bot, port)


async def well(session: aiohttp.ClientSession, port: int) -> bool:
    await asyncio.sleep(0.1)  # another process: there is nothing to wait on
    with suppress(aiohttp.ClientError):
        async with session.get(f"http://127.0.0.1:{port}/healthz") as answer:
            return answer.status == 200
    return False


Attack = Callable[[int], Awaitable[None]]  # one attacker at this port, until it is cut off


async def _until_cut(port: int, *parts: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for part in parts:
            writer.write(part)
            await writer.drain()
        while await reader.read(65_536):
            pass
    finally:
        writer.transport.abort()


async def half_header(port: int) -> None:
    await _until_cut(port, b"POST /slack/events HTTP/1.1\r\nHost: x\r\nX-Wait")


def head(path: str, *headers: str) -> bytes:
    lines = (f"POST {path} HTTP/1.1", "Host: x", "Content-Length: 1000000", *headers, "", "")
    return "\r\n".join(lines).encode()


def plausible() -> bytes:
    """Headers that a body could make right."""
    return head("/slack/events", *(f"{name}: {value}" for name, value in signed(b"").items()))


async def half_body(port: int) -> None:
    await _until_cut(port, plausible(), b"x" * PART)


async def half_body_anywhere(port: int) -> None:
    await _until_cut(port, head("/hooks/telegram"), b"x" * PART)


async def broken_off(port: int) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(plausible() + b"half")
    await writer.drain()
    writer.transport.abort()


async def attack(target: Site, how: Attack, count: int, seconds: float) -> None:
    """So many attackers, each back after a moment when cut off."""

    async def one() -> None:
        while True:
            with suppress(OSError):
                await how(target.port)
            await asyncio.sleep(pause)  # each is a machine of its own that needs time, too

    pause = AGAIN * max(1.0, count / MOST_A_SECOND)
    tasks = [asyncio.create_task(one()) for _ in range(count)]
    try:
        await asyncio.sleep(seconds)  # so long it lasts
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def asking(target: Site) -> AsyncIterator[None]:
    connector = aiohttp.TCPConnector(force_close=True)  # each is somebody who comes anew
    timeout = aiohttp.ClientTimeout(total=20)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        task = asyncio.create_task(target.others(session))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def under(target: Site, what: str, how: Attack, count: int, seconds: float) -> list[Row]:
    """One attack, and how everybody else fared."""
    target.waits, target.unanswered, target.memory = [], [], 0.0
    async with asking(target):
        await asyncio.sleep(2)  # what was used once is not charged to the attack
        idle, lines, began = target.resident(), target.bot.text.count("\n"), time.monotonic()
        target.memory = idle
        await attack(target, how, count, seconds)
        lasted = time.monotonic() - began
    written = target.bot.text.count("\n") - lines
    return [
        none_of(f"{what}, others unanswered", target.unanswered),
        at_most(f"{what}, others answered", max(target.waits), WITHIN, " s", timing=True),
        at_most(f"{what}, memory beyond idle", target.memory - idle, MEMORY, " MB"),
        at_most(f"{what}, lines of log", written / lasted, LINES, " a second"),
    ]


async def strangers(folder: Path, seed: int) -> list[Row]:
    """All attacks, one after the other, on one bot."""
    del seed
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
    share, seconds = size("STRANGERS_PERCENT", 100), size("STRANGERS_SECONDS", SECONDS)
    stories: dict[str, tuple[Attack, int]] = {
        "half-sent headers": (half_header, 1300),
        "unfinished bodies with Slack's headers": (half_body, 300),
        "unfinished bodies without the secret": (half_body_anywhere, 300),
        "posts broken off": (broken_off, 2000),
    }
    try:
        async with site(folder) as target:
            rows: list[Row] = []
            for what, (how, count) in stories.items():
                many = count * share // 100
                rows += await under(target, f"{many} {what}", how, many, seconds)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return [*rows, none_of("strangers, tracebacks", target.bot.text.count("Traceback"))]
