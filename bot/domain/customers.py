"""What services answer to customers; handlers pass it on, render/ finds the words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.domain.stock import Product
from bot.domain.subscriptions import EndReason, Subscription

# What a button does to a subscription: the word it carries, and services.subscribing's for it.
PRESSED: Mapping[str, str] = {
    "rm": "remove",
    "pause": "pause",
    "resume": "resume",
    "undo": "undo",
    "bought": "bought",
    "nothx": "no_thanks",
}


@dataclass(frozen=True, slots=True)
class Availability:
    """What a customer may know of a SKU. `few` is for "only N left"."""

    product: Product
    available: int
    in_stock: bool
    few: bool
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class NotFound:
    """No SKU has this code; `closest` are up to five that look like it, best first.

    `bad_quantity`: without the last word it is one, and that word is no quantity.
    """

    query: str
    closest: tuple[Availability, ...] = ()
    bad_quantity: bool = False


@dataclass(frozen=True, slots=True)
class Subscribed:
    """The customer waits. `already`: they did before; only `quantity_changed` may be new.

    `watching`: it is in stock; they are told the next time it comes back (or when it sells out).
    """

    subscription: Subscription
    already: bool = False
    quantity_changed: bool = False
    watching: bool = False


@dataclass(frozen=True, slots=True)
class InStockAlready:
    """It can be bought now; nothing was subscribed. A button offers to watch the next time."""

    stock: Availability
    quantity: int


@dataclass(frozen=True, slots=True)
class LimitReached:
    """The person has `limit` live subscriptions; one must go first."""

    limit: int


@dataclass(frozen=True, slots=True)
class NotForSale:
    """The SKU is no longer sold (active = no)."""

    product: Product


@dataclass(frozen=True, slots=True)
class SubscriptionList:
    subscriptions: tuple[Subscription, ...]  # live ones, oldest first
    page: int = 0
    pages: int = 1


@dataclass(frozen=True, slots=True)
class Changed:
    """A button on /list or on a restock message did this; `verb` is remove, pause, resume, undo,
    bought or no_thanks. `done` is False when it was so already (a second press)."""

    verb: str
    subscription: Subscription
    done: bool = True


@dataclass(frozen=True, slots=True)
class Stopped:
    """/stop: these ended; Undo brings them back to their places."""

    subscriptions: tuple[Subscription, ...]
    everything: bool


@dataclass(frozen=True, slots=True)
class Expired:
    """The button or the thing it speaks of is gone (forgotten, removed long ago)."""


@dataclass(frozen=True, slots=True)
class CustomerWhy:
    """/why SKU: the customer's own arithmetic, as facts in order of time."""

    product: Product
    available: int
    in_stock: bool
    subscription: Subscription | None  # live one
    ended: EndReason | None  # when there is no live one, why the last one ended
    told: "tuple[ToldFact, ...]" = ()  # newest first, at most five


@dataclass(frozen=True, slots=True)
class ToldFact:
    """One notice about this SKU: its state and reason are NoticeState / SettleReason values.

    If its message was edited since: `says` is a domain.living.Says, `edited_at` when.
    """

    kind: str
    state: str
    reason: str
    at: datetime
    says: str = ""
    edited_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class MyData:
    """/mydata: all that is kept about the person; `document` is JSON for the file."""

    document: str
    subscriptions: int
    since: datetime


@dataclass(frozen=True, slots=True)
class Welcome:
    """/start: `name` may be empty, `languages` are codes to offer."""

    name: str
    is_new: bool
    languages: tuple[str, ...]
