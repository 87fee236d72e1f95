"""What arrived."""

from sqlalchemy import Column, Index, Integer, LargeBinary, String, Table, Text, UniqueConstraint

from storage.tables.base import id_column, metadata
from storage.types import Instant, where

inbox = Table(
    "inbox",
    metadata,
    id_column(),
    Column("source", String(64), nullable=False),  # domain.sources.Source
    Column("key", Text, nullable=False),  # arrival key
    Column("sender", LargeBinary, nullable=False),  # blind index: order is kept per sender
    Column("payload", LargeBinary),  # AES-GCM ciphertext; wiped when it is done
    Column("state", String(16), nullable=False),  # domain.inbox.InboxState
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("error", LargeBinary),  # of the last attempt; sealed: it may quote the payload
    Column("received_at", Instant, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("lease_until", Instant),
    Column("finished_at", Instant),
    UniqueConstraint("source", "key"),
    Index("ix_inbox_state", "state", "finished_at"),
)
Index("ix_inbox_queue", inbox.c.due_at, inbox.c.id, **where(inbox.c.finished_at.is_(None)))
Index("ix_inbox_sender", inbox.c.sender, inbox.c.id, **where(inbox.c.finished_at.is_(None)))
