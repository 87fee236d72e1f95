"""The bench of living messages holds what it prints, and finds what is not as promised."""

from dataclasses import replace

import pytest

from bot.domain.living import LAST_TOLD
from tests.bench.living import LONGEST, Figures, once, verdict

PEOPLE = LAST_TOLD + 100
HELD = Figures(0.001, 0.01, 0.01, 0.01, few_edits=LAST_TOLD, last_edits=PEOPLE)


async def test_a_restock_that_some_hundred_were_told_of_is_measured(database_url: str) -> None:
    found = await once(database_url, PEOPLE)
    assert verdict(replace(found, few=0, close=0, step=0), PEOPLE) == []


@pytest.mark.parametrize(
    ("mistake", "word"),
    [
        (replace(HELD, close=LONGEST + 0.1), "took 350 ms"),  # all in one transaction
        (replace(HELD, few_edits=PEOPLE), "400 heard"),  # no budget
        (replace(HELD, last_edits=PEOPLE - 1), "399 of 400"),  # one of them forgotten
    ],
)
def test_what_is_not_as_promised_is_named(mistake: Figures, word: str) -> None:
    assert verdict(HELD, PEOPLE) == []
    (wrong,) = verdict(mistake, PEOPLE)
    assert word in wrong
