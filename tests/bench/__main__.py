"""`make bench`: every measurement, one after the other; ARGS=small for a quick look.

Machines are shared and noisy. So the machine is measured first, and a bar is a ratio to a bare loop
of the same run, or seconds that hold at the yardstick (tests/support/yardstick.py).
"""

import os
import subprocess
import sys
from collections.abc import Iterator

from tests.bench.report import SLOWER, say
from tests.support.measuring import measured


def commands(small: bool) -> Iterator[tuple[str, ...]]:
    """Module and arguments of each; each runs as a process of its own, whose memory counts."""
    yield "reaction", "20" if small else "100"
    for module in ("basics", "fanout", "pacing", "transport"):
        yield module, "1000" if small else "10000"
    for module in ("search", "importing", "flood"):
        yield module, "10000" if small else "100000"
    for engine in ("sqlite", "postgresql"):
        yield "intake", "2000", engine
    yield "living", "1000" if small else "10000"


def main() -> None:
    machine = measured()
    say(str(machine))
    given = os.environ | {SLOWER: str(machine.slower)}
    missed = []
    for module, *arguments in commands("small" in sys.argv[1:]):
        say(f"\n== {' '.join([module, *arguments])}")
        command = [sys.executable, "-m", f"tests.bench.{module}", *arguments]
        if subprocess.run(command, env=given, check=False).returncode:
            missed.append(module)
    say(f"\nmissed a bar: {', '.join(missed)}" if missed else "\nevery bar was reached")
    sys.exit(bool(missed))


if __name__ == "__main__":
    main()
