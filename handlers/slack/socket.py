"""Socket Mode: a connection that is kept, replaced when it goes silent, and drained at the end."""

import asyncio
import contextlib
import logging
from typing import Any, Protocol

import aiohttp
from slack_bolt.adapter.socket_mode.async_internals import send_async_response as acknowledge
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest

from handlers.slack.connection import PING, Connection

log = logging.getLogger(__name__)

OPEN_WITHIN = 10.0
DRAIN_WITHIN = 5.0  # an acknowledgement is due within 3
LOOK_EVERY = 1.0
NOT_STORED = 503  # the database is down, which has been said
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
# A token that Slack will not take later either.
REFUSED = {
    "invalid_auth",
    "not_authed",
    "not_allowed_token_type",
    "token_revoked",
    "token_expired",
    "account_inactive",
    "missing_scope",
}


class SlackTokenRefused(Exception):
    """Trying again is no use: only Slack stops, until somebody repairs the setting."""

    def __init__(self, code: str) -> None:
        super().__init__(
            f"Slack does not accept SLACK_APP_TOKEN ({code}): make an app-level token (xapp-...) "
            "with connections:write and copy it again"
        )


class Opener(Protocol):
    """The paced client, as far as Socket Mode uses it."""

    proxy: str | None

    async def apps_connections_open(self, *, app_token: str) -> Any: ...


class SlackSocket:
    """A supervised part: `run` keeps a connection until it is told to stop.

    Slack being down delays nothing else and is tried again with growing pauses. When Slack asks
    for a new connection, the old one serves until the new one stands.
    """

    def __init__(
        self,
        app: AsyncApp,
        app_token: str,
        opener: Opener,
        *,
        ping: float = PING,
        look_every: float = LOOK_EVERY,
    ) -> None:
        self._app = app
        self._app_token = app_token
        self._opener = opener
        self._ping = ping
        self._look_every = look_every
        self._current: Connection | None = None
        self._handling: set[asyncio.Task[Any]] = set()

    @property
    def connected(self) -> bool:
        return self._current is not None

    async def run(self, stop: asyncio.Event) -> None:
        """Raises SlackTokenRefused; everything else is tried again until `stop`."""
        pause = FIRST_PAUSE
        try:
            while not stop.is_set():
                fresh = await self._open(stop)
                await self._leave()
                if fresh is None:
                    await _wait(stop, pause)
                    pause = min(pause * 2, LONGEST_PAUSE)
                    continue
                self._current, pause = fresh, FIRST_PAUSE
                log.info("connected to Slack")
                await self._keep(fresh, stop)
        finally:
            await self._leave()

    async def _keep(self, connection: Connection, stop: asyncio.Event) -> None:
        """Until `stop`, or until another connection is needed; a dead one is left at once."""
        while not stop.is_set() and not connection.told_to_go.is_set():
            if not await connection.healthy():
                log.warning("the connection to Slack was lost, opening another one")
                await self._leave()
                return
            await _wait_for_any((stop, connection.told_to_go), self._look_every)

    async def _leave(self) -> None:
        """What came through the connection is acknowledged before it goes."""
        if self._current is None:
            return
        connection, self._current = self._current, None
        if self._handling and await connection.healthy():
            await asyncio.wait(set(self._handling), timeout=DRAIN_WITHIN)
        await connection.close_soon()

    async def _open(self, stop: asyncio.Event) -> Connection | None:
        """None when Slack could not be reached, or when `stop` came first."""
        opening = asyncio.create_task(self._connect())
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({opening, stopping}, return_when=asyncio.FIRST_COMPLETED)
            return opening.result() if opening.done() else None
        finally:
            for task in (opening, stopping):
                task.cancel()
            await asyncio.gather(opening, stopping, return_exceptions=True)

    async def _connect(self) -> Connection | None:
        try:
            async with asyncio.timeout(OPEN_WITHIN):
                answer = await self._opener.apps_connections_open(app_token=self._app_token)
                return await self._connected_to(str(answer["url"]))
        except SlackApiError as refused:
            code = str(refused.response.get("error", ""))
            if code in REFUSED:
                raise SlackTokenRefused(code) from None
            log.warning("Slack gives no connection: %s", code or "no reason")
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            log.warning("Slack cannot be reached: %s", type(error).__name__)
        return None

    async def _connected_to(self, url: str) -> Connection:
        connection = Connection(self._app_token, self._opener.proxy, self._ping)
        connection.socket_mode_request_listeners.append(self._handle)
        async with contextlib.AsyncExitStack() as stack:
            stack.push_async_callback(connection.close_soon)
            await connection.connect_to(url)
            stack.pop_all()
        return connection

    async def _handle(self, client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        """One envelope. slack_sdk runs each in a task of its own, in any order: the inbox keeps
        the order per person."""
        this = {task} if (task := asyncio.current_task()) else set()
        self._handling |= this
        try:
            answer = await self._app.async_dispatch(
                AsyncBoltRequest(mode="socket_mode", body=request.payload)
            )
            if answer.status != 200:  # not stored: Slack delivers it again or tells the person
                level = logging.DEBUG if answer.status == NOT_STORED else logging.WARNING
                log.log(level, "not acknowledged: %s (%s)", request.type, answer.status)
            await acknowledge(client, request, answer, 0.0)
        finally:
            self._handling -= this


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    await _wait_for_any((stop,), seconds)


async def _wait_for_any(events: tuple[asyncio.Event, ...], seconds: float) -> None:
    waiting = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
