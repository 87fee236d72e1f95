"""One Socket Mode connection: one ticket, no reconnecting of its own, an end within seconds.

slack_sdk's client tries a used ticket for ever, and its close waits for the other side.
"""

import asyncio
import logging
from typing import Any

import aiohttp
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.web.async_client import AsyncWebClient

log = logging.getLogger(__name__)
PING = 5.0  # seconds; four pings without an answer and slack_sdk calls the connection dead
CLOSE_WITHIN = 2.0


class Connection(SocketModeClient):
    """`told_to_go`: Slack asks for a new connection (refresh_requested) and will end this one."""

    def __init__(self, app_token: str, proxy: str | None, ping: float) -> None:
        logger = logging.getLogger("stockbell.slack.sdk")
        logger.setLevel(logging.WARNING)  # below it slack_sdk logs what people wrote
        super().__init__(
            app_token=app_token,
            logger=logger,
            web_client=AsyncWebClient(retry_handlers=[]),
            auto_reconnect_enabled=False,
            ping_interval=ping,
        )
        self.proxy = proxy
        self.told_to_go = asyncio.Event()

    async def connect_to(self, url: str) -> None:
        """Raises aiohttp.ClientError when it does not stand at once."""
        self.current_session = await self.aiohttp_client_session.ws_connect(
            url, autoping=False, heartbeat=self.ping_interval, proxy=self.proxy
        )
        self.current_session_monitor = asyncio.ensure_future(self.monitor_current_session())
        self.message_receiver = asyncio.ensure_future(self.receive_messages())

    async def connect_to_new_endpoint(self, force: bool = False) -> None:
        """What slack_sdk calls when Slack says so; the holder opens the new one."""
        del force
        self.told_to_go.set()

    async def healthy(self) -> bool:
        """Connected, answering pings, and with all of slack_sdk's tasks alive."""
        return all(not task.done() for task in self._tasks()) and await self.is_connected()

    async def close_soon(self) -> None:
        """Within CLOSE_WITHIN, whatever the other side does; no task is left behind."""
        self.closed = True
        try:
            if self.current_session is not None:
                async with asyncio.timeout(CLOSE_WITHIN):
                    await self.current_session.close()
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            log.debug("the connection to Slack did not close: %s", type(error).__name__)
        for task in self._tasks():
            task.cancel()
        await asyncio.gather(*self._tasks(), return_exceptions=True)
        await self.aiohttp_client_session.close()

    def _tasks(self) -> list[asyncio.Future[Any]]:
        every = (self.current_session_monitor, self.message_receiver, self.message_processor)
        return [task for task in every if task is not None]
