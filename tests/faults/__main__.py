"""`make faults`: every campaign, or those that ARGS names; fails when a row misses its bar.

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


def show(words: str) -> None:
    print(words, flush=True)  # noqa: T201  # a campaign prints


def run(name: str) -> list[Row]:
    """One campaign in a folder of its own; prints its rows."""
    began = time.monotonic()
    show(f"== {name} (STOCKBELL_SEED={SEED})")
    with tempfile.TemporaryDirectory(prefix="stockbell-faults-") as folder:
        rows = asyncio.run(_of(name, Path(folder)))
    for row in rows:
        show(line(name, row))
    show(f"   {time.monotonic() - began:.0f} s")
    return rows


async def _of(name: str, folder: Path) -> list[Row]:
    return await campaign(name)(folder, SEED)


def main() -> None:
    logs.configure("ERROR", "text", ())  # of the bots that run in this process
    names = sys.argv[1:] or list(CAMPAIGNS)
    unknown = [name for name in names if name not in CAMPAIGNS]
    if unknown:
        sys.exit(f"no campaign {', '.join(unknown)}; there are {', '.join(CAMPAIGNS)}")
    missed = [row for name in names for row in failed(run(name), timing=True)]
    show(f"\n{len(missed)} rows missed their bar" if missed else "\nevery row reached its bar")
    sys.exit(bool(missed))


if __name__ == "__main__":
    main()
