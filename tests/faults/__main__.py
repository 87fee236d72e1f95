"""`make faults`: every campaign, or those that ARGS names; fails when a row misses its bar.

It measures the machine first: bars in seconds hold at the yardstick (tests/support/yardstick.py).

STOCKBELL_SEED draws the random points; sizes: tests/faults/rows.py and the campaigns.
"""

import asyncio
import sys
import tempfile
import time
from pathlib import Path

from bot import logs
from tests.faults.registry import CAMPAIGNS, campaign
from tests.faults.rows import SEED, Row, failed, line
from tests.support.measuring import measured


def show(words: str) -> None:
    print(words, flush=True)  # noqa: T201  # a campaign prints


def run(name: str, slower: float) -> list[Row]:
    """One campaign in a folder of its own; prints its rows and returns those that missed."""
    began = time.monotonic()
    show(f"== {name} (STOCKBELL_SEED={SEED})")
    with tempfile.TemporaryDirectory(prefix="stockbell-faults-") as folder:
        rows = asyncio.run(_of(name, Path(folder)))
    for row in rows:
        show(line(name, row, slower))
    show(f"   {time.monotonic() - began:.0f} s")
    return failed(rows, timing=True, slower=slower)


async def _of(name: str, folder: Path) -> list[Row]:
    return await campaign(name)(folder, SEED)


def main() -> None:
    logs.configure("ERROR", "text", ())  # of the bots that run in this process
    names = sys.argv[1:] or list(CAMPAIGNS)
    unknown = [name for name in names if name not in CAMPAIGNS]
    if unknown:
        sys.exit(f"no campaign {', '.join(unknown)}; there are {', '.join(CAMPAIGNS)}")
    machine = measured()
    show(str(machine))
    missed = [row for name in names for row in run(name, machine.slower)]
    show(f"\n{len(missed)} rows missed their bar" if missed else "\nevery row reached its bar")
    sys.exit(bool(missed))


if __name__ == "__main__":
    main()
