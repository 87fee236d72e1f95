"""The bench of living messages holds what it prints, and finds what is not as promised."""

from dataclasses import replace

import pytest

from bot.domain.living import LAST_TOLD
from tests.bench.living import LONGEST, Figures, held, once
from tests.faults.rows import failed

PEOPLE = LAST_TOLD + 100
HELD = Figures(0.001, 0.01, 0.01, 0.01, few_edits=LAST_TOLD, last_edits=PEOPLE)


async def test_a_restock_that_some_hundred_were_told_of_is_measured(database_url: str) -> None:
    assert failed(held("", await once(database_url, PEOPLE), PEOPLE)) == []


@pytest.mark.parametrize(
    ("mistake", "word"),
    [
        (replace(HELD, close=LONGEST / 1000 + 0.1), "longest write"),  # all in one transaction
        (replace(HELD, few_edits=PEOPLE), "few are left"),  # no budget
        (replace(HELD, last_edits=PEOPLE - 1), "over"),  # one of them forgotten
    ],
)
def test_what_is_not_as_promised_is_named(mistake: Figures, word: str) -> None:
    assert failed(held("", HELD, PEOPLE), timing=True) == []
    (wrong,) = failed(held("", mistake, PEOPLE), timing=True)
    assert word in wrong.what
