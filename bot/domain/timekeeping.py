"""Whether the machine's clock can be believed. Pure.

Two clocks are compared: the wall clock, which anybody may set, and the time that has passed, which
nobody can, and which counts on while the machine sleeps.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

Elapsed = Callable[[], float]  # seconds since some moment; never set, never stopped

STEP = timedelta(seconds=2)  # less is the network time that pulls the clock straight
# Whatever is done by age is done a day too early at most after a smaller one.
JUMP = timedelta(days=1)
AWAY = timedelta(days=7)  # nobody ran for so long: or is the clock wrong?
# So long nothing is ended or erased for its age after a jump: time to put the clock right.
DOUBT = timedelta(days=1)

# No worker holds anything for longer without renewing it.
LONGEST_LEASE = timedelta(minutes=2)


class ClockReason(StrEnum):
    STEADY = "steady"
    WENT_BACK = "went_back"  # it was ahead, and what was put off then is put off for too long
    JUMPED = "jumped"  # far ahead: what is done by age would be done to everybody


@dataclass(frozen=True, slots=True)
class Moment:
    """A look at both clocks. `elapsed` None: by another process, whose count is another one."""

    at: datetime
    elapsed: float | None


def judge(before: Moment | None, now: Moment) -> ClockReason:
    """What the wall clock did since the look before."""
    if before is None:
        return ClockReason.STEADY
    passed = now.at - before.at
    if before.elapsed is not None and now.elapsed is not None:
        step = passed - timedelta(seconds=now.elapsed - before.elapsed)
        far = step > JUMP
    else:
        step, far = passed, passed > AWAY
    if step < -STEP:
        return ClockReason.WENT_BACK
    return ClockReason.JUMPED if far else ClockReason.STEADY


def doubted_until(before: datetime | None, reason: ClockReason, now: datetime) -> datetime | None:
    """Until when nothing is done by age; None: the clock is believed.

    A doubt that was cast while the clock was years ahead does not last for years.
    """
    latest = now + DOUBT
    if reason is ClockReason.JUMPED:
        return latest
    if before is None or before <= now:
        return None
    return min(before, latest)
