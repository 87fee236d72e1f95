"""Statements that SQLite and PostgreSQL spell in dialects of their own."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Table, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

Insert = sqlite.Insert | postgresql.Insert
Rows = Mapping[str, Any] | Sequence[Mapping[str, Any]]


def insert_for(tx: AsyncConnection, table: Table) -> Insert:
    """The engine's own INSERT, which knows ON CONFLICT."""
    if tx.dialect.name == "sqlite":
        return sqlite.insert(table)
    return postgresql.insert(table)


def insert_ignore(tx: AsyncConnection, table: Table, values: Rows) -> Insert:
    """INSERT .. ON CONFLICT DO NOTHING, whichever unique index it meets."""
    return insert_for(tx, table).values(values).on_conflict_do_nothing()


def upsert(
    tx: AsyncConnection, table: Table, values: Rows, unique: Sequence[str], overwrite: Sequence[str]
) -> Insert:
    """INSERT .. ON CONFLICT (unique) DO UPDATE of the columns to overwrite."""
    statement = insert_for(tx, table).values(values)
    return statement.on_conflict_do_update(
        index_elements=list(unique),
        set_={name: statement.excluded[name] for name in overwrite},
    )


async def take_turns(tx: AsyncConnection, turn: int) -> None:
    """Wait until no other transaction has taken this turn; it is ours until the transaction ends.

    On SQLite there is one writing transaction at a time anyway.
    """
    if tx.dialect.name == "postgresql":
        await tx.execute(text("SELECT pg_advisory_xact_lock(:turn)"), {"turn": turn})
