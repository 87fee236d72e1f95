"""A small seeded share of the campaigns for what goes out; `make faults` runs the whole.

Seconds are not judged here: the machine that runs the tests is shared.
"""

from pathlib import Path

import pytest

from tests.faults.registry import CAMPAIGNS, campaign
from tests.faults.rows import SEED, failed, line

SHARES: dict[str, dict[str, int]] = {
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
    rows = await campaign(name)(tmp_path, SEED)
    lines = "\n".join(line(name, row) for row in rows)
    print(f"STOCKBELL_SEED={SEED}\n{lines}")  # noqa: T201  # shown when it fails
    assert rows
    assert not failed(rows), lines


@pytest.mark.parametrize("name", CAMPAIGNS)
def test_every_campaign_is_there(name: str) -> None:
    assert callable(campaign(name))
