"""uvicorn with limits: it has none for a request that never comes to its end."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from handlers.http.crowd import (
    ANSWERED_WITHIN,
    BODY_WITHIN,
    HEADER_WITHIN,
    Crowd,
)

# asyncio takes in so many at one go, each with an open file, before any can be cut off. Few: who is
# new must have been read before hundreds of newer ones push it out.
AT_ONE_GO = 16
QUEUE = 1024  # connections that the system keeps until then
LARGEST_HEADER = 16_384  # bytes; those of the platforms have about 1,000
LEFT_OVER = 65_536  # bytes of a body that are still taken when its request is answered already


class Guarded(H11Protocol):
    """A connection that the crowd can cut off."""

    def __init__(
        self,
        config: "GuardedConfig",
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._crowd = config.crowd
        self.since = self.loop.time()
        self.held = 0

    @property
    def ours(self) -> bool:
        return self._answering and not self.cycle.more_body

    @property
    def patience(self) -> float:
        if not self._answering:
            return HEADER_WITHIN
        return BODY_WITHIN if self.cycle.more_body else ANSWERED_WITHIN

    @property
    def _answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    @property
    def _refused(self) -> bool:
        """Answered by its headers alone, and the body still comes."""
        return self.cycle.response_complete and self.cycle.more_body

    def cut(self) -> None:
        self.transport.abort()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self._crowd.admit(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._crowd.leave(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._crowd.took(self, len(data))
        if self.cycle is not None and self._refused and self.held > LEFT_OVER:
            self.cut()
        else:
            super().data_received(data)

    def handle_events(self) -> None:
        before = (self._answering, self.ours)
        super().handle_events()
        if (self._answering, self.ours) != before:
            self.since = self.loop.time()

    def on_response_complete(self) -> None:
        self.since = self.loop.time()
        self._crowd.freed(self)
        super().on_response_complete()


class GuardedConfig(uvicorn.Config):
    def __init__(self, app: Any, crowd: Crowd) -> None:
        self.crowd = crowd
        super().__init__(
            app,
            http=Guarded,
            ws="none",
            log_config=None,
            access_log=False,
            lifespan="off",
            backlog=AT_ONE_GO,
            h11_max_incomplete_event_size=LARGEST_HEADER,
            timeout_graceful_shutdown=5,
        )


class GuardedServer(uvicorn.Server):
    """serve() would take SIGTERM for itself; the signals are the application's."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for listening in sockets or ():
            listening.listen(QUEUE)  # asyncio asked for no more than it takes at one go
