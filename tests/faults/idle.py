"""An idle bot: from a stock change to the request on the wire.

The bot runs in this process, so that the moment of the change is known; the moment of the request
is the one in the sandbox's log.
"""

import time
from pathlib import Path

from bot.domain.contacts import Address, Caller
from bot.domain.ways import SLACK
from bot.sandbox.server import Sandbox
from tests.faults.rows import Row, at_most, none_of, p95, size
from tests.faults.stage import STAFF, add_crowd, sku
from tests.support.live import bot_settings, running
from tests.support.shop import Shop

ANN = Caller(Address(SLACK, STAFF))
PATIENCE = 10.0


async def reaction(folder: Path, seed: int) -> list[Row]:
    """From before the service is called, so the commit itself is in it."""
    del seed
    rounds = size("ROUNDS", 100)
    async with Sandbox() as sandbox:
        await sandbox.slack.user(STAFF, name="ann")
        await sandbox.slack.channel("C1", name="stock")
        found = bot_settings(sandbox, folder, log_level="ERROR")
        async with running(sandbox, found) as shop:
            crowd = sandbox.crowd(rounds)
            waits = []
            for number, chat in enumerate(crowd):
                product = await shop.product(sku(number), f"Kettle {sku(number)}")
                await add_crowd(shop, [chat], [product])
                waits.append(await one(sandbox, shop, number, chat))
    what = f"idle, {rounds} stock changes"
    told = [wait for wait in waits if wait is not None]
    return [
        none_of(f"{what}, not told", len(waits) - len(told)),
        at_most(f"{what}, change to request p95", p95(told) * 1000, 20.0, " ms", timing=True),
    ]


async def one(sandbox: Sandbox, shop: Shop, number: int, chat: int) -> float | None:
    """Seconds from the change to the request, None if it never came."""
    read = sandbox.world.log.count
    began = time.monotonic()
    await shop.stock(f"{sku(number)} +1", ANN)
    entries = await sandbox.driver.wait_for_requests("sendMessage", after=read, timeout=PATIENCE)
    mine = [entry["t"] for entry in entries if entry["chat"] == str(chat)]
    return mine[0] - began if mine else None
