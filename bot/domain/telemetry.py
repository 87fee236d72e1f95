"""What the bot counts about itself while it works; who keeps the counts is app.py's choice."""

from datetime import timedelta
from typing import Protocol

from bot.domain.notices import Lane, NoticeState, SettleReason
from bot.domain.ways import WayName


class Telemetry(Protocol):
    """Told what happened, at once and without waiting. No method may raise."""

    def settled(
        self,
        way: WayName,
        lane: Lane,
        state: NoticeState,
        reason: SettleReason,
        took: timedelta,
    ) -> None:
        """A notice was settled, so long after it had first been due."""
        ...

    def failed(self, way: WayName, error: Exception) -> None:
        """One try to tell a notice failed: a SendError, or a fault of our own."""
        ...

    def answered(self, way: WayName, seconds: float) -> None:
        """A platform answered a request, whatever it said, this long after it had left."""
        ...

    def limited(self, way: WayName, seconds: float) -> None:
        """A platform answered 429: wait so long."""
        ...

    def worked_off(self, source: str, outcome: str, took: timedelta) -> None:
        """An arrival is done (or failed, waits, is dead), so long after it had come."""
        ...


class Silent:
    """Counts nothing."""

    def settled(
        self,
        way: WayName,
        lane: Lane,
        state: NoticeState,
        reason: SettleReason,
        took: timedelta,
    ) -> None:
        """See Telemetry."""

    def failed(self, way: WayName, error: Exception) -> None:
        """See Telemetry."""

    def answered(self, way: WayName, seconds: float) -> None:
        """See Telemetry."""

    def limited(self, way: WayName, seconds: float) -> None:
        """See Telemetry."""

    def worked_off(self, source: str, outcome: str, took: timedelta) -> None:
        """See Telemetry."""


SILENT: Telemetry = Silent()
