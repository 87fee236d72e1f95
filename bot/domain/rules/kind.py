"""What every kind of rule has, and how its terms and numbers become JSON and come back."""

from collections.abc import Callable, Set
from dataclasses import MISSING, asdict, dataclass, fields
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Generic, Protocol, Self, TypeVar, get_type_hints

from bot.domain.alerts import About, AlertView, Decision, Measure, OpenAlert, Stored


@dataclass(frozen=True, slots=True)
class Typed:
    """Heirs are frozen dataclasses of whole numbers, words, bools and None."""

    def as_json(self) -> Stored:
        return asdict(self)

    @classmethod
    def of_json(cls, stored: Stored) -> Self:
        """As `as_json` made it. Raises ValueError for what the fields do not hold."""
        made: type = cls
        types, needed = _fields_of(made)
        wrong = [name for name, value in stored.items() if not _fits(types.get(name), value)]
        absent = needed - stored.keys()
        if wrong or absent:
            raise ValueError(f"{cls.__module__}.{cls.__name__}: {sorted({*wrong, *absent})}")
        return cls(**stored)


@cache
def _fields_of(made: type) -> tuple[dict[str, type], Set[str]]:
    """The types of the fields, and which must be given."""
    needed = {f.name for f in fields(made) if f.default is MISSING}
    return get_type_hints(made), needed


def _fits(wanted: type | None, value: object) -> bool:
    return wanted is not None and isinstance(value, wanted)


@dataclass(frozen=True, slots=True)
class Numbers(Typed):
    """What an alert keeps of what was judged."""

    @property
    def margin(self) -> int:
        """How far it is from well, in the kind's own unit. Of one severity the smallest is the
        worst; where all are alike the oldest comes first."""
        return 0


class Facts(Protocol):
    """What one alert would be about, and all that judging it needs."""

    @property
    def about(self) -> About: ...


T = TypeVar("T", bound=Typed)
F = TypeVar("F", bound=Facts)
N = TypeVar("N", bound=Numbers)
D = TypeVar("D")


@dataclass(frozen=True, slots=True)
class Kind(Generic[T, F, N]):
    """`measure` is given the facts, the numbers of the open alert or None, and the time.

    A rule for the whole shop begins with the defaults of its `terms`.
    """

    name: str
    terms: type[T]
    numbers: type[N]
    judge: Callable[[F, OpenAlert | None, datetime], Decision]
    measure: Callable[[F, N | None, datetime], N]


class RuleState(StrEnum):
    ON = "on"
    OFF = "off"  # judges nothing; what it had raised ends


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule as it is stored."""

    id: int
    kind: str
    terms: Stored
    state: RuleState = RuleState.ON
    version: int = 1


@dataclass(frozen=True, slots=True)
class Judged:
    """One thing that was judged, and what that decided."""

    facts: Facts
    decision: Decision
    numbers: Numbers

    @property
    def about(self) -> About:
        return self.facts.about

    @property
    def measure(self) -> Measure:
        return Measure(self.numbers.as_json(), self.numbers.margin)


@dataclass(frozen=True, slots=True)
class Explained:
    """How a rule sees one thing now, and the alert that is open about it."""

    kind: str
    judged: Judged
    alert: AlertView | None = None


def told(wanted: type[D], given: object) -> D:
    """`given`, which a renderer of the kind knows to be of this type. Raises TypeError if not."""
    if not isinstance(given, wanted):
        raise TypeError(f"{given!r} is no {wanted.__module__}.{wanted.__name__}")
    return given
