"""Promises 1 to 4 in simulated worlds: the real code, a virtual clock, and trouble from a seed.

`make test` looks into a few worlds, `make promises` into 500, and by hand there may be more:

    STOCKBELL_SIM_SEEDS=10000 python -m pytest tests/simulation     (or python -m tests.simulation)
    STOCKBELL_SIM_SEED=7 python -m tests.simulation                 one seed, with its trace

The second half plants mistakes and shows that the simulation finds each of them.
"""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.simulation import mistakes
from tests.simulation.run import Failure, Simulator, simulator
from tests.simulation.world import Builder

SEEDS = int(os.environ.get("STOCKBELL_SIM_SEEDS", "500"))
FIRST = int(os.environ.get("STOCKBELL_SIM_SEED", "0"))
FEW = 8  # for `make test`: enough to see that the simulation itself works
PARTS = 10  # so that the workers of one run share them
WITHIN = 100  # seeds


@pytest.fixture(scope="module")
def simulated() -> Iterator[Simulator]:
    with simulator() as built:
        yield built


def test_in_a_few_worlds_nothing_is_lost_doubled_or_too_early(simulated: Simulator) -> None:
    for seed in range(FIRST, FIRST + FEW):
        simulated.run(seed)


@pytest.mark.promises
@pytest.mark.parametrize("part", range(PARTS))
def test_whatever_happens_nothing_is_lost_doubled_or_too_early(
    simulated: Simulator, part: int
) -> None:
    for seed in range(FIRST + part, FIRST + SEEDS, PARTS):
        simulated.run(seed)


@pytest.mark.parametrize(
    "seed", [3, *(pytest.param(seed, marks=pytest.mark.promises) for seed in (11, 29))]
)
def test_a_seed_replays_exactly(simulated: Simulator, seed: int) -> None:
    first, second = trace(simulated, seed), trace(simulated, seed)
    assert first == second
    assert len(first) > 40


@pytest.mark.promises
def test_a_seed_replays_exactly_in_another_process(simulated: Simulator) -> None:
    """Where sets of words are walked in another order, and memory lies elsewhere."""
    here = trace(simulated, 29)
    given = os.environ | {"STOCKBELL_SIM_SEED": "29", "PYTHONHASHSEED": "42"}
    command = [sys.executable, "-m", "tests.simulation"]
    there = subprocess.run(command, env=given, capture_output=True, text=True, check=False).stdout
    assert "\n".join(f"{time:10.3f}  {event}" for time, event in here) in there


def trace(simulated: Simulator, seed: int) -> list[tuple[float, str]]:
    return simulated.run(seed).trace.events


@pytest.mark.promises
@pytest.mark.parametrize(
    ("build", "words"),
    [
        (mistakes.one_with("settling", mistakes.MarksBeforeItSends), "nobody saw it"),
        (
            mistakes.one_with("arriving", mistakes.ConfirmsBeforeItStores),
            "acknowledged and is lost",
        ),
        (
            mistakes.one_with("settling", mistakes.ForgetsTheDoubt),
            "says so nowhere|third copy|stands 2 times",
        ),
    ],
    ids=["marked before sent", "confirmed before stored", "retried after an unknown outcome"],
)
def test_a_planted_mistake_is_found(simulated: Simulator, build: Builder, words: str) -> None:
    with pytest.raises(Failure, match=words) as found:
        explore(simulated, build)
    print(f"found by seed {found.value.seed}: {found.value.reason}")  # noqa: T201  # how soon


def explore(simulated: Simulator, build: Builder) -> None:
    for seed in range(WITHIN):
        simulated.run(seed, build)
