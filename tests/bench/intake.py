"""How fast a heap of arrivals is worked off, and that each sender's stay in order.

`python -m tests.bench.intake [arrivals [postgresql]]`; the dispatcher only notes what it gets, so
the figure is the inbox's own. STOCKBELL_SEED says which sender each arrival has.
"""

import asyncio
import os
import random
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import ExitStack

from bot.app.opening import now
from bot.app.ways import KNOWN
from bot.intake.worker import InboxWorker
from bot.services.bundle import build_services
from bot.services.engine.bell import Bell
from bot.services.inbox.arriving import Arriving, Json
from storage.database import Database
from storage.migrate import migrate
from storage.vault import Vault, generate_key
from tests.support.databases import postgres_server

IN_A_BATCH = 100  # what one getUpdates brings


class Noting:
    """A dispatcher that changes nothing; `done` is set when all have come."""

    def __init__(self, expected: int) -> None:
        self.expected = expected
        self.by_sender: defaultdict[int, list[int]] = defaultdict(list)
        self.done = asyncio.Event()

    async def __call__(self, payload: Json) -> None:
        self.by_sender[payload["sender"]].append(payload["n"])
        self.expected -= 1
        if not self.expected:
            self.done.set()


async def fill(arriving: Arriving, arrivals: int, senders: int, seed: int) -> float:
    """Returns the arrivals stored a second."""
    drawn = random.Random(seed)  # not for secrets
    items = [
        ("test", str(n), str(sender), {"n": n, "sender": sender})
        for n in range(arrivals)
        for sender in [drawn.randrange(senders)]
    ]
    began = time.perf_counter()
    for start in range(0, arrivals, IN_A_BATCH):
        await arriving.accept_many(items[start : start + IN_A_BATCH])
    return arrivals / (time.perf_counter() - began)


async def bench(url: str, arrivals: int, senders: int, seed: int) -> None:
    """Print the figures for so many arrivals of so many senders."""
    database = Database(url)
    try:
        await migrate(database)
        bell, desk, stop = Bell(), Noting(arrivals), asyncio.Event()
        database.after_commit.append(bell.ring)
        arriving = build_services(database, Vault([generate_key()]), now, KNOWN).arriving
        stored = await fill(arriving, arrivals, senders, seed)
        began = time.perf_counter()
        working = asyncio.create_task(InboxWorker(arriving, {"test": desk}, bell).run(stop))
        await desk.done.wait()
        stop.set()
        await working
        rate = arrivals / (time.perf_counter() - began)
    finally:
        await database.close()
    for numbers in desk.by_sender.values():
        assert numbers == sorted(numbers)
    print(  # noqa: T201  # a bench prints
        f"{database.url.get_backend_name():10} {arrivals:,} arrivals of {senders:,} senders: "
        f"{rate:,.0f} a second worked off in order (stored {stored:,.0f} a second)",
        flush=True,
    )


def main() -> None:
    arrivals = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000
    seed = int(os.environ.get("STOCKBELL_SEED", "1"))
    print(f"STOCKBELL_SEED={seed}", flush=True)  # noqa: T201  # a bench prints
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        server = stack.enter_context(postgres_server()) if "postgresql" in sys.argv else None
        for senders in (arrivals, 200, 1):
            url = server.new() if server else f"sqlite:///{folder}/{senders}.db"
            asyncio.run(bench(url, arrivals, senders, seed))


if __name__ == "__main__":
    main()
