"""Low stock: when it fires, what it becomes, and when it is over. Pure; the reason has a name."""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum

from bot.domain.stock import Position, Product


class AlertState(StrEnum):
    FIRING = "firing"
    ACKNOWLEDGED = "acknowledged"
    RECOVERING = "recovering"  # above the point, not yet at the clear level
    RESOLVED = "resolved"


class Severity(IntEnum):
    LOW = 1
    CRITICAL = 2
    OUT = 3

    @property
    def word(self) -> str:
        return self.name.lower()


class Reason(StrEnum):
    """Why a position's alert is as it is."""

    NO_RULE = "no_rule"
    INACTIVE = "inactive"
    ABOVE_POINT = "above_point"  # and no alert is open
    FIRES = "fires"  # projected <= point: a new alert
    RISES = "rises"  # a graver severity than was told
    STILL_LOW = "still_low"  # open, the number may have changed
    RECOVERING = "recovering"  # over the point, under the clear level
    CLEARS = "clears"  # projected >= clear level
    RULE_GONE = "rule_gone"  # the rule was switched off or the SKU is no longer sold


@dataclass(frozen=True, slots=True)
class OpenAlert:
    """What is stored of an alert that the decision needs."""

    state: AlertState
    severity: Severity  # the gravest that was told: only a graver one is posted anew


@dataclass(frozen=True, slots=True)
class Decision:
    reason: Reason
    severity: Severity | None = None  # of the alert from now on; None: no open alert


@dataclass(frozen=True, slots=True)
class AlertView:
    """An alert as people read it; `severity` is the present one."""

    id: int
    product: Product
    position: Position
    state: AlertState
    severity: Severity
    projected: int
    point: int
    clear_level: int
    waiting: int
    opened_at: datetime
    acknowledged_by: str = ""
    acknowledged_at: datetime | None = None
    resolved_at: datetime | None = None
    superseded: bool = False  # a newer message of the same alert has been posted
    version: int = 1


def default_clear_level(point: int) -> int:
    """point + max(1, 15 % of it, rounded up), so that a wobble around the point does not flap."""
    return point + max(1, -(-point * 15 // 100))


def effective_clear_level(position: Position) -> int | None:
    """The level that ends an alert, or None when there is no rule (no point, or point 0 = off)."""
    if not position.reorder_point:
        return None
    if position.clear_level is not None and position.clear_level > position.reorder_point:
        return position.clear_level
    return default_clear_level(position.reorder_point)


def severity_of(projected: int, available: int, point: int) -> Severity:
    """Out when nothing is available; critical from a fifth of the point down; else low."""
    if available <= 0:
        return Severity.OUT
    return Severity.CRITICAL if projected * 5 <= point else Severity.LOW


def judge(
    product: Product, position: Position, open_alert: OpenAlert | None, now: datetime
) -> Decision:
    """Decide what becomes of the low-stock alert of one position.

    Incoming within the lead time can keep an alert from firing; it never ends an open one: that is
    judged on what is available.
    """
    point, clear = position.reorder_point, effective_clear_level(position)
    if clear is None or point is None or not product.active:
        if open_alert is not None:
            return Decision(Reason.RULE_GONE)
        return Decision(Reason.INACTIVE if not product.active else Reason.NO_RULE)
    projected = position.projected(product.lead_time_days, now)
    if open_alert is None:
        if projected > point:
            return Decision(Reason.ABOVE_POINT)
        return Decision(Reason.FIRES, severity_of(projected, position.available, point))
    return _judge_open(position.available, point, clear, open_alert)


def _judge_open(available: int, point: int, clear: int, alert: OpenAlert) -> Decision:
    if available >= clear:
        return Decision(Reason.CLEARS)
    if available > point:
        return Decision(Reason.RECOVERING, alert.severity)
    severity = severity_of(available, available, point)
    if severity > alert.severity:
        return Decision(Reason.RISES, severity)
    return Decision(Reason.STILL_LOW, alert.severity)
