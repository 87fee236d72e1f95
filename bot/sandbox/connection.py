"""A line to a sandbox at any base URL: asks it, and waits for what its people see.

Waiting is driven by the sandbox's change notices (a WebSocket), never by polling on a timer.
"""
# ruff: noqa: ASYNC109  a test says how long it waits where it waits

import asyncio
import contextlib
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self, TypeVar

import aiohttp

from bot.sandbox.patience import PATIENCE

Json = dict[str, Any]
T = TypeVar("T")


class DriverError(Exception):
    """The sandbox refused: the test asked for what no client could do."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status


class WaitedInVain(AssertionError):
    """What a test waited for did not come; the message shows what was there instead."""


class Connection:
    """One client of one sandbox; closes what it opened."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url.rstrip("/")
        self.toasts: list[Json] = []
        self._session: aiohttp.ClientSession | None = None
        self._listener: asyncio.Task[None] | None = None
        self._version = 0
        self._changed = asyncio.Condition()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        if self._listener:
            self._listener.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._listener
            self._listener = None
        if self._session:
            await self._session.close()
            self._session = None

    def _http(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession()
        return self._session

    async def call(self, method: str, path: str, body: Json | None = None) -> Any:
        url = f"{self.base_url}/sandbox/{path}"
        async with self._http().request(method, url, json=body) as answer:
            if answer.status != 200:
                raise DriverError(answer.status, await answer.text())
            return await answer.json()

    async def get(self, path: str) -> Any:
        return await self.call("GET", path)

    async def post(self, path: str, body: Json | None = None) -> Any:
        return await self.call("POST", path, body or {})

    async def state(self, part: str = "") -> Json:
        """All, or a part: "platform=slack", "platform=telegram", "chat=ID" (of Telegram)."""
        state: Json = await self.get(f"state?{part}")
        return state

    async def log(
        self, after: int = 0, *, platform: str | None = None, method: str | None = None
    ) -> list[Json]:
        """The API requests that the bot made, oldest first."""
        answer = await self.get(f"log?after={after}")
        return [
            entry
            for entry in answer["requests"]
            if platform in (None, entry["platform"]) and method in (None, entry["method"])
        ]

    async def wait(
        self,
        look: Callable[[Json], T | None],
        timeout: float = PATIENCE,
        what: str = "the state",
        part: str = "",
    ) -> T:
        """The first truthy `look(state)`; looks again at every change until `timeout` seconds."""
        state: Json = {}
        await self._listen()
        try:
            async with asyncio.timeout(timeout):
                while True:
                    state = await self.state(part)
                    if found := look(state):
                        return found
                    await self._beyond(state["version"])
        except TimeoutError:
            words = f"waited {timeout:g} s for {what}; there is {summary(state)}"
            raise WaitedInVain(words) from None

    async def wait_for_requests(
        self, method: str, count: int = 1, *, after: int = 0, timeout: float = PATIENCE
    ) -> list[Json]:
        """The log's entries for a method, once there are `count` of them."""
        await self._listen()
        found: list[Json] = []
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                while True:
                    version = (await self.get("version"))["version"]
                    found = await self.log(after, method=method)
                    if len(found) >= count:
                        return found
                    await self._beyond(version)
        raise WaitedInVain(f"waited {timeout:g} s for {count} x {method}; there are {len(found)}")

    async def _beyond(self, version: int) -> None:
        async with self._changed:
            await self._changed.wait_for(lambda: self._version > version)

    async def _listen(self) -> None:
        if self._listener is None or self._listener.done():
            socket = await self._http().ws_connect(f"{self.base_url}/sandbox/events")
            self._listener = asyncio.create_task(self._read(socket))

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        try:
            async for message in socket:
                news = message.json()
                if news["type"] == "toast":
                    self.toasts.append(news)
                    continue
                async with self._changed:
                    self._version = news["version"]
                    self._changed.notify_all()
        finally:
            await socket.close()


def summary(state: Json) -> str:
    """The last messages of every chat, for a failed test."""
    lines = []
    for chat in _part(state, "telegram", "customers") + _part(state, "telegram", "groups"):
        words = [f"{m['from']}: {m['text']!r}" for m in chat["messages"][-3:]]
        lines.append(f"telegram {chat['id']}: {words}")
    lines += [
        f"slack {channel['id']}: {[m['text'] for m in channel['messages'][-3:]]}"
        for channel in _part(state, "slack", "channels")
    ]
    lines.append(f"ephemeral: {[m['text'] for m in _part(state, 'slack', 'ephemerals')[-3:]]}")
    lines.append(f"modals: {[m['view'].get('title') for m in _part(state, 'slack', 'modals')]}")
    return "\n  ".join(lines)


def _part(state: Json, platform: str, name: str) -> list[Json]:
    part: list[Json] = state.get(platform, {}).get(name, [])
    return part
