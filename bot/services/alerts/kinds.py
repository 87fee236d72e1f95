"""The kinds of rules of this bot, each with its rule in this shop."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from bot.domain.alerts import Alert, Stored
from bot.domain.rules.kind import Facts, Judged, Kind, Numbers, Rule, RuleState, Typed
from bot.domain.stock import Product
from storage.dirty import Candidate
from storage.rules import queries, stored
from storage.rules.queries import Queries
from storage.tx import Tx

T = TypeVar("T", bound=Typed)
F = TypeVar("F", bound=Facts)
N = TypeVar("N", bound=Numbers)
Open = Mapping[str, Alert]  # the open alerts of the kind, by fingerprint


class RuleKind(Protocol):
    """A kind of rule, as all that is not its own sees it."""

    @property
    def name(self) -> str: ...

    @property
    def defaults(self) -> Stored:
        """The terms that its rule begins with."""

    @property
    def candidate(self) -> Candidate:
        """See Queries.is_candidate."""

    def read(self, numbers: Stored) -> Numbers:
        """What an alert keeps, in the kind's own type. Raises ValueError."""

    async def of_products(
        self, tx: Tx, rule: Rule, products: Mapping[int, Product], alerts: Open, now: datetime
    ) -> Sequence[Judged]:
        """All about these SKUs, judged."""

    async def of_shop(self, tx: Tx, rule: Rule, alerts: Open, now: datetime) -> Sequence[Judged]:
        """All that is about no SKU, judged."""

    async def unannounced(self, tx: Tx, rule: Rule, now: datetime, limit: int) -> Sequence[int]:
        """See Queries.unannounced."""


@dataclass(frozen=True, slots=True)
class Ruling(Generic[T, F, N]):
    """A RuleKind: what it decides, and what it asks the database for that."""

    kind: Kind[T, F, N]
    queries: Queries[T, F]

    @property
    def name(self) -> str:
        return self.kind.name

    @property
    def defaults(self) -> Stored:
        return self.kind.terms.of_json({}).as_json()

    @property
    def candidate(self) -> Candidate:
        return self.queries.is_candidate

    def read(self, numbers: Stored) -> Numbers:
        return self.kind.numbers.of_json(numbers)

    async def of_products(
        self, tx: Tx, rule: Rule, products: Mapping[int, Product], alerts: Open, now: datetime
    ) -> Sequence[Judged]:
        found = await self.queries.of_products(tx, self._terms(rule), products, now)
        return self._judge(found, alerts, now)

    async def of_shop(self, tx: Tx, rule: Rule, alerts: Open, now: datetime) -> Sequence[Judged]:
        found = await self.queries.of_shop(tx, self._terms(rule), now)
        return self._judge(found, alerts, now)

    async def unannounced(self, tx: Tx, rule: Rule, now: datetime, limit: int) -> Sequence[int]:
        return await self.queries.unannounced(tx, self._terms(rule), now, limit)

    def _terms(self, rule: Rule) -> T:
        return self.kind.terms.of_json(rule.terms)

    def _judge(self, found: Iterable[F], alerts: Open, now: datetime) -> list[Judged]:
        judged = []
        for facts in found:
            alert = alerts.get(facts.about.fingerprint(self.name))
            before = self.kind.numbers.of_json(alert.measure.numbers) if alert else None
            decision = self.kind.judge(facts, alert.as_judged if alert else None, now)
            numbers = self.kind.measure(facts, before, now)
            judged.append(Judged(facts, decision, numbers))
        return judged


@dataclass(frozen=True, slots=True)
class Ruled:
    """A kind with its rule. A rule that is off judges nothing."""

    kind: RuleKind
    rule: Rule

    @property
    def is_on(self) -> bool:
        return self.rule.state is RuleState.ON

    async def of_products(
        self, tx: Tx, products: Mapping[int, Product], alerts: Open, now: datetime
    ) -> Sequence[Judged]:
        if not self.is_on:
            return ()
        return await self.kind.of_products(tx, self.rule, products, alerts, now)

    async def of_shop(self, tx: Tx, alerts: Open, now: datetime) -> Sequence[Judged]:
        return await self.kind.of_shop(tx, self.rule, alerts, now) if self.is_on else ()


@dataclass(frozen=True, slots=True)
class Rulebook:
    """The kinds there are (a table of bot.app)."""

    kinds: tuple[RuleKind, ...]

    def knows(self, alert: Alert) -> bool:
        """False of what another version raised: this one can neither judge nor say it."""
        return any(kind.name == alert.kind for kind in self.kinds)

    def numbers(self, alert: Alert) -> Numbers:
        """The alert's own numbers; its kind is known."""
        kind = next(kind for kind in self.kinds if kind.name == alert.kind)
        return kind.read(alert.measure.numbers)

    async def begun(self, tx: Tx, now: datetime) -> list[Ruled]:
        """Each kind with its rule, which begins if it is new. Takes turns: see stored.begun."""
        rules = await stored.begun(tx, {kind.name: kind.defaults for kind in self.kinds}, now)
        return [Ruled(kind, rules[kind.name]) for kind in self.kinds]

    async def known(self, tx: Tx) -> list[Ruled]:
        """Each kind with its rule, or as it will begin."""
        rules = await stored.known(tx)
        return [
            Ruled(kind, rules.get(kind.name, Rule(0, kind.name, kind.defaults)))
            for kind in self.kinds
        ]


def candidates(ruled: Iterable[Ruled]) -> list[Candidate]:
    """Who among the SKUs that moved may fire an alert of any kind."""
    return [one.kind.candidate for one in ruled if one.is_on]


def values(ruled: Iterable[Ruled], now: datetime) -> dict[str, int | str | bool | None]:
    """The parameters of `candidates`."""
    found: dict[str, int | str | bool | None] = {}
    for one in ruled:
        found |= queries.values(one.rule.kind, one.rule.terms, now)
    return found
