"""A small seeded share of what is done to the network, and what its judge finds."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.ways import TELEGRAM
from tests.faults.judging import Copies
from tests.faults.network import Fault, Told, faults, judged, network
from tests.faults.rows import SEED, failed, holds
from tests.support.proxy import Mode

CUT = Fault(0, TELEGRAM, Mode.CUT)
REFUSE = Fault(1, TELEGRAM, Mode.REFUSE)
WELL = Told(Copies(), Copies(), marked=0, other=1.0, back=1.0)
ONE = [("R0000", "7")]


@pytest.mark.promises
async def test_a_network_that_refuses_or_cuts_costs_nothing_but_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STOCKBELL_NETWORK_SECONDS", "1")
    holds("network", await network(tmp_path, SEED, "refuse", "cut"))


def test_every_way_to_break_befalls_both_platforms() -> None:
    assert len(faults(())) == 2 * (len(Mode) - 1)


@pytest.mark.parametrize(
    ("fault", "told", "bar"),
    [
        (CUT, replace(WELL, telegram=Copies(lost=ONE)), "lost"),
        (CUT, replace(WELL, slack=Copies(lost=ONE)), "lost"),
        (CUT, replace(WELL, slack=Copies(repeated=ONE)), "Slack repeated"),
        (CUT, replace(WELL, telegram=Copies(unmarked=ONE)), "without a word"),
        (CUT, replace(WELL, telegram=Copies(third=ONE)), "third"),
        (CUT, replace(WELL, other=11), "the other"),
        (CUT, replace(WELL, back=46), "back after"),
        (REFUSE, replace(WELL, telegram=Copies(repeated=ONE)), "Telegram repeated"),
        (REFUSE, replace(WELL, marked=1), "marked"),
    ],
)
def test_the_judge_finds(fault: Fault, told: Told, bar: str) -> None:
    assert [bar in row.what for row in failed(judged(fault, told), timing=True)] == [True]


def test_a_marked_repeat_after_a_cut_is_as_it_should_be() -> None:
    told = replace(WELL, telegram=Copies(repeated=ONE), marked=1)
    assert not failed(judged(CUT, told), timing=True)
