"""From the commit of a stock change to the request on the wire, and a person's answer, idle bot.

The peer is the bare loop of the same run: one synced commit and one request to the same server.
"""

import statistics
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp

from bot.domain.contacts import Address, Caller
from bot.domain.ways import SLACK
from bot.sandbox.server import Sandbox
from bot.sandbox.telegram_driver import Customer
from storage import settings
from storage.database import Database
from tests.support.live import bot_settings, running
from tests.support.shop import Shop

ANN = Caller(Address(SLACK, "U1"))


async def reaction(folder: str, rounds: int) -> None:
    """Print the figures."""
    async with Sandbox() as sandbox:
        await sandbox.slack.user("U1", name="ann")
        await sandbox.slack.channel("C1", name="stock-alerts")
        people = [await sandbox.telegram.customer(f"C{n}") for n in range(10)]
        async with running(sandbox, bot_settings(sandbox, Path(folder), log_level="ERROR")) as shop:
            print(f"== reaction of an idle bot ({rounds} rounds)")  # noqa: T201  # a bench prints
            bare = await timed(rounds, lambda n: bare_loop(shop.database, sandbox, n))
            show("bare loop: one commit, one request", bare, bare)
            for number in range(rounds):
                await shop.product(f"B{number}")
                await people[number % 10].say(f"/notify B{number}")
                await people[number % 10].wait_for(f"B{number}", timeout=10)
            told = await timed(rounds, lambda n: restock(shop, sandbox, n))
            show("stock change -> restock request on the wire", told, bare)
            asked = await timed(rounds, lambda n: ask(people[n % 10]))
            show("customer's /help -> answer in the chat", asked, bare)


async def timed(rounds: int, call: Callable[[int], Awaitable[object]]) -> list[float]:
    """Milliseconds of each round."""
    found = []
    for number in range(rounds):
        began = time.perf_counter()
        await call(number)
        found.append((time.perf_counter() - began) * 1000)
    return found


async def bare_loop(database: Database, sandbox: Sandbox, number: int) -> None:
    async with database.write() as tx:
        await settings.put(tx, "bench", str(number))
    url = f"{sandbox.telegram_api_url}/bot123456:SANDBOX/getMe"
    async with aiohttp.ClientSession() as session, session.post(url) as answer:
        await answer.read()


async def restock(shop: Shop, sandbox: Sandbox, number: int) -> None:
    log = await sandbox.driver.log()
    after = log[-1]["n"] if log else 0
    await shop.stock(f"B{number} +1", ANN)
    await sandbox.driver.wait_for_requests("sendMessage", after=after, timeout=10)


async def ask(customer: Customer) -> None:
    messages = await customer.messages()
    after = messages[-1]["message_id"] if messages else 0
    await customer.say("/help")
    await customer.wait_for("/notify", after=after, timeout=10)


def show(what: str, figures: list[float], bare: list[float]) -> None:
    p95 = statistics.quantiles(figures, n=20)[-1]
    ratio = statistics.median(figures) / statistics.median(bare)
    print(  # noqa: T201  # a bench prints
        f"{what}: p50 {statistics.median(figures):.1f} ms, p95 {p95:.1f} ms, "
        f"{ratio:.1f} x the bare loop"
    )
