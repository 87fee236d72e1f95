"""How fast to go when a platform is stricter than it documents: down at once, up slowly."""

import math
from dataclasses import dataclass, replace
from enum import StrEnum

CUT = 0.8  # of what was really used when the platform refused
LEAST = 0.05  # of the documented rate: below it nothing would ever find out that it is better
REST = 5.0  # seconds after a cut before the rate grows again
SETTLE = 1.5  # seconds after a cut in which refusals still speak of the requests before it
GROWTH = 0.0025  # of the documented rate, each second: from 2/3 back to all of it in two minutes


@dataclass(frozen=True, slots=True)
class Patience:
    """Refusals of different chats that are believed to be chance.

    `share` of all requests are; `refusals` beyond that share are too many. It is Page's CUSUM test:
    6 at once or 1 in 10 for a while are found alike, 1 in 50 for hours is not.
    """

    share: float
    refusals: float


TRUSTING = Patience(share=0.05, refusals=5)  # at the documented rate
WARY = Patience(share=0.015, refusals=3)  # when the platform has refused it before


class PaceReason(StrEnum):
    """What a refusal says about the rate of the whole account."""

    CHANCE = "chance"  # single chats are refused: they are held, nobody else waits
    SETTLING = "settling"  # just slowed down: this was asked for before
    STRICTER = "stricter"  # many different chats: the platform gives less than it documents


@dataclass(frozen=True, slots=True)
class Pace:
    """What is known: `share` of the documented rate that is asked for, and what speaks for less.

    `doubt` is how many refusals more than chance explains there were up to request `at_request`.
    """

    share: float = 1.0
    doubt: float = 0.0
    at_request: int = 0
    cut_at: float = -math.inf
    grown_at: float = -math.inf


def refused(pace: Pace, request: int, used: float, now: float) -> tuple[Pace, PaceReason]:
    """After the refusal of a chat that was not refused lately.

    `request` counts all requests up to now; `used` is the share of the documented rate that was
    really asked for in the last second.
    """
    if now < pace.cut_at + SETTLE:
        return pace, PaceReason.SETTLING
    patience = TRUSTING if pace.share == 1 else WARY
    by_chance = patience.share * (request - pace.at_request)
    doubt = max(0.0, pace.doubt - by_chance) + 1
    if doubt < patience.refusals:
        return replace(pace, doubt=doubt, at_request=request), PaceReason.CHANCE
    share = max(LEAST, min(pace.share, used) * CUT)
    return Pace(share, 0.0, request, now, now + REST), PaceReason.STRICTER


def grown(pace: Pace, now: float) -> Pace:
    """After time without a cut: the rate comes back by and by, never above the documented one."""
    if pace.share == 1 or now <= pace.grown_at:
        return pace
    share = min(1.0, pace.share + GROWTH * (now - pace.grown_at))
    return replace(pace, share=share, grown_at=now)
