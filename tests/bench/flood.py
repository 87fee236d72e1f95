"""Many SKUs go low in one import: how long the rules take, and that one summary tells them."""

import asyncio
import sys
import tempfile
import time

from bot.domain.bulk import Staged
from bot.domain.sources import CLI
from bot.domain.ways import SLACK
from bot.formats import csv_in
from storage.database import Database
from storage.migrate import migrate
from storage.vault import Vault, generate_key
from tests.support.clock import Clock
from tests.support.shop import Shop


async def bench(url: str, rows: int, low: int) -> None:
    """Print the figures for `rows` SKUs of which `low` are low."""
    database = Database(url)
    try:
        await migrate(database)
        shop = await Shop.open(database, Vault([generate_key()]), Clock())
        await shop.alert_channel()
        lines = (f"S{n},{1 if n < low else 50},10" for n in range(rows))
        data = "sku,quantity,reorder_point\n" + "\n".join(lines)
        staged = await shop.services.bulk.stage(csv_in.read(data.encode()), CLI, "flood")
        assert isinstance(staged, Staged)
        await shop.services.bulk.apply(staged.batch_id)
        began, steps = time.perf_counter(), [0.0]
        while True:
            step = time.perf_counter()
            if not await shop.services.alerting.judge_dirty():
                break
            steps.append(time.perf_counter() - step)
        took = time.perf_counter() - began
        said = await shop.deliver(SLACK)
    finally:
        await database.close()
    print(  # noqa: T201  # a bench prints
        f"{low:,} of {rows:,} low: judged in {took:.2f} s, longest step {max(steps):.3f} s, "
        f"{len(said)} message"
    )


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(bench(f"sqlite:///{folder}/flood.db", rows, rows // 4))


if __name__ == "__main__":
    main()
