"""What a campaign reports: one row for each bar, and the sizes it ran with."""

import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

SEED = int(os.environ.get("STOCKBELL_SEED", "20"))


@dataclass(frozen=True, slots=True)
class Row:
    """`timing`: the figure is seconds of this machine; a test on a busy one does not judge it."""

    what: str
    figure: str
    bar: str
    ok: bool
    timing: bool = False


Campaign = Callable[[Path, int], Awaitable[list[Row]]]  # of a folder of its own and a seed


def size(name: str, default: int) -> int:
    """How much of it: STOCKBELL_<NAME>, for a longer or shorter campaign."""
    return int(os.environ.get(f"STOCKBELL_{name}", default))


def at_most(what: str, figure: float, bar: float, unit: str = "", *, timing: bool = False) -> Row:
    return Row(what, f"{figure:.3g}{unit}", f"<= {bar:g}{unit}", figure <= bar, timing)


def none_of(what: str, found: Sequence[object] | int) -> Row:
    """Nothing of the kind; the first few are shown when there is something."""
    if isinstance(found, int):
        return Row(what, str(found), "0", found == 0)
    shown = f" ({', '.join(map(str, found[:3]))})" if found else ""
    return Row(what, f"{len(found)}{shown}", "0", not found)


def line(name: str, row: Row) -> str:
    verdict = "ok" if row.ok else "FAILED"
    return f"{verdict:6} {name:10} {row.what}: {row.figure} (to reach: {row.bar})"


def p95(figures: list[float]) -> float:
    """The value that 95 of 100 do not exceed."""
    ordered = sorted(figures)
    return ordered[max(0, -(-len(ordered) * 95 // 100) - 1)]


def failed(rows: list[Row], *, timing: bool = False) -> list[Row]:
    """The rows that missed their bar; those about seconds only where `timing` is asked for."""
    return [row for row in rows if not row.ok and (timing or not row.timing)]


def holds(name: str, rows: list[Row]) -> None:
    """For a share of a campaign as a test: seconds are not judged, its machine is shared."""
    lines = "\n".join(line(name, row) for row in rows)
    print(f"STOCKBELL_SEED={SEED}\n{lines}")  # noqa: T201  # shown when it fails
    assert rows
    assert not failed(rows), lines
