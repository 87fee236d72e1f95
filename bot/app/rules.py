"""The kinds of rules: one row each. What a row needs: docs/architecture.md."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.domain.rules import quantity
from bot.render.rules import quantity as quantity_words
from bot.render.voice import Face
from bot.services.alerts.kinds import RuleKind, Ruling
from storage.rules.quantity import Quantity


@dataclass(frozen=True, slots=True)
class Row:
    rule: RuleKind
    face: Face


RULES = (Row(Ruling(quantity.RULE, Quantity()), quantity_words),)


def kinds_of(rows: Iterable[Row]) -> tuple[RuleKind, ...]:
    """For the services."""
    return tuple(row.rule for row in rows)


def faces_of(rows: Iterable[Row]) -> Mapping[str, Face]:
    """For what renders."""
    return {row.rule.name: row.face for row in rows}
