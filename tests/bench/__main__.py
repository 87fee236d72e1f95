"""`make bench`: every measurement, one after the other; ARGS=small for a quick look.

Machines are shared and noisy: the ratios against the bare loops of the same run are what counts.
"""

import asyncio
import subprocess
import sys
import tempfile

from tests.bench.reaction import reaction

SMALL = "small"


def main() -> None:
    small = SMALL in sys.argv[1:]
    size = "10000" if small else "100000"
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(reaction(folder, rounds=20 if small else 100))
    for module in ("basics", "fanout", "pacing", "transport"):
        print(f"\n== {module}", flush=True)  # noqa: T201  # a bench prints
        count = "1000" if small else "10000"
        subprocess.run([sys.executable, "-m", f"tests.bench.{module}", count], check=True)
    for module in ("search", "importing", "flood"):
        print(f"\n== {module} ({size} rows)", flush=True)  # noqa: T201  # a bench prints
        command = [sys.executable, "-m", f"tests.bench.{module}", size]
        subprocess.run(command, check=True)
    for engine in ("sqlite", "postgresql"):
        print("\n== the inbox", flush=True)  # noqa: T201  # a bench prints
        subprocess.run([sys.executable, "-m", "tests.bench.intake", "2000", engine], check=True)
    print("\n== living messages", flush=True)  # noqa: T201  # a bench prints
    told = "1000" if small else "10000"
    subprocess.run([sys.executable, "-m", "tests.bench.living", told], check=True)


if __name__ == "__main__":
    main()
