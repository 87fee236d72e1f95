"""Too many customers wait: as bot/domain/rules/<kind>.py would say it."""

from dataclasses import dataclass
from datetime import datetime

from bot.domain.alerts import THE_SHOP, About, Decision, OpenAlert, Severity, Step, holds, over
from bot.domain.rules.kind import Kind, Numbers, Typed

KIND = "crowd"


@dataclass(frozen=True, slots=True)
class Terms(Typed):
    most: int = 3


@dataclass(frozen=True, slots=True)
class Waiting(Numbers):
    waiting: int
    most: int

    @property
    def margin(self) -> int:
        return self.most - self.waiting


@dataclass(frozen=True, slots=True)
class Facts:
    waiting: int
    terms: Terms
    about: About = THE_SHOP


def judge(facts: Facts, alert: OpenAlert | None, now: datetime) -> Decision:
    del now
    if facts.waiting > facts.terms.most:
        grave = facts.waiting >= 2 * facts.terms.most
        return holds(alert, Severity.CRITICAL if grave else Severity.LOW, "too_many")
    if alert is not None and facts.waiting == facts.terms.most:
        return Decision(Step.RECOVERS, "just_enough", Severity.LOW)
    return over(alert, "few")


def measure(facts: Facts, before: Waiting | None, now: datetime) -> Waiting:
    del before, now
    return Waiting(facts.waiting, facts.terms.most)


RULE = Kind(KIND, Terms, Waiting, judge, measure)
