"""When staff hear of the bot's own troubles: not of a flicker, once, and again when it is over."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.health import (
    GAP,
    LATE,
    PENDING_FOR,
    RECOVERING_FOR,
    HealthCard,
    LaneQueue,
    QueueReason,
    Queues,
    Reach,
    Trouble,
    Undelivered,
    Watch,
    WatchReason,
    WatchState,
    WayPulse,
    as_payload,
    lateness,
    watch,
)
from bot.domain.notices import Lane, NoticeState
from bot.domain.telling import Fault
from bot.domain.ways import SLACK, TELEGRAM
from tests.support.clock import START

MINUTE = timedelta(minutes=1)
BAD, GOOD = True, False


def reasons(looks: list[tuple[float, bool]]) -> list[WatchReason]:
    """What each look, so many seconds after the one before it, means."""
    seen, now, found = Watch(), START, []
    for seconds, bad in looks:
        now += timedelta(seconds=seconds)
        seen, reason = watch(seen, bad, now)
        found.append(reason)
    return found


R = WatchReason


@pytest.mark.parametrize(
    ("looks", "found"),
    [
        ([(0, GOOD), (15, GOOD)], [R.QUIET, R.QUIET]),
        ([(0, BAD), (15, GOOD)], [R.STARTS, R.PASSED]),
        ([(0, BAD), (59, BAD), (1, BAD)], [R.STARTS, R.WAITS, R.FIRES]),
        ([(0, BAD), (60, BAD), (60, BAD)], [R.STARTS, R.FIRES, R.STILL_BAD]),
        (
            [(0, BAD), (60, BAD), (9, GOOD), (59, GOOD), (1, GOOD), (1, GOOD)],
            [R.STARTS, R.FIRES, R.RECOVERS, R.WAITS, R.OVER, R.QUIET],
        ),
        (
            [(0, BAD), (60, BAD), (9, GOOD), (30, BAD), (9, GOOD), (60, GOOD)],
            [R.STARTS, R.FIRES, R.RECOVERS, R.RELAPSES, R.RECOVERS, R.OVER],
        ),
        ([(0, BAD), (3600, BAD), (60, BAD)], [R.STARTS, R.UNSEEN, R.FIRES]),
        ([(0, BAD), (60, BAD), (9, GOOD), (3600, GOOD)], [R.STARTS, R.FIRES, R.RECOVERS, R.OVER]),
    ],
)
def test_each_look_has_its_reason(looks: list[tuple[float, bool]], found: list[R]) -> None:
    assert reasons(looks) == found


steps = st.lists(st.tuples(st.integers(0, 200), st.booleans()), max_size=60)


@given(steps)
def test_staff_hear_once_of_each_occurrence_and_never_of_a_flicker(
    looks: list[tuple[int, bool]],
) -> None:
    seen, now = Watch(), START
    good_at, bad_at = START - MINUTE, START - MINUTE
    told = over = 0
    for seconds, bad in looks:
        now += timedelta(seconds=seconds)
        good_at, bad_at = (good_at, now) if bad else (now, bad_at)
        seen, reason = watch(seen, bad, now)
        told += reason is R.FIRES
        over += reason is R.OVER
        if reason is R.FIRES:
            assert now - good_at >= PENDING_FOR
        if reason is R.OVER:
            assert now - bad_at >= RECOVERING_FOR
        assert told - over == (seen.state in (WatchState.FIRING, WatchState.RECOVERING))
        assert seen.number == told


@given(steps)
def test_a_restart_between_two_looks_changes_nothing(looks: list[tuple[int, bool]]) -> None:
    """What is kept in the database is all that the next look needs."""
    seen, now = Watch(), START
    for seconds, bad in looks:
        now += timedelta(seconds=seconds)
        again = Watch.of(json.loads(json.dumps(seen.as_json())))
        assert again == seen
        seen, _ = watch(again, bad, now)


def test_what_lasts_and_ends_is_told_from_beginning_to_end() -> None:
    fires = watch(watch(Watch(), BAD, START)[0], BAD, START + MINUTE)[0]
    well = watch(fires, GOOD, START + 12 * MINUTE)[0]
    over = watch(well, GOOD, START + 13 * MINUTE)[0]
    down = WayPulse(SLACK, 20.0, reach=Reach.SILENT)
    begins = Fault.of(as_payload(Trouble.DOWN, down, fires, 0))
    assert begins == Fault("fault.platform_down", "", SLACK, START, None, 0)
    refused = replace(down, reach=Reach.REFUSES)
    assert Fault.of(as_payload(Trouble.DOWN, refused, fires, 0)).what == "fault.platform_refuses"
    ends = Fault.of(as_payload(Trouble.DOWN, replace(down, reach=Reach.ANSWERS), over, 0))
    until = START + 12 * MINUTE
    assert ends == Fault("fault.platform_down_over", "", SLACK, START, until, 0)


def queue(lane: Lane, due: int, age: timedelta | None) -> LaneQueue:
    return LaneQueue(TELEGRAM, lane, due, due, None if age is None else START - age)


Q = QueueReason


@pytest.mark.parametrize(
    ("lane", "due", "minutes", "sent", "found"),
    [
        (Lane.RESTOCK, 0, None, 0, Q.EMPTY),
        (Lane.RESTOCK, 1, 5, 0, Q.YOUNG),
        (Lane.RESTOCK, 1, 5.1, 0, Q.LATE),
        (Lane.RESTOCK, 10_000, 10, 0, Q.PACED),  # 400 s of them at 25/s
        (Lane.RESTOCK, 10_000, 12, 0, Q.LATE),
        (Lane.RESTOCK, 10_000, 60, 1500, Q.MOVING),
        (Lane.RESTOCK, 10_000, 60, 750, Q.MOVING),
        (Lane.RESTOCK, 10_000, 60, 749, Q.LATE),
        (Lane.ALERT, 17, 5.9, 0, Q.PACED),  # a Telegram group takes 17 a minute
        (Lane.ALERT, 17, 6.1, 0, Q.LATE),
        (Lane.ALERT, 200, 20, 17, Q.MOVING),
    ],
)
def test_a_queue_is_late_when_the_limits_do_not_explain_it(
    lane: Lane, due: int, minutes: float | None, sent: int, found: Q
) -> None:
    age = None if minutes is None else timedelta(minutes=minutes)
    assert lateness(queue(lane, due, age), 25.0, sent, START) is found


@given(st.integers(1, 100_000), st.floats(0.1, 1000), st.integers(0, 100_000))
def test_a_fan_out_that_goes_at_its_pace_is_never_late(
    notices: int, rate: float, elapsed: int
) -> None:
    """All due at once, sent at the full rate: the last one waits for notices / rate seconds."""
    left = notices - int(elapsed * rate)
    if left <= 0:
        return
    now = START + timedelta(seconds=elapsed)
    waiting = LaneQueue(TELEGRAM, Lane.RESTOCK, left, left, START)
    sent = int(min(elapsed, 60) * rate)
    assert lateness(waiting, rate, sent, now) is not Q.LATE


@given(st.integers(1, 100_000), st.floats(0.1, 1000), st.sampled_from([Lane.ALERT, Lane.RESTOCK]))
def test_a_queue_that_stands_still_is_late_at_last(due: int, rate: float, lane: Lane) -> None:
    slowest = min(rate, 17 / 60)
    age = LATE + timedelta(seconds=due / slowest + 1)
    assert lateness(queue(lane, due, age), rate, 0, START) is Q.LATE


@pytest.mark.parametrize(
    ("pulse", "down"),
    [
        (WayPulse(SLACK, 1.0), False),
        (WayPulse(SLACK, 1.0, reach=Reach.ANSWERS, connected=True), False),
        (WayPulse(SLACK, 1.0, reach=Reach.ANSWERS, connected=False), True),
        (WayPulse(SLACK, 1.0, reach=Reach.SILENT, connected=True), True),
        (WayPulse(SLACK, 1.0, reach=Reach.REFUSES), True),
    ],
)
def test_a_platform_is_down_when_words_reach_it_in_one_direction_only(
    pulse: WayPulse, down: bool
) -> None:
    assert pulse.down is down


def test_all_is_well_only_if_nobody_has_anything_to_do() -> None:
    well = HealthCard(START, (WayPulse(SLACK, 1.0, reach=Reach.ANSWERS),), Queues())
    assert well.well
    assert well.oldest is None
    silent = WayPulse(SLACK, 1.0, reach=Reach.SILENT)
    failed = Undelivered(SLACK, NoticeState.FAILED, "rejected", 1)
    for wrong in (
        replace(well, platforms=(silent,)),
        replace(well, undelivered=(failed,)),
        replace(well, queues=Queues(dead=1)),
        replace(well, idle_parts=(("inbox", "failed"),)),
        replace(well, told=(Fault("fault.platform_down"),)),
    ):
        assert not wrong.well
    waits = queue(Lane.ALERT, 1, GAP)
    assert replace(well, queues=Queues((waits,))).oldest == START - GAP
