"""Every test stands in one tier: what `make test` runs and what `make promises` runs is all."""

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
CI = (ROOT / ".ci" / "run").read_text("utf-8")


def selected(marks: str) -> tuple[list[str], int]:
    """The tests that pytest would run with -m, and how many there are without it."""
    command = (sys.executable, "-m", "pytest", "--collect-only", "-m", marks)
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    whole = re.search(r"(\d+)/(\d+) tests collected", done.stdout)
    assert whole, done.stdout
    tests = [line for line in done.stdout.splitlines() if "::" in line]
    assert len(tests) == int(whole[1])
    return tests, int(whole[2])


def expression(target: str) -> str:
    """What this target of the Makefile hands to pytest's -m."""
    found = re.search(rf"^{target}:.*\n.*pytest -m (\"[^\"]+\"|\S+) ", MAKEFILE, re.MULTILINE)
    assert found, target
    return found[1].strip('"')


@pytest.mark.promises
def test_every_test_is_in_exactly_one_tier() -> None:
    (first, whole), (second, _) = (selected(expression(tier)) for tier in ("test", "promises"))
    assert {test for test, times in Counter(first + second).items() if times != 1} == set()
    assert len(first) + len(second) == whole


def test_what_must_be_green_before_anything_lands_is_both_tiers_and_skips_nothing() -> None:
    lines = [line.partition("#")[0].strip() for line in CI.splitlines()]
    assert re.findall(r"^make (\w+)", "\n".join(lines), re.MULTILINE) == [
        "setup",
        "check",
        "test",
        "promises",
    ]
    assert lines.index("export STOCKBELL_NO_SKIPS=1") < lines.index("make test ARGS=-v")
