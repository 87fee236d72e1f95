"""Statements that SQLite and PostgreSQL spell in dialects of their own."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Table
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
