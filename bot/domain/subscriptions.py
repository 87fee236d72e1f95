"""A customer's place in the line for a SKU."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.stock import Product


class SubscriptionState(StrEnum):
    WAITING = "waiting"  # will be told at the next restock
    TOLD = "told"  # a restock message arrived; returns to waiting when the restock closes
    PAUSED = "paused"  # keeps the place, is not told
    ENDED = "ended"


class EndReason(StrEnum):
    STOPPED = "stopped"  # /stop or the Remove button
    BOUGHT = "bought"
    NO_THANKS = "no_thanks"
    EXPIRED = "expired"
    FORGOTTEN = "forgotten"
    JOINED = "joined"  # the person has another place in the line, which is the earlier one


@dataclass(frozen=True, slots=True)
class Subscription:
    id: int
    product: Product
    quantity: int
    state: SubscriptionState
    armed: bool
    place: int  # 1 = next; 0 when not in the line (told, ended)
    available: int  # units a customer can buy now
    created_at: datetime


@dataclass(frozen=True, slots=True)
class StoredSubscription:
    """A subscription as it is kept; `person_id` is None once the person is forgotten."""

    id: int
    person_id: int | None
    product_id: int
    quantity: int
    state: SubscriptionState
    armed: bool
    reason: str  # an EndReason's value; "" while it goes on
    created_at: datetime
    updated_at: datetime
