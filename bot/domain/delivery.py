"""What becomes of a notice whose send did not simply succeed. Pure; see docs/architecture.md."""

import math
from datetime import timedelta
from enum import StrEnum

ATTEMPTS = 8  # after that a notice is failed and staff see it
FIRST_WAIT = timedelta(seconds=1)
LONGEST_WAIT = timedelta(minutes=5)
COPIES = 2  # sends of one notice that may have arrived; never a third copy


LONG_LINE = 1_000  # customers of one restock: beyond it the last one waits long enough as it is
SLOT = 0.1  # seconds of a round trip for each message that may be in doubt


class Verdict(StrEnum):
    """What becomes of a notice that a fault of our own keeps from being told."""

    AGAIN = "again"
    GIVE_UP = "give_up"  # it fails by itself, again and again


class Look(StrEnum):
    """What the platform says about an earlier send of a notice."""

    FOUND = "found"
    NOT_THERE = "not_there"
    CANNOT_TELL = "cannot_tell"  # it shows no history, or not to us


class Step(StrEnum):
    """The next thing to do for a notice that is to be told."""

    EDIT = "edit"  # the message is there: make it show the present state
    POST = "post"  # nothing of it can be there
    LOOK = "look"  # an earlier send may have arrived: ask the platform
    SETTLE = "settle"  # it did arrive
    POST_ANEW = "post_anew"  # it did not: post it as if for the first time
    REPEAT = "repeat"  # nobody can tell: once more, marked as a repeat
    UNCERTAIN = "uncertain"  # nobody can tell, and two may be there: no third


def next_step(*, shown: bool, doubtful: int, look: Look | None = None) -> Step:
    """The policy for what is in doubt; docs/architecture.md has it as a table.

    `shown`: the platform shows a message for it. `doubtful`: earlier sends that may have arrived.
    `look`: what the platform said about them, None before it was asked.
    """
    if shown:
        return Step.EDIT
    if doubtful == 0:
        return Step.POST
    match look:
        case None:
            return Step.LOOK
        case Look.FOUND:
            return Step.SETTLE
        case Look.NOT_THERE:
            return Step.POST_ANEW
        case Look.CANNOT_TELL:
            return Step.REPEAT if doubtful < COPIES else Step.UNCERTAIN


def in_doubt_at_most(*, long_line: bool, round_trip: float) -> int | None:
    """How many restocks may be on the wire at once; None: as many as the pace brings.

    What is on the wire when the power goes may be told twice. On average that is the pace times
    the round trip (Little's law), so a line of usual length takes a little longer and leaves one
    in doubt for each 100 ms that the platform takes to answer: still 10 a second, 20 at 50 ms.

    >>> in_doubt_at_most(long_line=False, round_trip=0.04)
    1
    """
    return None if long_line else max(1, math.ceil(round_trip / SLOT))


def after_failure(attempts: int) -> Verdict:
    """A fault of our own: try again, with growing waits, up to the limit."""
    return Verdict.AGAIN if attempts < ATTEMPTS else Verdict.GIVE_UP


def wait_before(attempts: int) -> timedelta:
    """Doubles from one second to five minutes.

    >>> wait_before(3)
    datetime.timedelta(seconds=4)
    """
    return min(LONGEST_WAIT, FIRST_WAIT * int(2 ** (attempts - 1)))
