"""To whom a notice goes: what it is of, and which of that a route takes. Pure."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from bot.domain.alerts import Severity
from bot.domain.contacts import ContactState
from bot.domain.ways import WayName


class Origin(StrEnum):
    """Who made a route, and so who may switch it off."""

    SETTINGS = "settings"  # at each start it is as the settings say
    CHAT = "chat"


class RouteState(StrEnum):
    ON = "on"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Scope:
    """A part of the shop. None says nothing of it: a route takes all, a notice is of none."""

    location_id: int | None = None
    supplier: str | None = None
    category: str | None = None

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> "Scope":
        return cls(**stored)

    def as_json(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if value is not None}

    def covers(self, other: "Scope") -> bool:
        """Whether all that this scope names is so in the other."""
        return self.as_json().items() <= other.as_json().items()


WHOLE_SHOP = Scope()


@dataclass(frozen=True, slots=True)
class Concern:
    """What a notice is of. `kind`: that of the rule, `fault` or `digest`."""

    kind: str
    severity: Severity | None = None
    scope: Scope = WHOLE_SHOP


@dataclass(frozen=True, slots=True)
class Destination:
    """A contact that notices to staff go to."""

    contact_id: int
    way: WayName
    state: ContactState


@dataclass(frozen=True, slots=True)
class Route:
    """`kind` "" takes any. `severity`: the lowest; None takes all, also what has none."""

    to: Destination
    kind: str = ""
    severity: Severity | None = None
    scope: Scope = WHOLE_SHOP

    def takes(self, concern: Concern) -> bool:
        """What a notice does not say cannot pass a bound: a digest is neither grave nor of a place.

        >>> there = Destination(1, SLACK, ContactState.ACTIVE)
        >>> Route(there, severity=Severity.CRITICAL).takes(Concern("quantity", Severity.OUT))
        True
        >>> Route(there, severity=Severity.CRITICAL).takes(Concern("digest"))
        False
        """
        grave = self.severity is None or (concern.severity or 0) >= self.severity
        return self.kind in ("", concern.kind) and grave and self.scope.covers(concern.scope)
