"""The server on real sockets, against requests that never come to their end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from structlog.testing import capture_logs

from handlers.http import crowd, guarded
from handlers.http.bodies import LARGEST
from handlers.http.crowd import Crowd
from handlers.http.server import Health, HttpServer, bind, build_http
from tests.handlers.slack.desk import until_listening

HALF_HEADER = b"POST /read HTTP/1.1\r\nHost: x\r\nX-Wait"
HALF_BODY = b"POST /read HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nhalf"
PLACES = 5


@dataclass
class Site:
    port: int
    read: list[int] = field(default_factory=list)  # sizes of bodies that came whole

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def begin(self, sent: bytes) -> "Half":
        half = Half(*await asyncio.open_connection("127.0.0.1", self.port))
        half.writer.write(sent)
        await half.writer.drain()
        return half

    async def get(self, path: str = "/healthz") -> int:
        async with aiohttp.ClientSession() as session, session.get(self.url + path) as answer:
            return answer.status

    async def post(self, body: bytes | AsyncIterator[bytes], path: str = "/read") -> int:
        async with (
            aiohttp.ClientSession() as session,
            session.post(self.url + path, data=body) as answer,
        ):
            return answer.status


@dataclass
class Half:
    """A client that has sent some of its request."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def cut_off(self) -> bool:
        """Until the server has closed the connection."""
        try:
            async with asyncio.timeout(10):
                await self.reader.read()
                return True
        except ConnectionResetError:
            return True
        finally:
            self.writer.close()


async def well() -> str:
    return ""


@asynccontextmanager
async def serving(within: Crowd) -> AsyncIterator[Site]:
    async def read(request: Request) -> PlainTextResponse:
        found.read.append(len(await request.body()))
        return PlainTextResponse("")

    async def refuse(request: Request) -> PlainTextResponse:
        del request
        return PlainTextResponse("no", 401)

    routes = [Route("/read", read, methods=["POST"]), Route("/refuse", refuse, methods=["POST"])]
    taken = bind("127.0.0.1", 0)
    found = Site(taken.getsockname()[1])
    app = build_http(Health("Shop", lambda: "leader", dict, well), routes)
    stop = asyncio.Event()
    running = asyncio.create_task(HttpServer(app, taken, within).run(stop))
    try:
        await until_listening(found.port)
        yield found
    finally:
        stop.set()
        await running


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with serving(Crowd(PLACES)) as found:
        yield found


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tenths of the seconds."""
    monkeypatch.setattr(guarded, "HEADER_WITHIN", 0.3)
    monkeypatch.setattr(guarded, "BODY_WITHIN", 0.3)
    monkeypatch.setattr(crowd, "LOOK_EACH", 0.05)


@pytest.mark.parametrize("sent", [b"", HALF_HEADER, HALF_BODY], ids=["silent", "header", "body"])
async def test_many_unfinished_requests_keep_nobody_out(site: Site, sent: bytes) -> None:
    begun = [await site.begin(sent) for _ in range(3 * PLACES)]
    assert await site.get() == 200
    assert await site.post(b"whole") == 200
    for half in begun[:PLACES]:  # who kept us waiting longest went first
        assert await half.cut_off()
    for half in begun:
        half.writer.close()


def test_a_request_that_waits_for_our_answer_is_never_pushed_out() -> None:
    guests = [Guest(since=n, ours=n == 0) for n in range(PLACES)]
    full = Crowd(PLACES)
    for guest in guests:
        full.admit(guest)
    full.admit(Guest(since=PLACES))
    assert [guest.was_cut for guest in guests] == [False, True, False, False, False]


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("sent", [b"", HALF_HEADER, HALF_BODY], ids=["silent", "header", "body"])
async def test_a_request_that_does_not_come_to_its_end_is_cut_off(site: Site, sent: bytes) -> None:
    half = await site.begin(sent)
    assert await half.cut_off()
    assert site.read == []


@pytest.mark.usefixtures("quick")
async def test_a_request_that_trickles_in_is_cut_off_all_the_same(site: Site) -> None:
    half = await site.begin(HALF_HEADER)
    trickle = asyncio.create_task(drip(half))
    try:
        assert await half.cut_off()
    finally:
        trickle.cancel()


async def drip(half: Half) -> None:
    while True:
        half.writer.write(b"x")
        await asyncio.sleep(0.02)  # what is tested is that it goes on for long


async def test_unfinished_bodies_take_no_more_memory_than_is_set_aside() -> None:
    async with AsyncExitStack() as stack:
        found = Crowd(100, held=500_000)
        site = await stack.enter_async_context(serving(found))
        head = b"POST /read HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\n\r\n"
        begun = [await site.begin(head + b"x" * 100_000) for _ in range(20)]
        for half in begun:
            stack.callback(half.writer.close)
        assert await site.post(b"small") == 200
        assert found._held <= 500_000
    assert site.read == [5]


async def test_a_body_that_is_too_large_is_refused_with_and_without_its_length(site: Site) -> None:
    async def in_chunks() -> AsyncIterator[bytes]:
        for _ in range(LARGEST // 10_000 + 1):
            yield b"x" * 10_000

    assert await site.post(b"x" * (LARGEST + 1)) == 413
    assert await site.post(in_chunks()) == 413
    assert site.read == []


async def test_what_is_refused_by_its_headers_is_not_read_on(site: Site) -> None:
    half = await site.begin(b"POST /refuse HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\n\r\n")
    assert (await half.reader.readline()).startswith(b"HTTP/1.1 401")
    half.writer.write(b"x" * 800_000)
    assert await half.cut_off()


async def test_posts_that_break_off_are_one_word_in_the_log_and_no_traceback(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    with capture_logs() as said:
        for _ in range(3):
            half = await site.begin(HALF_BODY)
            half.writer.transport.abort()
            await site.get()
        async with asyncio.timeout(10):
            while len(said) < 3:
                await site.get()
    assert site.read == []
    assert {line["event"] for line in said} == {"a request broke off before its end"}
    assert caplog.records == []  # uvicorn's


@dataclass(eq=False)
class Guest:
    since: float
    ours: bool = False
    held: int = 0
    patience: float = 10.0
    was_cut: bool = False

    def cut(self) -> None:
        self.was_cut = True
