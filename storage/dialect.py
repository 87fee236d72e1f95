"""Statements that SQLite and PostgreSQL spell in dialects of their own."""

from collections.abc import Callable
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Executable, Table, func, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import JSONB

from storage.tx import Tx

Insert = sqlite.Insert | postgresql.Insert
INSERTS: dict[str, Callable[[Table], Insert]] = {
    "sqlite": sqlite.insert,
    "postgresql": postgresql.insert,
}


def insert_for(tx: Tx, table: Table) -> Insert:
    """The engine's own INSERT, which knows ON CONFLICT."""
    return INSERTS[tx.dialect.name](table)


def insert_ignore(tx: Tx, table: Table, *returning: str) -> Executable:
    """INSERT .. ON CONFLICT DO NOTHING, whichever unique index it meets; to be run with rows.

    `returning`: columns of the rows that are new.
    """
    return _ignoring(tx.dialect.name, table, returning)


def upsert(tx: Tx, table: Table, unique: tuple[str, ...], overwrite: tuple[str, ...]) -> Insert:
    """INSERT .. ON CONFLICT (unique) DO UPDATE of the columns to overwrite; to be run with rows."""
    return _overwriting(tx.dialect.name, table, unique, overwrite)


# A statement that is built once is also hashed once, which takes as long as SQLite does.


@cache
def _ignoring(dialect: str, table: Table, returning: tuple[str, ...]) -> Executable:
    statement = INSERTS[dialect](table).on_conflict_do_nothing()
    return statement.returning(*(table.c[name] for name in returning)) if returning else statement


@cache
def _overwriting(
    dialect: str, table: Table, unique: tuple[str, ...], overwrite: tuple[str, ...]
) -> Insert:
    statement = INSERTS[dialect](table)
    return statement.on_conflict_do_update(
        index_elements=list(unique),
        set_={name: statement.excluded[name] for name in overwrite},
    )


def comparable(tx: Tx, document: ColumnElement[Any]) -> ColumnElement[Any]:
    """JSON in a form that can be compared; the engines have no common one."""
    return func.json(document) if tx.dialect.name == "sqlite" else document.cast(JSONB)


def merged(tx: Tx, old: ColumnElement[Any], new: ColumnElement[Any]) -> ColumnElement[Any]:
    """The JSON object `old` with what `new` has put over it, in a form that can be compared."""
    if tx.dialect.name == "sqlite":
        return func.json_patch(old, new)
    return old.cast(JSONB).op("||")(new.cast(JSONB))


async def take_turns(tx: Tx, turn: int) -> None:
    """Wait until no other transaction has taken this turn; it is ours until the transaction ends.

    On SQLite there is one writing transaction at a time anyway.
    """
    if tx.dialect.name == "postgresql":
        await tx.execute(text("SELECT pg_advisory_xact_lock(:turn)"), {"turn": turn})
