"""A small seeded share of the campaigns for what comes in, and what their judges find."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.faults.inputs import POLLED, asking, judged
from tests.faults.inputs_judged import Asked, Found, Kept, judge_slack, judge_telegram
from tests.faults.registry import campaign
from tests.faults.rows import SEED, holds

BROKEN = ("-m", "tests.faults.confirms_first", "run")
TYPED = {"in-1": 3, "in-2": 4}
WAITS, STOPPED = (7, "I1", "waiting"), (7, "I2", "ended")
ASKED = [Asked(7, "notify", "I1"), Asked(7, "notify", "I2"), Asked(7, "stop", "I2")]


@pytest.mark.promises
@pytest.mark.parametrize("name", ["polled", "hooked"])
async def test_a_share_of_the_campaign_loses_nothing_and_does_nothing_twice(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STOCKBELL_INPUT_KILLS", "2")
    monkeypatch.setenv("STOCKBELL_INPUTS", "40")
    holds(name, await campaign(name)(tmp_path, SEED))


async def one_kill(folder: Path, *command: str) -> Found:
    """Killed once, soon after it has confirmed the first hundred updates."""
    async with asking(folder, SEED, POLLED, count=120, command=command) as inputs:
        inputs.commands = []
        await inputs.type(inputs.telegram)
        for update in inputs.sandbox.pending_updates:
            update.times = 1
        await inputs.start()
        async with asyncio.timeout(60):
            while len(inputs.sandbox.pending_updates) > 20:
                await inputs.next_change()
        await inputs.bot.kill()
        await inputs.drain()
        telegram, _ = judged(inputs, await inputs.kept())
    return telegram


@pytest.mark.promises
async def test_a_bot_that_confirms_before_it_stores_is_found(tmp_path: Path) -> None:
    found = await one_kill(tmp_path, *BROKEN)
    assert found.lost


def kept(*subscriptions: tuple[int, str, str], moves: Sequence[tuple[str, int]] = ()) -> Kept:
    shelf = {"S1": sum(quantity for _, quantity in moves)}
    return Kept(subscriptions, tuple(moves), shelf, unfinished=0, dead=0)


def test_what_is_as_it_was_asked_is_found_right() -> None:
    assert judge_telegram(ASKED, kept(WAITS, STOPPED)) == Found([], [], [])
    both = kept(moves=[("in-1", 3), ("in-2", 4)])
    assert judge_slack(TYPED, TYPED, both) == Found([], [], [])


@pytest.mark.parametrize(
    "subscriptions",
    [
        (WAITS,),  # the other one is lost
        (WAITS, (7, "I2", "waiting")),  # /notify was done again after /stop
        (WAITS, WAITS, STOPPED),  # two of them
        (WAITS, STOPPED, (8, "I1", "waiting")),  # nobody asked for that
    ],
)
def test_the_judge_of_subscriptions_finds(subscriptions: tuple[tuple[int, str, str], ...]) -> None:
    assert judge_telegram(ASKED, kept(*subscriptions)) != Found([], [], [])


def test_the_judge_of_moves_finds_what_is_lost_doubled_and_made_up() -> None:
    assert judge_slack(TYPED, TYPED, kept(moves=[("in-1", 3)])).lost == ["in-2 4"]
    doubled = kept(moves=[("in-1", 3), ("in-1", 3), ("in-2", 4)])
    assert judge_slack(TYPED, TYPED, doubled).twice == ["in-1 3"]
    made_up = kept(moves=[("in-1", 3), ("in-2", 4), ("in-9", 1)])
    assert judge_slack(TYPED, TYPED, made_up).unasked == ["in-9 1"]
    assert not judge_slack(TYPED, [], kept(moves=[("in-1", 3)])).unasked  # no ack, and yet done
    off = Kept((), (("in-1", 3), ("in-2", 4)), {"S1": 8}, unfinished=0, dead=0)
    assert judge_slack(TYPED, TYPED, off).unasked == ["the ledger says 7, the shelf 8"]
