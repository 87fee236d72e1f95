"""The rows of the bench tell a pacer that keeps its rate from one that does not."""

import pytest

from bot.channels.telegram_limits import FREE_RATE, PAID_RATE
from tests.bench.pacing import Figures, rate_kept
from tests.faults.rows import failed


def evenly(turns: int, seconds: float) -> Figures:
    return Figures(seconds, 0.1, [number * seconds / turns for number in range(turns)])


@pytest.mark.parametrize(("rate", "seconds"), [(FREE_RATE, 338.0), (PAID_RATE, 10.2)])
def test_a_rate_that_is_kept(rate: int, seconds: float) -> None:
    assert failed(rate_kept(rate, evenly(10_000, seconds)), timing=True) == []


@pytest.mark.parametrize(
    ("rate", "seconds"),
    [(FREE_RATE, 341.0), (PAID_RATE, 11.1), (FREE_RATE, 320.0), (PAID_RATE, 9.5)],
    ids=["slow", "slow and paid", "over the limit", "over the limit and paid"],
)
def test_a_rate_that_is_not_kept_is_said(rate: int, seconds: float) -> None:
    assert failed(rate_kept(rate, evenly(10_000, seconds)), timing=True)


def test_a_burst_is_said() -> None:
    figures = evenly(1_000, 34.0)
    figures.turns[30] = figures.turns[29]
    figures.turns[31] = figures.turns[29]
    assert failed(rate_kept(FREE_RATE, figures))


def test_a_slow_machine_is_allowed_more_but_no_higher_rate() -> None:
    late = evenly(10_000, 345.0)
    assert failed(rate_kept(FREE_RATE, late), timing=True, slower=2) == []
    assert failed(rate_kept(FREE_RATE, evenly(10_000, 320.0)), timing=True, slower=2)
