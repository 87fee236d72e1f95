"""A TCP proxy between the bot and a platform, in which the network fails on demand."""

import asyncio
import random
import socket
import struct
from collections.abc import Awaitable, Callable
from enum import Enum, auto
from types import TracebackType
from typing import Self

HURRY = struct.pack("ii", 1, 0)  # SO_LINGER: close with a reset
CHUNK = 65_536
SLOWLY = 0.3  # seconds for each piece of an answer
CUT_AFTER = 20  # bytes of the answer


class Mode(Enum):
    PASS = auto()
    REFUSE = auto()  # nobody listens
    RESET = auto()  # each connection breaks before anything came through
    BLACK_HOLE = auto()  # what is sent disappears, and nothing comes back
    STALL = auto()  # requests pass, answers wait until it is mended
    SLOW = auto()  # answers trickle
    CUT = auto()  # requests pass, the connection breaks before the answer
    CUT_LATER = auto()  # ... in the middle of the answer


class Cut(Exception):
    """The connection breaks after this part of an answer."""

    def __init__(self, part: bytes) -> None:
        super().__init__()
        self.part = part


class Proxy:
    """`set` holds at once, for open connections too; with `share` CUT and CUT_LATER befall that
    part of the answers, drawn from `seed`."""

    def __init__(self, target: int, seed: int = 0) -> None:
        self.port = 0
        self.mode = Mode.PASS
        self._target = target
        self._dice = random.Random(seed)
        self._share = 1.0
        self._server: asyncio.Server | None = None
        self._serving: set[asyncio.Task[None] | None] = set()
        self._open: set[asyncio.StreamWriter] = set()
        self._mended = asyncio.Event()

    async def set(self, mode: Mode, *, share: float = 1.0) -> None:
        """From now on; what waited for the end of a STALL goes on, what a hole took stays gone."""
        left, self.mode, self._share = self.mode, mode, share
        self._mended.set()
        self._mended = asyncio.Event()
        if mode in (Mode.REFUSE, Mode.RESET) or left is Mode.BLACK_HOLE:
            for writer in self._open:
                _reset(writer)
        if mode is Mode.REFUSE and self._server is not None:
            self._server.close()
            self._server = None
        if mode is not Mode.REFUSE and self._server is None:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.mode is Mode.RESET:
            _reset(writer)
            return
        task = asyncio.current_task()
        there, away = await asyncio.open_connection("127.0.0.1", self._target)
        self._open |= {writer, away}
        self._serving.add(task)
        try:
            await asyncio.gather(
                self._pump(reader, away, self._request), self._pump(there, writer, self._answer)
            )
        finally:
            self._open -= {writer, away}
            self._serving.discard(task)

    async def _pump(
        self,
        source: asyncio.StreamReader,
        into: asyncio.StreamWriter,
        passes: Callable[[bytes], Awaitable[bytes]],
    ) -> None:
        """Until one side is gone; then both are."""
        try:
            while data := await source.read(CHUNK):
                into.write(await passes(data))
                await into.drain()
        except Cut as cut:
            into.write(cut.part)
        except OSError:  # reset, by us or by one side
            pass
        into.close()

    async def _request(self, data: bytes) -> bytes:
        return b"" if self.mode is Mode.BLACK_HOLE else data

    async def _answer(self, data: bytes) -> bytes:
        if self.mode is Mode.STALL:
            await self._mended.wait()
        if self.mode is Mode.SLOW:
            await asyncio.sleep(SLOWLY)
        if self.mode in (Mode.CUT, Mode.CUT_LATER) and self._dice.random() < self._share:
            raise Cut(data[:CUT_AFTER] if self.mode is Mode.CUT_LATER else b"")
        return data

    async def __aenter__(self) -> Self:
        await self.set(Mode.PASS)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.set(Mode.REFUSE)
        await asyncio.gather(*filter(None, self._serving))


def _reset(writer: asyncio.StreamWriter) -> None:
    taken: socket.socket | None = writer.get_extra_info("socket")
    if taken is not None and taken.fileno() >= 0:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, HURRY)
    writer.transport.abort()
