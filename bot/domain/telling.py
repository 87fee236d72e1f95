"""What a notice says when its turn comes: read anew from the database just before the send."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from bot.domain.alerts import AlertView
from bot.domain.customers import Availability
from bot.domain.sources import Source
from bot.domain.stock import Product
from bot.domain.subscriptions import Subscription
from bot.domain.ways import WayName


@dataclass(frozen=True, slots=True)
class RestockTold:
    """To a customer: it is back. `repeated`: this message may have arrived before."""

    stock: Availability
    subscription_id: int
    quantity: int
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class RestockAnswered:
    """The restock message of a customer who is off the line, put right.

    An edit that was on its way when they pressed a button had overwritten what the button showed.
    """

    subscription: Subscription


@dataclass(frozen=True, slots=True)
class RestockChanged:
    """The restock message, edited while it can be bought: few are left, or (`more`) more came."""

    stock: Availability
    subscription_id: int
    quantity: int
    at: datetime
    more: bool = False


@dataclass(frozen=True, slots=True)
class RestockOver:
    """The restock message, edited: it is gone again and the customer has `place` in the line.

    `withdrawn`: the arrival was a mistake that staff undid. `not_sold`: the shop took it out of
    sale. `at`: when it was gone.
    """

    product: Product
    place: int
    at: datetime
    subscription_id: int
    withdrawn: bool = False
    not_sold: bool = False


@dataclass(frozen=True, slots=True)
class SoldOut:
    """To a customer who watches an item that was in stock: it is gone; they are `place` in line."""

    product: Product
    place: int
    subscription_id: int


@dataclass(frozen=True, slots=True)
class SubscriptionExpired:
    """To a customer: they waited for `days`; one press renews."""

    product: Product
    days: int


@dataclass(frozen=True, slots=True)
class JoinedTold:
    """To a person, at the contact that the code was sent to: a contact on `way` is one with it.

    `undone`: they are apart again.
    """

    way: WayName
    joining_id: int
    undone: bool


@dataclass(frozen=True, slots=True)
class AlertTold:
    """To staff: one alert, or (`summary`) those that one import raised.

    `total` may exceed the number of `alerts` given.
    """

    alerts: tuple[AlertView, ...]
    total: int
    summary: bool = False
    source: Source | None = None  # of the batch


@dataclass(frozen=True, slots=True)
class DailyDigest:
    """To staff, once a day in the shop's zone."""

    day: date
    low: tuple[AlertView, ...]
    low_total: int
    restocks: int
    customers_told: int
    waiting: int
    most_wanted: tuple[tuple[Product, int], ...]  # out of stock, with how many wait


@dataclass(frozen=True, slots=True)
class Fault:
    """To staff: something of the bot itself needs a look. `what` is a catalogue id.

    `since`, `until`: from when to when, "until" once it is over; `waiting`: how many notices wait.
    """

    what: str
    detail: str = ""
    way: WayName | None = None
    since: datetime | None = None
    until: datetime | None = None
    waiting: int = 0

    @classmethod
    def of(cls, payload: Mapping[str, Any]) -> "Fault":
        """As a notice carries it."""
        way = payload.get("platform")
        return cls(
            what=str(payload["what"]),
            detail=str(payload.get("detail", "")),
            way=WayName(way) if way else None,
            since=_moment(payload.get("since")),
            until=_moment(payload.get("until")),
            waiting=int(payload.get("waiting", 0)),
        )


def _moment(stored: str | None) -> datetime | None:
    return datetime.fromisoformat(stored) if stored else None


NoticeData = (
    RestockTold
    | RestockAnswered
    | RestockChanged
    | RestockOver
    | SoldOut
    | SubscriptionExpired
    | JoinedTold
    | AlertTold
    | DailyDigest
    | Fault
)
