"""Promises 1 and 3 as a state machine over the services, on both engines.

Every run of the tests tries the same sequences of steps, so that a change which breaks nothing
never fails here by chance: those of one seed in `make test`, of MORE in `make promises`. To look
further, with new sequences each time:

    STOCKBELL_MACHINE_EXAMPLES=2000 python -m pytest tests/conformance/test_ledger_machine.py

The second half plants mistakes and shows that the machine finds each of them.
"""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.conformance.ledger import mistakes
from tests.conformance.ledger.base import World, build
from tests.conformance.ledger.machine import LedgerMachine
from tests.support.databases import PostgresServer
from tests.support.shop import MANAGER

MORE = 8  # seeds
WANTED = os.environ.get("STOCKBELL_MACHINE_EXAMPLES")
SHARED: dict[str, Any] = {
    "stateful_step_count": 40,
    "deadline": None,
    "database": None,
    "suppress_health_check": list(HealthCheck),
    "report_multiple_bugs": False,
}
# Shrinking may take minutes: here a failure is only found; FREE, asked for by number, shrinks it.
PINNED = settings(max_examples=4, phases=[Phase.generate], **SHARED)
SHORT = settings(max_examples=2, phases=[Phase.generate], **SHARED)
FREE = settings(max_examples=int(WANTED or 1), print_blob=True, **SHARED)


def explore(
    machine: type[LedgerMachine], seeds: int, first: int = 0, how: settings = PINNED
) -> None:
    """A few examples from each seed: those of one seed resemble each other."""
    for number in range(first, first + seeds):
        run_state_machine_as_test(seed(number)(machine), settings=how)


@contextmanager
def machine(url: str, builder: mistakes.Builder = build) -> Iterator[type[LedgerMachine]]:
    """The machine with a loop of its own: Hypothesis calls its rules from outside of any."""
    with asyncio.Runner() as runner:
        world = runner.run(_world(runner, url, builder))
        try:
            yield type("Machine", (LedgerMachine,), {"world": world})
        finally:
            runner.run(world.database.close())


async def _world(runner: asyncio.Runner, url: str, builder: mistakes.Builder) -> World:
    return World.at(runner, url, builder)


def test_whatever_people_platforms_and_death_do_the_promises_hold(database_url: str) -> None:
    with machine(database_url) as found:
        if WANTED:
            run_state_machine_as_test(found, settings=FREE)
        else:
            explore(found, seeds=1, how=SHORT)


@pytest.mark.promises
def test_the_promises_hold_in_more_sequences(database_url: str) -> None:
    with machine(database_url) as found:
        explore(found, seeds=MORE)


@pytest.mark.promises
@pytest.mark.parametrize(
    ("builder", "words", "first"),
    [
        (mistakes.one_with("settling", mistakes.SettlesBeforeSending), "is told, its notice is", 0),
        (mistakes.one_with("settling", mistakes.ForgetsDoubt), "told twice", 2),
        (
            mistakes.one_with("writing", mistakes.ForgetsKeys),
            "a second time|what was applied is|answer is lost",
            2,
        ),
        (mistakes.one_with("restocking", mistakes.ForgetsTheRest), "forgotten|had to mend", 2),
        (mistakes.one_with("restocking", mistakes.NeverLooksBack), "forgotten|told before", 2),
        (mistakes.one_with("composing", mistakes.NeverLooksAgain), "offered", 4),
        (mistakes.one_with("alerting.telling", mistakes.ForgetsEdits), "shows an old state", 1),
        (mistakes.allows_below_zero, "on hand is -", 1),
    ],
)
def test_the_machine_finds_a_planted_mistake(
    sqlite_url: str, builder: mistakes.Builder, words: str, first: int
) -> None:
    """`first` is the seed that found it when this was written: it need not be looked for."""
    with machine(sqlite_url, builder) as faulty, pytest.raises(AssertionError, match=words):
        explore(faulty, seeds=25, first=first)


@pytest.mark.promises
def test_the_machine_finds_a_dropped_lock(postgres: PostgresServer) -> None:
    """By its steps and looks alone: a race does not come out alike twice, as Hypothesis asks."""
    url = postgres.new()
    words = "add up to|what was applied is|is told before"
    planted = machine(url, mistakes.drops_the_lock)
    with planted as faulty, pytest.raises(AssertionError, match=words):
        race(faulty)
    postgres.drop()


def race(machine: type[LedgerMachine]) -> None:
    for _ in range(20):
        example = machine()
        example.opens()
        lines = [("TEA@main +1", MANAGER, example.shop.key()) for _ in range(6)]
        example.run(example.type_at_once(lines))
