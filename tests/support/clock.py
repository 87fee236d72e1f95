"""A clock that stands still until a test moves it."""

from datetime import UTC, datetime, timedelta

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class Clock:
    """`clock()` is the time, aware and in UTC; `forward` and `set` move it."""

    def __init__(self, start: datetime = START) -> None:
        self.time = start

    def __call__(self) -> datetime:
        return self.time

    def forward(
        self, *, seconds: float = 0, minutes: float = 0, hours: float = 0, days: float = 0
    ) -> datetime:
        """Let the time pass; returns the new time."""
        self.time += timedelta(seconds=seconds, minutes=minutes, hours=hours, days=days)
        return self.time

    def set(self, time: datetime) -> None:
        self.time = time
