"""An alert's life cycle, whatever it is about: it fires, rises, recovers and ends. Pure.

What is judged, and why, is the rule kind's: see bot/domain/rules/.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import IntEnum, StrEnum

from bot.domain import subjects
from bot.domain.stock import Location, Position, Product

Stored = Mapping[str, int | str | bool | None]  # a kind's numbers or terms, as JSON holds them


class AlertState(StrEnum):
    FIRING = "firing"
    ACKNOWLEDGED = "acknowledged"
    RECOVERING = "recovering"  # better than what fires, not yet good enough
    RESOLVED = "resolved"


class Severity(IntEnum):
    """Three grades; what they stand for in the shop, the kind says. OUT: nothing is left."""

    LOW = 1
    CRITICAL = 2
    OUT = 3

    @property
    def word(self) -> str:
        return self.name.lower()


class Step(StrEnum):
    """What becomes of an alert."""

    NOTHING = "nothing"  # none is open, and none is needed
    FIRES = "fires"
    RISES = "rises"  # a graver severity than was told: posted anew
    STAYS = "stays"  # open, its numbers may have changed
    RECOVERS = "recovers"
    ENDS = "ends"


@dataclass(frozen=True, slots=True)
class About:
    """What an alert is about. None, or "" of a lot: not about one, but about all of them."""

    product_id: int | None = None
    location_id: int | None = None
    lot: str = ""

    def fingerprint(self, kind: str) -> str:
        """Of a kind there is at most one open alert about the same.

        >>> About(12, None, "L7").fingerprint("expiry")
        'expiry:12::L7'
        """
        product, place = self.product_id or "", self.location_id or ""
        return f"{kind}:{product}:{place}:{self.lot}"


THE_SHOP = About()


@dataclass(frozen=True, slots=True)
class OpenAlert:
    """What a kind needs to know of an open alert to judge it."""

    state: AlertState
    severity: Severity  # the gravest that was told: only a graver one is posted anew


@dataclass(frozen=True, slots=True)
class Decision:
    """`reason`: the kind's name for why; `severity`: the present one, None when none is open."""

    step: Step
    reason: str
    severity: Severity | None = None


GONE = Decision(Step.ENDS, "gone")  # there is nothing to judge any more, or its rule is off


def holds(alert: OpenAlert | None, severity: Severity, reason: str) -> Decision:
    """What becomes of an alert while its condition holds, where the step needs no own reason."""
    if alert is None:
        return Decision(Step.FIRES, reason, severity)
    step = Step.RISES if severity > alert.severity else Step.STAYS
    return Decision(step, reason, severity)


def over(alert: OpenAlert | None, reason: str) -> Decision:
    """What becomes of an alert when its condition does not hold."""
    return Decision(Step.NOTHING if alert is None else Step.ENDS, reason)


@dataclass(frozen=True, slots=True)
class Measure:
    """What an alert keeps of what was judged: the kind's numbers, and how far they are from well.

    Of one severity the smallest margin comes first.
    """

    numbers: Stored
    margin: int = 0


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert as it is stored."""

    id: int
    rule_id: int
    kind: str
    about: About
    state: AlertState
    severity: Severity  # the gravest that was told
    present: Severity  # the one of now
    measure: Measure
    subject: str  # the message that carries it
    opened_at: datetime
    updated_at: datetime
    batch_id: int | None = None  # raised by this bulk change, told in its summary
    acknowledged_by: int | None = None
    acknowledged_at: datetime | None = None
    resolved_at: datetime | None = None
    version: int = 1

    @property
    def fingerprint(self) -> str:
        return self.about.fingerprint(self.kind)

    @property
    def as_judged(self) -> OpenAlert:
        return OpenAlert(self.state, self.severity)


def raised(
    rule_id: int, kind: str, about: About, decision: Decision, measure: Measure, now: datetime
) -> Alert:
    """An alert that fires; its id and the message that carries it are not known yet."""
    severity = decision.severity or Severity.LOW
    return Alert(
        id=0,
        rule_id=rule_id,
        kind=kind,
        about=about,
        state=AlertState.FIRING,
        severity=severity,
        present=severity,
        measure=measure,
        subject="",
        opened_at=now,
        updated_at=now,
    )


def moved_on(alert: Alert, decision: Decision, measure: Measure, now: datetime) -> Alert:
    """An open alert after it was judged; the same object when its message stays true."""
    present = decision.severity or alert.present
    new = replace(alert, state=_state(alert, decision), present=present, measure=measure)
    if decision.step is Step.ENDS:
        new = replace(new, resolved_at=now)
    if decision.step is Step.RISES:
        new = replace(
            new,
            severity=present,
            subject=subjects.of_alert(alert.id, present.word),
            acknowledged_by=None,
            acknowledged_at=None,
        )
    return alert if new == alert else replace(new, version=alert.version + 1, updated_at=now)


def _state(alert: Alert, decision: Decision) -> AlertState:
    if decision.step is Step.ENDS:
        return AlertState.RESOLVED
    if decision.step is Step.RECOVERS:
        return AlertState.RECOVERING
    if decision.step is Step.RISES or alert.acknowledged_at is None:
        return AlertState.FIRING
    return AlertState.ACKNOWLEDGED


def acknowledged(alert: Alert, by: int, now: datetime) -> Alert | None:
    """The alert in somebody's hands; None when somebody had it before, or it is over."""
    if alert.acknowledged_at is not None or alert.resolved_at is not None:
        return None
    firing = alert.state is AlertState.FIRING
    return replace(
        alert,
        state=AlertState.ACKNOWLEDGED if firing else alert.state,
        acknowledged_by=by,
        acknowledged_at=now,
        updated_at=now,
        version=alert.version + 1,
    )


@dataclass(frozen=True, slots=True)
class AlertView:
    """An alert as people read it; `severity` is the present one, `numbers` are the kind's own.

    What it is not about is None or "". `position`: of an alert about a SKU at a location.
    """

    id: int
    kind: str
    state: AlertState
    severity: Severity
    numbers: object
    opened_at: datetime
    product: Product | None = None
    location: Location | None = None
    position: Position | None = None
    lot: str = ""
    waiting: int = 0  # customers, for the SKU
    acknowledged_by: str = ""
    acknowledged_at: datetime | None = None
    resolved_at: datetime | None = None
    superseded: bool = False  # a newer message of the same alert has been posted
    version: int = 1
