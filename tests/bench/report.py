"""What a bench says of its bars, and where the yardstick comes from."""

import os
import sys

from tests.faults.rows import Row, failed, line

SLOWER = "STOCKBELL_SLOWER"  # `make bench` measures the machine once, for all of its benches


def say(words: str) -> None:
    sys.stdout.write(words + "\n")
    sys.stdout.flush()


def report(name: str, rows: list[Row]) -> None:
    """Hold the rows against their bars on this machine; exits with 1 when one is missed."""
    slower = _slower()
    for row in rows:
        say(line(name, row, slower))
    if failed(rows, timing=True, slower=slower):
        sys.exit(1)


def _slower() -> float:
    """Called after the bench: what measuring imports would show in the bench's own memory."""
    if given := os.environ.get(SLOWER):
        return float(given)
    from tests.support.measuring import measured

    machine = measured()
    say(str(machine))
    return machine.slower
