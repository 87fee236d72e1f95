"""What arrived: its states, and what is left of it when it could not be worked off."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class InboxState(StrEnum):
    PENDING = "pending"
    WORKING = "working"
    DONE = "done"
    DEAD = "dead"  # gave up after retries; kept with its payload for staff to replay


class Arrival(StrEnum):
    NEW = "new"
    REPEATED = "repeated"


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """An arrival that was given up; its payload is kept for a replay.

    `error` is the last one's repr. It may quote the payload, and with it a person: see `kind`.
    """

    id: int
    source: str
    key: str
    error: str
    attempts: int
    received_at: datetime
    died_at: datetime

    @property
    def kind(self) -> str:
        """The name of the error, which says nothing of a person."""
        return self.error.partition("(")[0]


@dataclass(frozen=True, slots=True)
class InboxReport:
    """What is in the inbox; `letters` are the newest dead letters, of which there may be more."""

    counts: Mapping[InboxState, int]
    letters: tuple[DeadLetter, ...]
