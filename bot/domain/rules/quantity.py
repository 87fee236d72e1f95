"""Low stock: a SKU at a location falls to its reorder point, and is over at its clear level."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.alerts import About, Decision, OpenAlert, Severity, Step
from bot.domain.rules.kind import Kind, Numbers, Typed
from bot.domain.stock import Position, Product

KIND = "quantity"


class Reason(StrEnum):
    """Why a position's alert is as it is."""

    NO_RULE = "no_rule"
    INACTIVE = "inactive"
    ABOVE_POINT = "above_point"  # and no alert is open
    FIRES = "fires"  # projected <= point: a new alert
    RISES = "rises"  # a graver severity than was told
    STILL_LOW = "still_low"  # open, the number may have changed
    RECOVERING = "recovering"  # over the point, under the clear level
    CLEARS = "clears"  # available >= clear level
    RULE_GONE = "rule_gone"  # the point was taken away or the SKU is no longer sold


@dataclass(frozen=True, slots=True)
class Terms(Typed):
    """A position's own come first, then those of the shop-wide rule. `point`: None or 0, no rule;
    a position's own 0 is off whatever the shop has."""

    point: int | None = None
    clear: int | None = None  # of use above the point only

    @property
    def level(self) -> int | None:
        """The level that ends an alert, or None when there is no rule."""
        if not self.point:
            return None
        if self.clear is not None and self.clear > self.point:
            return self.clear
        return default_clear_level(self.point)


NO_TERMS = Terms()


@dataclass(frozen=True, slots=True)
class Quantities(Numbers):
    available: int
    projected: int
    point: int
    clear: int

    @property
    def margin(self) -> int:
        return self.available - self.point


@dataclass(frozen=True, slots=True)
class Facts:
    """`shop`: the terms of the shop-wide rule."""

    product: Product
    position: Position
    shop: Terms = NO_TERMS

    @property
    def about(self) -> About:
        return About(self.position.product_id, self.position.location.id)

    @property
    def terms(self) -> Terms:
        return terms_at(self.position, self.shop)


def terms_at(position: Position, shop: Terms) -> Terms:
    """The terms that hold for a position."""
    point, clear = position.reorder_point, position.clear_level
    return Terms(shop.point if point is None else point, shop.clear if clear is None else clear)


def default_clear_level(point: int) -> int:
    """point + max(1, 15 % of it, rounded up), so that a wobble around the point does not flap."""
    return point + max(1, -(-point * 15 // 100))


def severity_of(available: int, point: int) -> Severity:
    """Out when nothing is available; critical from a fifth of the point down; else low."""
    if available <= 0:
        return Severity.OUT
    return Severity.CRITICAL if available * 5 <= point else Severity.LOW


def judge(facts: Facts, alert: OpenAlert | None, now: datetime) -> Decision:
    """Decide what becomes of the low-stock alert of one position.

    Incoming within the lead time can keep an alert from firing; it never ends an open one: that is
    judged on what is available, as the severity is.
    """
    terms, product, available = facts.terms, facts.product, facts.position.available
    if terms.level is None or terms.point is None or not product.active:
        if alert is not None:
            return Decision(Step.ENDS, Reason.RULE_GONE)
        return Decision(Step.NOTHING, Reason.NO_RULE if product.active else Reason.INACTIVE)
    severity = severity_of(available, terms.point)
    if alert is not None:
        return _judge_open(available, terms.point, terms.level, severity, alert)
    if facts.position.projected(product.lead_time_days, now) > terms.point:
        return Decision(Step.NOTHING, Reason.ABOVE_POINT)
    return Decision(Step.FIRES, Reason.FIRES, severity)


def _judge_open(
    available: int, point: int, level: int, severity: Severity, alert: OpenAlert
) -> Decision:
    if available >= level:
        return Decision(Step.ENDS, Reason.CLEARS)
    if available > point:
        return Decision(Step.RECOVERS, Reason.RECOVERING, severity)
    if severity > alert.severity:
        return Decision(Step.RISES, Reason.RISES, severity)
    return Decision(Step.STAYS, Reason.STILL_LOW, severity)


def measure(facts: Facts, before: Quantities | None, now: datetime) -> Quantities:
    """What the alert's message shows. When the rule is gone, the levels that it had."""
    position, terms = facts.position, facts.terms
    projected = position.projected(facts.product.lead_time_days, now)
    point, clear = terms.point or 0, terms.level
    if clear is None and before is not None:
        point, clear = before.point, before.clear
    return Quantities(position.available, projected, point, clear or 0)


RULE = Kind(KIND, Terms, Quantities, judge, measure)
