"""What the Slack handlers need of the rest, as small as they need it."""

from collections.abc import Awaitable
from typing import Any, Protocol

from bot.domain.contacts import Caller
from bot.domain.customers import Expired
from bot.domain.inbox import Arrival
from bot.domain.staff import Acknowledged, AdjustForm, Card, NothingToUndo, Refused, Undone
from bot.domain.stock_command import StockRequest
from bot.domain.ways import WayName

Json = dict[str, Any]


class Accept(Protocol):
    """Stores an arrival: when it returns, the input survives a power cut."""

    def __call__(
        self, source: str, key: str, sender: str, payload: Json, /
    ) -> Awaitable[Arrival]: ...


class Stocking(Protocol):
    async def handle(self, caller: Caller, request: StockRequest, key: str) -> object: ...

    async def card(self, caller: Caller, product_id: int) -> Card | Refused | Expired: ...

    async def validate_adjust(self, caller: Caller, form: AdjustForm) -> dict[str, str]: ...

    async def adjust(self, caller: Caller, form: AdjustForm, key: str) -> object: ...

    async def confirm(self, caller: Caller, token: str, key: str) -> object: ...

    async def undo_move(
        self, caller: Caller, move_id: int | None, key: str
    ) -> Undone | NothingToUndo | Refused: ...


class Alerting(Protocol):
    async def acknowledge(
        self, caller: Caller, alert_id: int, version: int, key: str
    ) -> Acknowledged | Refused | Expired: ...


class Refusing(Protocol):
    async def form_refused(self, way: WayName, reason: str) -> None: ...


class Services(Protocol):
    """The bundle that bot.app builds; only these three are used here."""

    @property
    def stocking(self) -> Stocking: ...

    @property
    def alerting(self) -> Alerting: ...

    @property
    def refusing(self) -> Refusing: ...


class Client(Protocol):
    """The paced client, as far as answers use it. Raises SlackApiError or aiohttp's errors."""

    async def respond(self, url: str, body: Json) -> str: ...

    async def chat_postEphemeral(  # noqa: N802  # slack_sdk's name
        self, *, channel: str, user: str, text: str, blocks: list[Json]
    ) -> Any: ...

    async def chat_postMessage(  # noqa: N802  # slack_sdk's name
        self, *, channel: str, text: str, blocks: list[Json]
    ) -> Any: ...

    async def views_open(self, *, trigger_id: str, view: Json) -> Any: ...
