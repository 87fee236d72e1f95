"""Persons who became one, and the codes that prove it."""

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Table, Text, text

from storage.tables.base import id_column, metadata
from storage.types import Instant

join_code = Table(
    "join_code",
    metadata,
    id_column(),
    Column("contact_id", ForeignKey("contact.id", ondelete="CASCADE"), nullable=False),  # sent to
    Column("key", Text, nullable=False, unique=True),  # effect key
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("used_at", Instant),
    Index("ix_join_code_contact_id", "contact_id"),
    sqlite_autoincrement=True,  # a number is never given again: a code of yesterday is a wrong one
)

# Wrong codes that somebody gave, to be counted.
join_try = Table(
    "join_try",
    metadata,
    id_column(),
    Column("contact_id", ForeignKey("contact.id", ondelete="CASCADE"), nullable=False),
    Column("created_at", Instant, nullable=False),
    Index("ix_join_try_contact_id_created_at", "contact_id", "created_at"),
)

joining = Table(
    "joining",
    metadata,
    id_column(),
    Column("kept_id", ForeignKey("person.id", ondelete="CASCADE"), nullable=False),
    Column("gone_id", ForeignKey("person.id", ondelete="CASCADE"), nullable=False),
    Column("key", Text, nullable=False, unique=True),  # effect key
    Column("before", JSON, nullable=False),  # domain.joining.Before: ids and numbers
    Column("role_said", Boolean, nullable=False, server_default=text("false")),  # by an admin since
    Column("created_at", Instant, nullable=False),
    Column("undo_key", Text, unique=True),  # effect key
    Column("undone_at", Instant),
    Index("ix_joining_kept_id", "kept_id"),
    Index("ix_joining_gone_id", "gone_id"),
    sqlite_autoincrement=True,
)
