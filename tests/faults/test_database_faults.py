"""A small seeded share of what is done to the database, and what its judge finds."""

from pathlib import Path

import pytest

from tests.faults import breaking
from tests.faults.broken_database import SAID, Seen, judged
from tests.faults.rows import SEED, Row, failed, line


def check(rows: list[Row]) -> None:
    lines = "\n".join(line("broken", row) for row in rows)
    print(f"STOCKBELL_SEED={SEED}\n{lines}")  # noqa: T201  # shown when it fails
    assert rows
    assert not failed(rows), lines


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STOCKBELL_BROKEN_SECONDS", "1")


async def test_a_locked_and_a_full_sqlite_cost_nothing_but_time(tmp_path: Path) -> None:
    check(await breaking.on_sqlite(tmp_path, SEED))


@pytest.mark.parametrize(
    ("seen", "bar"),
    [
        (Seen(lost=["in-1"]), "lost"),
        (Seen(repeated=[("R0000", "7")]), "repeated"),
        (Seen(twice=["in-1"]), "twice"),
        (Seen(unanswered=["7"]), "without an answer"),
        (Seen(log="Traceback (most recent call last):"), "tracebacks"),
        (Seen(log=f"{SAID}\n{SAID}"), "say so"),
        (Seen(well_after=16), "well again"),
        (Seen(red_after=11), "healthz"),
    ],
)
def test_the_judge_finds(seen: Seen, bar: str) -> None:
    assert [bar in row.what for row in failed(judged("", seen, red=True), timing=True)] == [True]


def test_one_line_and_a_red_page_are_as_it_should_be() -> None:
    seen = Seen(log=SAID, reason="the disk is full", red_after=3, well_after=1)
    assert not failed(judged("", seen, red=True), timing=True)
