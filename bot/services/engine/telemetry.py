"""Who listens to what the bot counts: several at once, and one that remembers the last minute."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.domain.clock import Clock
from bot.domain.contacts import Platform
from bot.domain.notices import Lane, NoticeState, SettleReason
from bot.domain.telemetry import Silent, Telemetry

MINUTE = timedelta(minutes=1)
Counted = deque[tuple[datetime, int]]  # (a second, how many in it), oldest first


@dataclass(frozen=True, slots=True)
class Several:
    """Hands everything on to each of them."""

    listeners: Sequence[Telemetry]

    def settled(
        self, platform: Platform, lane: Lane, state: NoticeState, reason: SettleReason,
        took: timedelta,
    ) -> None:  # fmt: skip
        """See Telemetry."""
        for listener in self.listeners:
            listener.settled(platform, lane, state, reason, took)

    def failed(self, platform: Platform, error: Exception) -> None:
        """See Telemetry."""
        for listener in self.listeners:
            listener.failed(platform, error)

    def answered(self, platform: Platform, seconds: float) -> None:
        """See Telemetry."""
        for listener in self.listeners:
            listener.answered(platform, seconds)

    def limited(self, platform: Platform, seconds: float) -> None:
        """See Telemetry."""
        for listener in self.listeners:
            listener.limited(platform, seconds)

    def worked_off(self, source: str, outcome: str, took: timedelta) -> None:
        """See Telemetry."""
        for listener in self.listeners:
            listener.worked_off(source, outcome, took)


@dataclass(slots=True)
class Lately(Silent):
    """How many were sent in the last minute, and the last 429 of each platform."""

    clock: Clock
    limits: dict[Platform, tuple[datetime, float]] = field(default_factory=dict)
    _sent: dict[tuple[Platform, Lane], Counted] = field(default_factory=dict)

    def settled(
        self, platform: Platform, lane: Lane, state: NoticeState, reason: SettleReason,
        took: timedelta,
    ) -> None:  # fmt: skip
        """See Telemetry; what was dropped needed no turn, so it is no progress."""
        del reason, took
        if state is not NoticeState.SENT:
            return
        counted = self._sent.setdefault((platform, lane), deque())
        second = self.clock().replace(microsecond=0)
        before = counted.pop()[1] if counted and counted[-1][0] == second else 0
        counted.append((second, before + 1))
        self._forget(counted)

    def limited(self, platform: Platform, seconds: float) -> None:
        """See Telemetry."""
        self.limits[platform] = (self.clock(), seconds)

    def sent_last_minute(self, platform: Platform, lane: Lane) -> int:
        counted = self._sent.get((platform, lane), deque())
        self._forget(counted)
        return sum(count for _, count in counted)

    def _forget(self, counted: Counted) -> None:
        since = self.clock() - MINUTE
        while counted and counted[0][0] < since:
            counted.popleft()
