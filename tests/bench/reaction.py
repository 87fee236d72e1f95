"""From the commit of a stock change to the request on the wire, and a person's answer, idle bot.

The peer is the bare loop of the same run: one synced commit and one request to the same server.
Each round has a customer of its own: one chat takes one message a second, and that is not measured.
`python -m tests.bench.reaction [rounds]`
"""

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import aiohttp

from bot import logs
from bot.domain.contacts import Address, Caller
from bot.domain.ways import SLACK
from bot.sandbox.server import Sandbox
from bot.sandbox.telegram_driver import Customer
from storage import settings
from storage.database import Database
from tests.bench.report import report, say
from tests.faults.rows import Row, at_most, p95
from tests.support.live import bot_settings, running
from tests.support.shop import Shop

ANN = Caller(Address(SLACK, "U1"))
BARS = {"told": 10.0, "asked": 10.0}  # times the bare loop


async def reaction(folder: Path, rounds: int) -> list[Row]:
    """Print the figures, and hold the usual ones against the bare loop's."""
    async with Sandbox() as sandbox:
        await sandbox.slack.user("U1", name="ann")
        await sandbox.slack.channel("C1", name="stock-alerts")
        people = [await sandbox.telegram.customer(f"C{n}") for n in range(rounds)]
        async with running(sandbox, bot_settings(sandbox, folder, log_level="ERROR")) as shop:
            bare = partial(bare_loop, shop.database, sandbox)
            asked = await timed(rounds, lambda n: ask(people[n]), bare)
            for number, customer in enumerate(people):
                await shop.product(f"B{number}")
                await customer.say(f"/notify B{number}")
                await customer.wait_for(f"B{number}", timeout=10)
            await asyncio.sleep(1)  # the last chats may be told something again
            told = await timed(rounds, lambda n: restock(shop, sandbox, n), bare)
    return [
        judged("stock change -> restock request on the wire", told, BARS["told"]),
        judged("customer's /help -> answer in the chat", asked, BARS["asked"]),
    ]


@dataclass
class Taken:
    """Milliseconds of each round, and of the bare loop just before it, on the same machine."""

    ours: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)


Call = Callable[[int], Awaitable[object]]


async def timed(rounds: int, call: Call, bare: Call) -> Taken:
    taken = Taken()
    for number in range(rounds):
        taken.bare.append(await milliseconds(bare(number)))
        taken.ours.append(await milliseconds(call(number)))
    return taken


async def milliseconds(work: Awaitable[object]) -> float:
    began = time.perf_counter()
    await work
    return (time.perf_counter() - began) * 1000


async def bare_loop(database: Database, sandbox: Sandbox, number: int) -> None:
    async with database.write() as tx:
        await settings.put(tx, "bench", str(number))
    url = f"{sandbox.telegram_api_url}/bot123456:SANDBOX/getMe"
    async with aiohttp.ClientSession() as session, session.post(url) as answer:
        await answer.read()


async def restock(shop: Shop, sandbox: Sandbox, number: int) -> None:
    after = sandbox.world.log.count
    await shop.stock(f"B{number} +1", ANN)
    await sandbox.driver.wait_for_requests("sendMessage", after=after, timeout=10)


async def ask(customer: Customer) -> None:
    await customer.say("/help")
    await customer.wait_for("/notify", timeout=10)


def judged(what: str, taken: Taken, bar: float) -> Row:
    usual, bare = statistics.median(taken.ours), statistics.median(taken.bare)
    say(f"{what}: p50 {usual:.1f} ms, p95 {p95(taken.ours):.1f} ms; bare loop {bare:.1f} ms")
    return at_most(what, usual / bare, bar, " x the bare loop")


def main() -> None:
    logs.configure("ERROR", "text", ())  # of the bot that runs in this process
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    with tempfile.TemporaryDirectory() as folder:
        report("reaction", asyncio.run(reaction(Path(folder), rounds)))


if __name__ == "__main__":
    main()
