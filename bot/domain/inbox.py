"""The states of something that arrived."""

from enum import StrEnum


class InboxState(StrEnum):
    PENDING = "pending"
    WORKING = "working"
    DONE = "done"
    DEAD = "dead"  # gave up after retries; kept with its payload for staff to replay


class Arrival(StrEnum):
    NEW = "new"
    REPEATED = "repeated"
