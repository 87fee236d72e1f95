"""What broken connections mean, on the wire: was the message certainly not sent, or in doubt?"""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import aiohttp
import pytest
from telegram.ext import ExtBot
from telegram.request import HTTPXRequest

from bot.channels.base import Channel, unheard
from bot.channels.pacer import Pacer
from bot.channels.slack import SlackChannel
from bot.channels.slack_client import PacedSlackClient, slack_pacer
from bot.channels.telegram import TelegramChannel
from bot.channels.telegram_limits import PacedRequests
from bot.channels.telegram_transport import AiohttpRequest
from bot.domain.forms import Rendered, SlackBlocks, TelegramHtml
from bot.domain.notices import Lane
from bot.domain.sending import InDoubt, NotSent, Rejected, RetryAfter
from tests.conformance.ways.pigeon import Letter, PigeonChannel

TOKEN = "123456:SANDBOX"
SHORT = 0.2  # seconds until a connection or an answer is given up
HELLO: dict[type, Rendered] = {
    TelegramChannel: TelegramHtml("hello"),
    SlackChannel: SlackBlocks("hello"),
    PigeonChannel: Letter("hello"),
}
Build = Callable[[str], Channel[Any]]
Send = Callable[[Channel[Any]], Awaitable[str]]


@contextlib.asynccontextmanager
async def telegram() -> AsyncIterator[Build]:
    """One connection at a time, and short of patience."""
    request = HTTPXRequest(
        connection_pool_size=1, connect_timeout=SHORT, read_timeout=SHORT, pool_timeout=SHORT / 2
    )

    def build(url: str) -> Channel[Any]:
        limiter = PacedRequests(Pacer(1000, 100))
        bot = ExtBot(TOKEN, f"{url}/bot", request=request, rate_limiter=limiter)
        return TelegramChannel(bot)

    try:
        yield build
    finally:
        await request.shutdown()


@contextlib.asynccontextmanager
async def telegram_by_aiohttp() -> AsyncIterator[Build]:
    """The same over the other transport."""
    async with contextlib.AsyncExitStack() as stack:
        patience = {"connect_timeout": SHORT / 4, "pool_timeout": SHORT / 4, "read_timeout": SHORT}
        request = AiohttpRequest("http://127.0.0.1", 1, **patience)
        await stack.enter_async_context(request)

        def build(url: str) -> Channel[Any]:
            limiter = PacedRequests(Pacer(1000, 100))
            bot = ExtBot(TOKEN, f"{url}/bot", request=request, rate_limiter=limiter)
            return TelegramChannel(bot)

        yield build


@contextlib.asynccontextmanager
async def slack() -> AsyncIterator[Build]:
    """The same for Slack."""
    patience = aiohttp.ClientTimeout(connect=SHORT / 2, sock_connect=SHORT, sock_read=SHORT)
    connector = aiohttp.TCPConnector(limit=1)
    async with aiohttp.ClientSession(timeout=patience, connector=connector) as session:
        yield lambda url: SlackChannel(
            PacedSlackClient("xoxb-sandbox", slack_pacer(), session, f"{url}/")
        )


@contextlib.asynccontextmanager
async def pigeon() -> AsyncIterator[Build]:
    """The same for the way that only tests have."""
    patience = aiohttp.ClientTimeout(connect=SHORT / 2, sock_connect=SHORT, sock_read=SHORT)
    connector = aiohttp.TCPConnector(limit=1)
    async with aiohttp.ClientSession(timeout=patience, connector=connector) as session:
        yield lambda url: PigeonChannel(url, session, Pacer(1000, 100), unheard)


@pytest.fixture(
    params=[telegram, telegram_by_aiohttp, slack, pigeon],
    ids=["telegram over httpx", "telegram over aiohttp", "slack", "pigeon"],
)
async def build(request: pytest.FixtureRequest) -> AsyncIterator[Build]:
    async with request.param() as builder:
        yield builder


async def send(channel: Channel[Any], address: str = "501") -> str:
    return await channel.send(address, HELLO[type(channel)], Lane.ALERT)


@contextlib.asynccontextmanager
async def answering(answer: bytes | None) -> AsyncIterator[tuple[str, asyncio.Queue[bytes]]]:
    """A server that reads requests and answers so; None: never; b"": it hangs up."""
    heard: asyncio.Queue[bytes] = asyncio.Queue()
    over = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.put_nowait(await reader.readuntil(b"\r\n\r\n"))
        if answer is None:
            await over.wait()
        else:
            writer.write(answer)
            await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", heard
        over.set()


def page(status: str, body: str = "", kind: str = "text/html") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
    return f"{head}Connection: close\r\n\r\n{body}".encode()


@contextlib.contextmanager
def full_door() -> Iterator[str]:
    """An address that neither takes nor refuses connections: its queue is full."""
    with contextlib.ExitStack() as stack:
        door = stack.enter_context(socket.socket())
        door.bind(("127.0.0.1", 0))
        door.listen(0)
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(door.getsockname())
        yield f"http://127.0.0.1:{door.getsockname()[1]}"


async def test_a_refused_connection_sent_nothing(build: Build, unused_tcp_port: int) -> None:
    with pytest.raises(NotSent):
        await send(build(f"http://127.0.0.1:{unused_tcp_port}"))


async def test_a_connection_that_takes_too_long_sent_nothing(build: Build) -> None:
    with full_door() as url, pytest.raises(NotSent):
        await send(build(url))


async def test_who_gets_no_connection_from_the_pool_sent_nothing(build: Build) -> None:
    async with answering(None) as (url, heard):
        channel = build(url)
        first = asyncio.create_task(send(channel, "501"))
        await heard.get()  # the one connection is taken
        with pytest.raises(NotSent):
            await send(channel, "502")
        with pytest.raises(InDoubt):
            await first
        assert heard.empty()


async def test_an_answer_that_takes_too_long_leaves_it_in_doubt(build: Build) -> None:
    async with answering(None) as (url, heard):
        with pytest.raises(InDoubt):
            await send(build(url))
        assert heard.qsize() == 1


async def test_a_server_that_hangs_up_leaves_it_in_doubt_and_is_asked_once(build: Build) -> None:
    async with answering(b"") as (url, heard):
        with pytest.raises(InDoubt):
            await send(build(url))
        assert heard.qsize() == 1


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (page("500 Internal Server Error"), InDoubt),
        (page("502 Bad Gateway", "<html>"), InDoubt),
        (page("504 Gateway Timeout"), InDoubt),
        (page("200 OK", "<html>"), InDoubt),
        (page("403 Forbidden", "<html>blocked by the proxy"), NotSent),
        (page("407 Proxy Authentication Required"), NotSent),
        (page("413 Request Entity Too Large", "<html>"), NotSent),
        (page("429 Too Many Requests"), RetryAfter),
    ],
    ids=lambda case: case.split(b"\r\n")[0].decode() if isinstance(case, bytes) else case.__name__,
)
async def test_a_page_in_place_of_the_platforms_answer(
    build: Build, answer: bytes, error: type[Exception]
) -> None:
    async with answering(answer) as (url, heard):
        with pytest.raises(error) as raised:
            await send(build(url))
        assert not isinstance(raised.value, Rejected)
        assert heard.qsize() == 1
