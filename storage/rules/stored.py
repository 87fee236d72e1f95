"""The rules of the shop as they are stored: for each kind the one of the whole shop."""

from collections.abc import Mapping
from datetime import datetime
from typing import TypeVar

from sqlalchemy import bindparam, insert, select

from bot.domain.alerts import Stored
from bot.domain.rules.kind import Facts, Kind, Numbers, Rule, RuleState, Typed
from storage.tables import rule
from storage.tx import Tx
from storage.types import AnyRow

COLUMNS = (rule.c.id, rule.c.kind, rule.c.terms, rule.c.state, rule.c.version)
ALL = select(*COLUMNS).order_by(rule.c.id)

TERMS = select(rule.c.terms).where(rule.c.kind == bindparam("kind"))
T = TypeVar("T", bound=Typed)
F = TypeVar("F", bound=Facts)
N = TypeVar("N", bound=Numbers)


def of(row: AnyRow) -> Rule:
    """The rule in a row that was selected with COLUMNS."""
    return Rule(**{**row._mapping, "state": RuleState(row.state)})


async def known(tx: Tx) -> dict[str, Rule]:
    """By kind. A kind that is new to this shop has none until `begun`."""
    return {row.kind: of(row) for row in (await tx.execute(ALL)).all()}


async def begun(tx: Tx, defaults: Mapping[str, Stored], now: datetime) -> dict[str, Rule]:
    """By kind; one that is new to this shop begins with its default terms.

    Two transactions that begin rules must take turns.
    """
    found = await known(tx)
    for kind in defaults.keys() - found.keys():
        new = {
            "kind": kind,
            "terms": defaults[kind],
            "state": RuleState.ON.value,
            "created_at": now,
            "updated_at": now,
        }
        row = (await tx.execute(insert(rule).values(new).returning(*COLUMNS))).one()
        found[kind] = of(row)
    return found


async def terms_of(tx: Tx, kind: Kind[T, F, N]) -> T:
    """The terms of the whole shop for this kind."""
    row = (await tx.execute(TERMS, {"kind": kind.name})).first()
    return kind.terms.of_json({} if row is None else row.terms)
