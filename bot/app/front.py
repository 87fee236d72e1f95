"""What each process does, whether it leads or stands by: HTTP with the web hooks and the health."""

import asyncio
import socket
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager

from fastapi import FastAPI

from bot.app.opening import Base, now
from bot.app.platforms import Platforms
from bot.app.watched import Watched
from bot.domain.faults import DatabaseDown
from bot.settings import SettingsError
from bot.supervisor import Supervisor
from handlers.http.server import Health, HttpServer, bind, build_http

LEADS, STANDS_BY = "leader", "standby"


class Front:
    """`platforms` has the ways in and out; their parts are for the process that leads."""

    def __init__(self, base: Base, stop: asyncio.Event) -> None:
        self._base = base
        self._own = Supervisor(stop, passing=(DatabaseDown,))
        self._leading: Supervisor | None = None
        self._watched = Watched(base)
        self.platforms = Platforms(base, self._watched.telemetry)

    async def open(self, stack: AsyncExitStack) -> None:
        """Serve until `stop`; leaving `stack` waits for what is being answered, then closes the
        platforms. Raises SettingsError when the port is taken."""
        taken = stack.enter_context(self._bound())
        await self.platforms.open(stack)
        self._watched.begin(self.platforms, self.states, leads_since=None)
        self._own.start("http", HttpServer(self.http(), taken).run)
        stack.push_async_callback(self._own.finish)

    def http(self) -> FastAPI:
        """What is served; the platforms must be open."""
        database, shop = self._base.database, self._base.settings.shop_name
        health = Health(shop, self.role, self.states, database.check)
        return build_http(health, [*self.platforms.routes, self._watched.route()])

    def _bound(self) -> socket.socket:
        settings = self._base.settings
        try:
            return bind(settings.http_host, settings.http_port)
        except OSError as error:
            raise SettingsError(
                f"HTTP_PORT: cannot listen on {settings.http_host}:{settings.http_port} "
                f"({error.strerror}); is another program there? Set another port"
            ) from None

    @contextmanager
    def led_by(self, supervisor: Supervisor) -> Iterator[None]:
        """In this block the process leads, and the health has these parts too."""
        self._leading = supervisor
        self._watched.begin(self.platforms, self.states, leads_since=now())
        try:
            yield
        finally:
            self._leading = None
            self._watched.begin(self.platforms, self.states, leads_since=None)

    def role(self) -> str:
        return LEADS if self._leading else STANDS_BY

    def states(self) -> Mapping[str, str]:
        """What runs here. Who stands by is connected to no platform, and that is well."""
        if self._leading is None:
            return self._own.states
        return self._own.states | self._leading.states | self.platforms.links()
