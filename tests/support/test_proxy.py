"""The proxy breaks what it says, and nothing else."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web

from tests.support.proxy import Mode, Proxy

BODY = "all of it " * 20


class Site:
    """A server behind a proxy; `heard` counts the requests that reached it."""

    def __init__(self, proxy: Proxy) -> None:
        self.proxy = proxy
        self.heard = 0
        self.came = asyncio.Semaphore(0)  # for each request one

    async def ask(self, seconds: float = 0.3) -> str:
        timeout = aiohttp.ClientTimeout(total=seconds)
        url = f"http://127.0.0.1:{self.proxy.port}/"
        async with aiohttp.ClientSession(timeout=timeout) as session, session.post(url) as answer:
            return await answer.text()


@asynccontextmanager
async def serving() -> AsyncIterator[Site]:
    app = web.Application()
    runner = web.AppRunner(app)

    async def answer(request: web.Request) -> web.Response:
        del request
        site.heard += 1
        site.came.release()
        return web.Response(text=BODY)

    app.router.add_post("/", answer)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with Proxy(runner.addresses[0][1]) as proxy:
        site = Site(proxy)
        yield site
    await runner.cleanup()


async def test_what_passes_is_whole() -> None:
    async with serving() as site:
        assert await site.ask(10) == BODY


@pytest.mark.parametrize(
    ("mode", "error", "heard"),
    [
        (Mode.REFUSE, aiohttp.ClientConnectorError, 0),
        (Mode.RESET, (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError), 0),
        (Mode.BLACK_HOLE, TimeoutError, 0),
        (Mode.STALL, TimeoutError, 1),
        (Mode.CUT, aiohttp.ServerDisconnectedError, 1),
        (Mode.CUT_LATER, aiohttp.ClientError, 1),
    ],
)
async def test_each_way_to_break_reaches_the_server_or_not_and_can_be_mended(
    mode: Mode, error: type[Exception], heard: int
) -> None:
    async with serving() as site:
        await site.proxy.set(mode)
        with pytest.raises(error):
            await site.ask()
        assert site.heard == heard
        await site.proxy.set(Mode.PASS)
        assert await site.ask(10) == BODY


async def test_what_is_slow_arrives_and_what_stalled_arrives_when_it_is_mended() -> None:
    async with serving() as site:
        await site.proxy.set(Mode.SLOW)
        assert await site.ask(10) == BODY
        await site.came.acquire()
        await site.proxy.set(Mode.STALL)
        waiting = asyncio.create_task(site.ask(10))
        await site.came.acquire()
        await site.proxy.set(Mode.PASS)
        assert await waiting == BODY


async def test_a_share_of_the_answers_is_cut() -> None:
    async with serving() as site:
        await site.proxy.set(Mode.CUT, share=0.5)
        ways = await asyncio.gather(*(site.ask(10) for _ in range(40)), return_exceptions=True)
        cut = sum(isinstance(way, aiohttp.ServerDisconnectedError) for way in ways)
        assert 5 < cut < 35
