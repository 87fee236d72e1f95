"""Who listens to what the bot counts: several at once, and one that remembers the last minute."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.domain.clock import Clock
from bot.domain.notices import Lane, NoticeState, SettleReason
from bot.domain.telemetry import Silent, Telemetry
from bot.domain.ways import WayName

MINUTE = timedelta(minutes=1)
Counted = deque[tuple[datetime, int]]  # (a second, how many in it), oldest first


@dataclass(frozen=True, slots=True)
class Several:
    """Hands everything on to each of them."""

    listeners: Sequence[Telemetry]

    def settled(
        self,
        way: WayName,
        lane: Lane,
        state: NoticeState,
        reason: SettleReason,
        took: timedelta,
    ) -> None:
        """See Telemetry."""
        for listener in self.listeners:
            listener.settled(way, lane, state, reason, took)

    def failed(self, way: WayName, error: Exception) -> None:
        """See Telemetry."""
        for listener in self.listeners:
            listener.failed(way, error)

    def answered(self, way: WayName, seconds: float) -> None:
        """See Telemetry."""
        for listener in self.listeners:
            listener.answered(way, seconds)

    def limited(self, way: WayName, seconds: float) -> None:
        """See Telemetry."""
        for listener in self.listeners:
            listener.limited(way, seconds)

    def worked_off(self, source: str, outcome: str, took: timedelta) -> None:
        """See Telemetry."""
        for listener in self.listeners:
            listener.worked_off(source, outcome, took)


@dataclass(slots=True)
class Lately(Silent):
    """How many were sent in the last minute, and the last 429 of each platform."""

    clock: Clock
    limits: dict[WayName, tuple[datetime, float]] = field(default_factory=dict)
    _sent: dict[tuple[WayName, Lane], Counted] = field(default_factory=dict)

    def settled(
        self,
        way: WayName,
        lane: Lane,
        state: NoticeState,
        reason: SettleReason,
        took: timedelta,
    ) -> None:
        """See Telemetry; what was dropped needed no turn, so it is no progress."""
        del reason, took
        if state is not NoticeState.SENT:
            return
        counted = self._sent.setdefault((way, lane), deque())
        # Counted by the second: a broadcast leaves 60 numbers here, not 1,800 times.
        second = self.clock().replace(microsecond=0)
        before = counted.pop()[1] if counted and counted[-1][0] == second else 0
        counted.append((second, before + 1))
        self._forget(counted)

    def limited(self, way: WayName, seconds: float) -> None:
        """See Telemetry."""
        self.limits[way] = (self.clock(), seconds)

    def sent_last_minute(self, way: WayName, lane: Lane) -> int:
        counted = self._sent.get((way, lane), deque())
        self._forget(counted)
        return sum(count for _, count in counted)

    def _forget(self, counted: Counted) -> None:
        since = self.clock() - MINUTE
        while counted and counted[0][0] < since:
            counted.popleft()
