"""What becomes of a notice whose send did not simply succeed. Pure; see docs/architecture.md."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from bot.domain.contacts import Platform
from bot.domain.notices import NoticeKind

ATTEMPTS = 8  # after that a notice is failed and staff see it
FIRST_WAIT = timedelta(seconds=1)
LONGEST_WAIT = timedelta(minutes=5)
SAID_TWICE = 2  # sends of one notice that may have arrived; never a third copy


class Verdict(StrEnum):
    AGAIN = "again"  # certainly not there: try again later
    REPEAT = "repeat"  # may be there: send once more, marked as a repeat
    UNCERTAIN = "uncertain"  # may be there twice already: leave it and show staff
    GIVE_UP = "give_up"  # tried long enough


@dataclass(frozen=True, slots=True)
class Doubt:
    """A send that may have arrived: how often this notice has been put on the wire."""

    kind: NoticeKind
    platform: Platform
    attempts: int


def after_doubt(doubt: Doubt) -> Verdict:
    """The policy of DESIGN section 6: customers get one marked repeat, never a third copy."""
    return Verdict.REPEAT if doubt.attempts < SAID_TWICE else Verdict.UNCERTAIN


def after_failure(attempts: int) -> Verdict:
    """Nothing was sent: try again, with growing waits, up to the limit."""
    return Verdict.AGAIN if attempts < ATTEMPTS else Verdict.GIVE_UP


def wait_before(attempts: int) -> timedelta:
    """Doubles from one second to five minutes.

    >>> wait_before(3)
    datetime.timedelta(seconds=4)
    """
    return min(LONGEST_WAIT, FIRST_WAIT * int(2 ** (attempts - 1)))
