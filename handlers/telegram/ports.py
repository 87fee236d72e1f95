"""What the Telegram handlers need of the rest, as small as they need it."""

from typing import Protocol

from bot.domain.contacts import Address, Caller
from bot.domain.customers import (
    Availability,
    Changed,
    CustomerWhy,
    Expired,
    InStockAlready,
    LimitReached,
    MyData,
    NotForSale,
    NotFound,
    Stopped,
    Subscribed,
    SubscriptionList,
    Welcome,
)
from bot.domain.notices import Lane, Rendered
from bot.domain.staff import Acknowledged, Refused

Asking = Subscribed | InStockAlready | NotFound | LimitReached | NotForSale | Expired


class Subscribing(Protocol):
    async def start(self, caller: Caller) -> Welcome: ...

    async def notify(
        self, caller: Caller, words: str, quantity: int | None, key: str
    ) -> Asking: ...

    async def notify_short(self, caller: Caller, short_id: str, key: str) -> Asking: ...

    async def notify_product(
        self, caller: Caller, product_id: int, quantity: int, key: str
    ) -> Asking: ...

    async def watch(self, caller: Caller, product_id: int, quantity: int, key: str) -> Asking: ...

    async def list(self, caller: Caller, page: int = 0) -> SubscriptionList: ...

    async def change(
        self, caller: Caller, subscription_id: int, verb: str
    ) -> Changed | Expired: ...

    async def stop(self, caller: Caller, words: str = "") -> Stopped | NotFound: ...

    async def undo_stop(self, caller: Caller, first_id: int) -> SubscriptionList: ...

    async def look(self, caller: Caller, words: str) -> Availability | NotFound: ...

    async def look_product(self, caller: Caller, product_id: int) -> Availability | Expired: ...

    async def why(self, caller: Caller, words: str) -> CustomerWhy | NotFound: ...

    async def why_product(self, caller: Caller, product_id: int) -> CustomerWhy | Expired: ...


class People(Protocol):
    async def language(self, caller: Caller) -> str: ...

    async def set_language(self, caller: Caller, code: str) -> str: ...

    async def my_data(self, caller: Caller) -> MyData: ...

    async def is_staff(self, caller: Caller) -> bool: ...

    async def number(self, caller: Caller) -> int: ...

    async def is_number(self, caller: Caller, number: int) -> bool: ...

    async def forget(self, caller: Caller) -> int: ...

    async def blocked(self, address: Address) -> None: ...

    async def came_back(self, address: Address) -> None: ...

    async def moved(self, old: Address, new: Address) -> None: ...


class Alerting(Protocol):
    async def acknowledge(
        self, caller: Caller, alert_id: int, version: int, key: str
    ) -> Acknowledged | Refused | Expired: ...


class Services(Protocol):
    """The bundle that bot.app builds; only these three are used here."""

    @property
    def subscribing(self) -> Subscribing: ...

    @property
    def people(self) -> People: ...

    @property
    def alerting(self) -> Alerting: ...


class Wire(Protocol):
    """What answers need of the Telegram channel. All of it may raise SendError."""

    async def send(self, address: str, rendered: Rendered, lane: Lane) -> str: ...

    async def edit(self, address: str, ref: str, rendered: Rendered, lane: Lane) -> None: ...

    async def send_document(
        self, address: str, name: str, content: bytes, caption: Rendered, lane: Lane
    ) -> str: ...

    async def answer_press(
        self, press_id: str, words: str = "", *, alert: bool = False
    ) -> bool: ...
