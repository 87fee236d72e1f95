"""What becomes of a notice whose send did not simply succeed. Pure; see docs/architecture.md."""

from datetime import timedelta
from enum import StrEnum

ATTEMPTS = 8  # after that a notice is failed and staff see it
FIRST_WAIT = timedelta(seconds=1)
LONGEST_WAIT = timedelta(minutes=5)
COPIES = 2  # sends of one notice that may have arrived; never a third copy


class Verdict(StrEnum):
    AGAIN = "again"  # certainly not there: try again later
    REPEAT = "repeat"  # may be there: send once more, marked as a repeat
    UNCERTAIN = "uncertain"  # may be there twice already: leave it and show staff
    GIVE_UP = "give_up"  # it fails by itself, again and again


def after_doubt(doubtful: int) -> Verdict:
    """After `doubtful` sends that may have arrived: one repeat, marked as such, then no more."""
    return Verdict.REPEAT if doubtful < COPIES else Verdict.UNCERTAIN


def after_failure(attempts: int) -> Verdict:
    """A fault of our own: try again, with growing waits, up to the limit."""
    return Verdict.AGAIN if attempts < ATTEMPTS else Verdict.GIVE_UP


def wait_before(attempts: int) -> timedelta:
    """Doubles from one second to five minutes.

    >>> wait_before(3)
    datetime.timedelta(seconds=4)
    """
    return min(LONGEST_WAIT, FIRST_WAIT * int(2 ** (attempts - 1)))
