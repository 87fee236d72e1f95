"""What a campaign reports: one row for each bar, and the sizes it ran with."""

import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.support.yardstick import stretched

SEED = int(os.environ.get("STOCKBELL_SEED", "20"))


@dataclass(frozen=True, slots=True)
class Row:
    """What was found, and what it must not exceed; `found` says it in words.

    `timing`: a test does not judge it, because the machine that runs the tests is shared. Of such
    a bar a slower machine is given as much more as it is slower, but for the `fixed` part: what
    limits and timers take.
    """

    what: str
    figure: float
    bar: float
    unit: str
    found: str
    timing: bool
    fixed: float

    def reach(self, slower: float) -> float:
        """The bar on a machine that is so many times slower than the yardstick."""
        return stretched(self.bar, slower, self.fixed) if self.timing else self.bar

    def ok(self, slower: float = 1.0) -> bool:
        return self.figure <= self.reach(slower)


Campaign = Callable[[Path, int], Awaitable[list[Row]]]  # of a folder of its own and a seed


def size(name: str, default: int) -> int:
    """How much of it: STOCKBELL_<NAME>, for a longer or shorter campaign."""
    return int(os.environ.get(f"STOCKBELL_{name}", default))


def at_most(
    what: str,
    figure: float,
    bar: float,
    unit: str = "",
    *,
    timing: bool = False,
    fixed: float = 0.0,
) -> Row:
    return Row(what, figure, bar, unit, f"{figure:.3g}{unit}", timing, fixed)


def none_of(what: str, found: Sequence[object] | int) -> Row:
    """Nothing of the kind; the first few are shown when there is something."""
    if isinstance(found, int):
        return at_most(what, found, 0)
    shown = f" ({', '.join(map(str, found[:3]))})" if found else ""
    return Row(what, len(found), 0, "", f"{len(found)}{shown}", timing=False, fixed=0)


def line(name: str, row: Row, slower: float = 1.0) -> str:
    verdict = "ok" if row.ok(slower) else "FAILED"
    return f"{verdict:6} {name:10} {row.what}: {row.found} (to reach: {_bar(row, slower)})"


def _bar(row: Row, slower: float) -> str:
    if not row.bar:
        return "0"
    usual = f"<= {row.bar:g}{row.unit}"
    reach = row.reach(slower)
    return usual if reach == row.bar else f"<= {reach:.4g}{row.unit} here, {usual} on the yardstick"


def p95(figures: list[float]) -> float:
    """The value that 95 of 100 do not exceed."""
    ordered = sorted(figures)
    return ordered[max(0, -(-len(ordered) * 95 // 100) - 1)]


def failed(rows: list[Row], *, timing: bool = False, slower: float = 1.0) -> list[Row]:
    """The rows that missed their bar; those about seconds only where `timing` is asked for."""
    return [row for row in rows if not row.ok(slower) and (timing or not row.timing)]


def holds(name: str, rows: list[Row]) -> None:
    """For a share of a campaign as a test: seconds are not judged, its machine is shared."""
    lines = "\n".join(line(name, row) for row in rows)
    print(f"STOCKBELL_SEED={SEED}\n{lines}")  # noqa: T201  # shown when it fails
    assert rows
    assert not failed(rows), lines
