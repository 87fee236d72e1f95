"""How often a platform lets us speak: the whole account, and each chat, channel or method."""

import math
from collections import deque
from dataclasses import dataclass

from bot.domain.notices import Lane

EARLY = 1e-6  # seconds; a timer may fire this much before its time
# A second is counted a little longer here than it is, because requests do not all travel alike:
# 30 turns in 1.012 s are 29.64 a second, and 10,000 of them take 337 s.
SECOND = 1.012
# A turn that came a little late does not shift those after it; what really leaves is still spread
# over LEAST_SECOND, whatever happened between the turn and the request.
LATE = 0.006
LEAST_SECOND = 1.006
# The even spacing may lag so far and catch up, inside the limit: seconds, and turns (more at once
# would take longer to leave than the guard of the second is).
CATCH_UP, AT_ONCE = 0.25, 16
SHORT = 3.0  # seconds of a bucket that a restart may forget: it takes about as long


@dataclass(frozen=True, slots=True)
class Rate:
    """`burst` turns at once for answers to people, then `per_second`. Other lanes may use `others`
    of the burst. T seconds hold at most burst + T * per_second."""

    per_second: float
    burst: int = 1
    others: int = 1

    @property
    def slow(self) -> bool:
        """Whether a restart must not forget what is used up of it."""
        return self.burst > SHORT * self.per_second


UNLIMITED = Rate(math.inf)


def telegram_rate(chat: str) -> Rate:
    """About 1 message a second in a private chat, short bursts allowed; 20 a minute in a group.

    core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this. Groups and channels
    have negative ids or @names; 3 + 17 keeps every minute at 20.
    """
    if chat.startswith(("-", "@")):
        return Rate(17 / 60, 3)
    return Rate(1.0, 3)


class Bucket:
    """A generic cell rate: one number, the time up to which the turns are used up."""

    __slots__ = ("_interval", "_replies", "_rest", "held_until", "used_until")

    def __init__(self, rate: Rate) -> None:
        self._interval = 1 / rate.per_second
        self._replies = (rate.burst - 1) * self._interval
        self._rest = (rate.others - 1) * self._interval
        self.used_until = -math.inf
        self.held_until = -math.inf

    def ready_at(self, lane: Lane) -> float:
        """When the next turn is free for this lane."""
        free = self.used_until - (self._replies if lane is Lane.REPLY else self._rest)
        return free if free > self.held_until else self.held_until

    def spend(self, now: float) -> None:
        self.used_until = max(now, self.used_until) + self._interval

    def give_back(self) -> None:
        """The last turn was not used."""
        self.used_until -= self._interval

    def hold(self, until: float) -> None:
        """A shorter hold does not lift a longer one."""
        self.held_until = max(self.held_until, until)

    def idle(self, now: float) -> bool:
        return max(self.used_until, self.held_until) <= now


class Account:
    """The whole account: never more than `per_second` turns in any second, one that slides along.

    Lanes other than answers are spread evenly, `burst` of them at once. `share` is how much of the
    documented rate is asked for (bot.domain.pacing). No limit at all: math.inf.
    """

    def __init__(self, per_second: float, burst: int = 1) -> None:
        self.per_second = per_second
        self.held_until = -math.inf
        self._burst = burst
        most = 0 if per_second == math.inf else max(1, int(per_second))
        self._turns: deque[float] = deque(maxlen=most)
        self._left: deque[float] = deque(maxlen=most)
        self._even = -math.inf
        self.share = 1.0

    @property
    def share(self) -> float:
        return self._share

    @share.setter
    def share(self, share: float) -> None:
        self._share = share
        rate = self.per_second * share
        self._most = 0 if rate == math.inf else max(1, int(rate))
        self._span = SECOND * max(1, self._most) / rate
        self._interval = 0.0 if rate == math.inf else SECOND / rate

    def ready_at(self, lane: Lane) -> float:
        """When the next turn is free for this lane."""
        at, turns = self.held_until, self._turns
        if len(turns) >= self._most > 0:
            at = max(at, turns[-self._most] + self._span)
        if lane is Lane.REPLY:
            return at
        return max(at, self._even - (self._burst - 1) * self._interval)

    def spend(self, now: float, lane: Lane) -> float:
        """Take the turn that is free by `now`; returns when it counts, for `give_back`."""
        due = max(self.ready_at(lane), now - LATE)
        if self._turns:
            due = max(due, self._turns[-1])
        self._turns.append(due)
        if lane is not Lane.REPLY:
            late = now - self._even
            caught_up = late < min(CATCH_UP, AT_ONCE * self._interval)
            self._even = (self._even if caught_up else now) + self._interval
        return due

    def give_back(self, due: float, lane: Lane) -> None:
        """The turn was not used."""
        if due in self._turns:
            self._turns.remove(due)
        if lane is not Lane.REPLY:
            self._even -= self._interval

    def leave(self, now: float) -> float:
        """Seconds that a request must still wait to leave; at 0 it is counted as gone.

        Between its turn and this moment the intent was committed, which may take long for one and
        not for the next.
        """
        if len(self._left) == self._left.maxlen and self._left:
            wait = self._left[0] + LEAST_SECOND * self._left.maxlen / self.per_second - now
            if wait > EARLY:
                return wait
        self._left.append(now)
        return 0.0

    def used(self, now: float) -> float:
        """The share of the documented rate that was used in the last second."""
        if self.per_second == math.inf:
            return 0.0
        since = now - SECOND
        return sum(1 for at in self._turns if at > since) / self.per_second
