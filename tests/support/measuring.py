"""Measures this machine before the bot is measured on it (see yardstick.py)."""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from statistics import median
from time import perf_counter

import aiohttp
from aiohttp import web

from storage import settings
from storage.database import Database
from storage.migrate import migrate
from tests.support.databases import own_postgres_server
from tests.support.yardstick import Machine

ROUNDS = 60


def measured() -> Machine:
    """Takes a few seconds; the usual value of each, since a busy machine is a slow one."""
    with tempfile.TemporaryDirectory() as folder, own_postgres_server(synced=True) as server:
        return asyncio.run(_measured(f"sqlite:///{folder}/yardstick.db", server.new()))


async def _measured(sqlite: str, postgresql: str) -> Machine:
    return Machine(
        loop=median(_loop() for _ in range(ROUNDS)),
        sqlite=await _commit(sqlite),
        postgresql=await _commit(postgresql),
        trip=await _trip(),
    )


def _loop() -> float:
    began = perf_counter()
    sum(i * i for i in range(100_000))
    return perf_counter() - began


async def _usual(work: Callable[[], Awaitable[object]]) -> float:
    await work()  # opens what has to be opened
    taken = []
    for _ in range(ROUNDS):
        began = perf_counter()
        await work()
        taken.append(perf_counter() - began)
    return median(taken)


async def _commit(url: str) -> float:
    database = Database(url)

    async def commit() -> None:
        async with database.write() as tx:
            await settings.put(tx, "bench", str(perf_counter()))

    try:
        await migrate(database)
        return await _usual(commit)
    finally:
        await database.close()


async def _trip() -> float:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(text="ok")

    app = web.Application()
    app.router.add_get("/", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    try:
        await site.start()
        host, port = runner.addresses[0]
        async with aiohttp.ClientSession() as session:

            async def ask() -> None:
                async with session.get(f"http://{host}:{port}/") as found:
                    await found.read()

            return await _usual(ask)
    finally:
        await runner.cleanup()
