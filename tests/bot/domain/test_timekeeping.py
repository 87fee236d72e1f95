"""What two clocks say of each other."""

from datetime import timedelta

import pytest

from bot.domain.timekeeping import (
    DOUBT,
    LONGEST_LEASE,
    ClockReason,
    Moment,
    doubted_until,
    judge,
)
from bot.services.inbox import arriving
from bot.services.outbox import settling
from tests.support.clock import START

DAY = 86_400.0


@pytest.mark.parametrize(
    ("wall", "passed", "reason"),
    [
        (60, 60, ClockReason.STEADY),
        (61, 60, ClockReason.STEADY),  # pulled straight by the network's time
        (800 * DAY, 800 * DAY, ClockReason.STEADY),  # nobody looked for so long
        (3660, 60, ClockReason.STEADY),  # an hour ahead ends nothing
        (60 - 3600, 60, ClockReason.WENT_BACK),
        (800 * DAY, 60, ClockReason.JUMPED),
        (30 * DAY, 60, ClockReason.JUMPED),
    ],
)
def test_the_wall_clock_is_held_against_the_time_that_passed(
    wall: float, passed: float, reason: ClockReason
) -> None:
    before = Moment(START, 1000.0)
    assert judge(before, Moment(START + timedelta(seconds=wall), 1000.0 + passed)) is reason


@pytest.mark.parametrize(
    ("wall", "reason"),
    [
        (3 * DAY, ClockReason.STEADY),  # a shop over a long weekend
        (800 * DAY, ClockReason.JUMPED),
        (-3600, ClockReason.WENT_BACK),
    ],
)
def test_another_process_knows_only_when_the_last_look_was(
    wall: float, reason: ClockReason
) -> None:
    assert judge(Moment(START, None), Moment(START + timedelta(seconds=wall), 5.0)) is reason


def test_the_first_look_of_all_believes_the_clock() -> None:
    assert judge(None, Moment(START, 5.0)) is ClockReason.STEADY


def test_a_doubt_lasts_a_day_and_not_for_the_years_that_the_clock_was_ahead() -> None:
    ahead = START + timedelta(days=800)
    until = doubted_until(None, ClockReason.JUMPED, ahead)
    assert until == ahead + DOUBT
    assert doubted_until(until, ClockReason.STEADY, ahead) == until
    assert doubted_until(until, ClockReason.STEADY, ahead + DOUBT) is None
    assert doubted_until(until, ClockReason.WENT_BACK, START) == START + DOUBT


def test_no_lease_is_longer_than_what_is_mended_after_a_wrong_clock() -> None:
    assert max(settling.LEASE, arriving.LEASE) <= LONGEST_LEASE
