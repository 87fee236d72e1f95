"""The one kill test of `make test`: a share of the campaign over the main job, and its judge."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from tests.faults.job import CUSTOMERS, Seen, judged
from tests.faults.judging import Copy
from tests.faults.registry import campaign
from tests.faults.rows import SEED, failed, holds


async def test_kill_9_at_random_points_loses_nothing_and_applies_nothing_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STOCKBELL_JOB_KILLS", "3")
    holds("job", await campaign("job")(tmp_path, SEED))


WRITTEN = Counter({"in-0": 1, "out-0": 1})
TOLD = [Copy("K0", str(who), 1) for who in range(CUSTOMERS)]
WELL = Seen(
    acknowledged=WRITTEN,
    moves=WRITTEN,
    ledger={1: 4},
    shelf={1: 4},
    places=Counter({"K0": CUSTOMERS}),
    late=set(),
    told=TOLD,
    alerts=Counter({"K0": 1}),
)


def test_what_is_as_it_was_asked_is_found_good() -> None:
    late = replace(WELL, late={("K0", "0")}, told=TOLD[1:], places=Counter({"K0": CUSTOMERS - 1}))
    unheard = replace(WELL, moves=Counter({"in-0": 2, "out-0": 1}))
    marked = replace(WELL, told=[*TOLD, Copy("K0", "1", 2, marked=True)])
    assert [failed(judged(1, seen)) for seen in (WELL, late, unheard, marked)] == [[], [], [], []]


@pytest.mark.parametrize(
    ("seen", "bar"),
    [
        (replace(WELL, moves=Counter({"in-0": 1})), "writes lost"),
        (replace(WELL, moves=Counter({"in-0": 3, "out-0": 1})), "done twice"),
        (replace(WELL, shelf={1: 5}), "sums that differ"),
        (replace(WELL, places=Counter({"K0": CUSTOMERS + 1})), "places lost or doubled"),
        (replace(WELL, told=TOLD[1:]), "never told"),
        (
            replace(WELL, late={("K0", "0")}, places=Counter({"K0": CUSTOMERS - 1})),
            "asked too late",
        ),
        (replace(WELL, told=[*TOLD, Copy("K0", "1", 2)]), "without a word"),
        (
            replace(WELL, told=[*TOLD, *(Copy("K0", str(n), 2, marked=True) for n in (0, 1))]),
            "told again",
        ),
        (
            replace(WELL, told=[*TOLD, *(Copy("K0", "1", n, marked=True) for n in (2, 3))]),
            "third copies",
        ),
        (replace(WELL, alerts=Counter()), "alerts"),
        (replace(WELL, alerts=Counter({"K0": 2})), "alerts"),
    ],
)
def test_the_judge_finds(seen: Seen, bar: str) -> None:
    assert [bar in row.what for row in failed(judged(1, seen))] == [True]
