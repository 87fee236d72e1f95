"""A small seeded share of the campaigns for what goes out; `make faults` runs the whole."""

from pathlib import Path

import pytest

from tests.faults.registry import CAMPAIGNS, campaign
from tests.faults.rows import SEED, holds

pytestmark = pytest.mark.promises

SHARES: dict[str, dict[str, int]] = {
    "job": {"JOB_KILLS": 10},
    "kills": {"KILLS": 5, "FANOUT": 100, "KILLS_EACH": 5},
    "stops": {"STOPS": 2, "FANOUT": 60, "STOPS_EACH": 2},
    "answers": {"CUT_SENDS": 60},
    "readback": {"CUT_ALERTS": 6},
    "refusals": {"REFUSED_SENDS": 150, "LONGEST_WAIT": 2, "REFUSED_PER_THOUSAND": 5},
    "held": {"HELD_SENDS": 30, "LONGEST_WAIT": 3},
    "people": {"BROADCAST": 400, "TYPING_SECONDS": 5},
    "idle": {"ROUNDS": 5},
}


@pytest.mark.parametrize("name", SHARES)
async def test_a_share_of_the_campaign_reaches_every_bar_but_those_of_seconds(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for word, number in SHARES[name].items():
        monkeypatch.setenv(f"STOCKBELL_{word}", str(number))
    holds(name, await campaign(name)(tmp_path, SEED))


@pytest.mark.parametrize("name", CAMPAIGNS)
def test_every_campaign_is_there(name: str) -> None:
    assert callable(campaign(name))
