"""A lot nears its last day: as bot/domain/rules/<kind>.py would say it."""

from dataclasses import dataclass
from datetime import date, datetime

from bot.domain.alerts import About, Decision, OpenAlert, Severity, holds, over
from bot.domain.rules.kind import Kind, Numbers, Typed
from bot.domain.stock import Product

KIND = "expiry"


@dataclass(frozen=True, slots=True)
class Terms(Typed):
    days: int = 7


@dataclass(frozen=True, slots=True)
class Left(Numbers):
    days: int

    @property
    def margin(self) -> int:
        return self.days


@dataclass(frozen=True, slots=True)
class Facts:
    product: Product
    last_day: date
    terms: Terms

    @property
    def about(self) -> About:
        return About(self.product.id, None, self.last_day.isoformat())


def judge(facts: Facts, alert: OpenAlert | None, now: datetime) -> Decision:
    left = (facts.last_day - now.date()).days
    if left > facts.terms.days:
        return over(alert, "good_for_long")
    return holds(alert, Severity.OUT if left < 0 else Severity.LOW, "expires")


def measure(facts: Facts, before: Left | None, now: datetime) -> Left:
    del before
    return Left((facts.last_day - now.date()).days)


RULE = Kind(KIND, Terms, Left, judge, measure)
