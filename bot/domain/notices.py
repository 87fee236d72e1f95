"""What is to be told, and what comes back from telling it."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any

from bot.domain.ways import WayName


class Lane(IntEnum):
    """Who goes first when a platform's limit is shared; answers to people never wait."""

    REPLY = 0
    ALERT = 1
    RESTOCK = 2
    EDIT = 3
    DIGEST = 4
    LIVING = 5  # a customer's message, edited where it stands: nobody waits for that


LAST_LANE = max(Lane)


class NoticeKind(StrEnum):
    RESTOCK = "restock"  # to a customer: it is back
    SOLD_OUT = "sold_out"  # to a customer who watches: it is gone
    SUBSCRIPTION_EXPIRED = "subscription_expired"
    JOINED = "joined"  # to a person: another contact is one with theirs
    ALERT = "alert"  # to staff: one alert, or the summary of a batch's alerts
    DIGEST = "digest"  # to staff, daily
    FAULT = "fault"  # to staff: something of the bot itself needs a look


class NoticeState(StrEnum):
    QUEUED = "queued"
    SENDING = "sending"  # claimed; a crash now leaves the outcome unknown
    SENT = "sent"
    UNCERTAIN = "uncertain"
    FAILED = "failed"
    DROPPED = "dropped"  # no longer true or wanted when its turn came


class SettleReason(StrEnum):
    DELIVERED = "delivered"
    EDITED = "edited"
    UNCHANGED = "unchanged"  # the message already shows this
    SOLD_OUT_BEFORE = "sold_out_before"
    UNSUBSCRIBED = "unsubscribed"
    PAUSED = "paused"
    RESTOCK_CLOSED = "restock_closed"
    FORGOTTEN = "forgotten"
    BLOCKED = "blocked"
    GONE = "gone"
    REJECTED = "rejected"
    BROKEN = "broken"  # our own fault, again and again
    SUPERSEDED = "superseded"
    UNKNOWN = "unknown"  # no answer came, twice


@dataclass(frozen=True, slots=True)
class NewNotice:
    """One thing to tell one contact. `key` names who, what and which occurrence; it is unique.

    `subject` names the message: the first notice of a subject posts it, later ones edit it.
    """

    kind: NoticeKind
    key: str
    contact_id: int
    lane: Lane
    subject: str
    payload: dict[str, Any] = field(default_factory=dict)
    product_id: int | None = None
    restock_id: int | None = None
    subscription_id: int | None = None
    due_at: datetime | None = None  # None: now


@dataclass(frozen=True, slots=True)
class Claimed:
    """A notice in a worker's hands. `doubtful`: how many earlier sends of it may have arrived."""

    id: int
    kind: NoticeKind
    contact_id: int | None
    lane: Lane
    subject: str
    payload: dict[str, Any]
    product_id: int | None
    restock_id: int | None
    subscription_id: int | None
    attempts: int  # times it was on the wire before
    doubtful: int
    wired_at: datetime | None  # when the first send that may have arrived left
    created_at: datetime
    way: WayName | None = None  # whose worker holds it

    @property
    def in_doubt(self) -> bool:
        return self.doubtful > 0
