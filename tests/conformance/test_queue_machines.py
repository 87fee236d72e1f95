"""Promise 3 as state machines over the inbox and the outbox, on both engines.

Every run of the tests tries the same sequences of steps: those of one seed in `make test`, of MORE
in `make promises`. To look further, with new ones each time:

    STOCKBELL_MACHINE_EXAMPLES=2000 python -m pytest tests/conformance/test_queue_machines.py

The second half plants mistakes and shows that the machines find each of them.
"""

from typing import Any

import pytest
from hypothesis import seed, settings
from hypothesis.stateful import run_state_machine_as_test

from bot.services.inbox.arriving import Arriving
from bot.services.outbox.settling import Settling
from tests.conformance.queues import mistakes
from tests.conformance.queues.base import QueueMachine, machine
from tests.conformance.queues.inbox import InboxMachine
from tests.conformance.queues.outbox import OutboxMachine
from tests.conformance.test_ledger_machine import FREE, MORE, PINNED, SHORT, WANTED

INBOX, OUTBOX = (InboxMachine, Arriving), (OutboxMachine, Settling)


def explore(
    machine: type[QueueMachine], seeds: int, first: int = 0, how: settings = PINNED
) -> None:
    """A few examples from each seed: those of one seed resemble each other."""
    for number in range(first, first + seeds):
        run_state_machine_as_test(seed(number)(machine), settings=how)


@pytest.mark.parametrize(("kind", "part"), [INBOX, OUTBOX], ids=["inbox", "outbox"])
def test_whatever_is_put_in_comes_out_once_and_in_order(
    database_url: str, kind: type[QueueMachine], part: Any
) -> None:
    with machine(kind, database_url, part) as found:
        if WANTED:
            run_state_machine_as_test(found, settings=FREE)
        else:
            explore(found, seeds=1, how=SHORT)


@pytest.mark.promises
@pytest.mark.parametrize(("kind", "part"), [INBOX, OUTBOX], ids=["inbox", "outbox"])
def test_the_promise_holds_in_more_sequences(
    database_url: str, kind: type[QueueMachine], part: Any
) -> None:
    with machine(kind, database_url, part) as found:
        explore(found, seeds=MORE)


@pytest.mark.promises
@pytest.mark.parametrize(
    ("kind", "part", "words", "first"),
    [
        (InboxMachine, mistakes.ForgetsKeys, "lost, doubled|was said to be", 0),
        (InboxMachine, mistakes.ForgetsTheLease, "in other hands", 1),
        (InboxMachine, mistakes.IgnoresTheOrder, "not first|could be taken|in work", 0),
        (InboxMachine, mistakes.NeverWipes, "something of it is kept", 0),
        (InboxMachine, mistakes.LosesTheDead, "payload of .* is lost", 0),
        (OutboxMachine, mistakes.ForgetsOrphans, "nobody knows", 3),
        (OutboxMachine, mistakes.ForgetsTheDoubt, "nobody knows", 0),
        (OutboxMachine, mistakes.MarksBeforeItSends, "nobody saw it", 2),
        (OutboxMachine, mistakes.SendsWhatWasWithdrawn, "was withdrawn", 5),
        (OutboxMachine, mistakes.DropsWhatMayBeThere, "counts as dropped", 3),
        (OutboxMachine, mistakes.TellsAllAtOnce, "two things at once|it is the turn of", 0),
    ],
)
def test_the_machine_finds_a_planted_mistake(
    sqlite_url: str, kind: type[QueueMachine], part: Any, words: str, first: int
) -> None:
    """`first` is the seed that found it when this was written: it need not be looked for."""
    with machine(kind, sqlite_url, part) as faulty, pytest.raises(AssertionError, match=words):
        explore(faulty, seeds=25, first=first)
