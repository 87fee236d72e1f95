"""Who somebody is, where they are reached, and what they did that the ledger cannot tell."""

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from storage.tables.base import id_column, metadata
from storage.types import Instant, where

person = Table(
    "person",
    metadata,
    id_column(),
    Column("language", String(16), nullable=False, server_default=""),  # "" = the shop's default
    Column("language_chosen", Boolean, nullable=False, server_default=text("false")),
    Column("zone", String(64), nullable=False, server_default=""),  # "" = the shop's
    Column("preferences", JSON, nullable=False, server_default="{}"),  # no personal data
    Column("role", String(16)),  # domain.contacts.Role; null: not staff
    # Whom this one was joined into; what they did stays theirs, and is found through this.
    Column("joined_id", ForeignKey("person.id", ondelete="CASCADE")),
    Column("created_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),  # retention counts from here
    sqlite_autoincrement=True,  # a number is never given again: buttons and questions carry it
)
Index("ix_person_joined_id", person.c.joined_id, **where(person.c.joined_id.is_not(None)))
Index("ix_person_staff", person.c.id, **where(person.c.role.is_not(None)))

contact = Table(
    "contact",
    metadata,
    id_column(),
    Column("person_id", ForeignKey("person.id", ondelete="CASCADE")),  # null: a channel or group
    Column("way", String(16), nullable=False),  # domain.ways.WayName
    Column("kind", String(16), nullable=False),  # person, channel
    Column("address_index", LargeBinary, nullable=False),  # HMAC blind index of the address
    Column("address", LargeBinary, nullable=False),  # AES-GCM ciphertext: chat id, Slack id
    Column("name", LargeBinary),  # AES-GCM ciphertext
    Column("state", String(16), nullable=False),  # domain.contacts.ContactState
    Column("verified", Boolean, nullable=False, server_default=text("false")),
    Column("preferred", Boolean, nullable=False, server_default=text("false")),  # tell them here
    Column("created_at", Instant, nullable=False),
    Column("wrote_at", Instant, nullable=False),  # when the person last wrote from it
    UniqueConstraint("way", "address_index"),
    # In the order in which a person's contacts are chosen to be told at (storage/reach.py).
    Index("ix_contact_reach", "person_id", "state", "verified", "preferred", "wrote_at", "id"),
    sqlite_autoincrement=True,
)

audit = Table(
    "audit",
    metadata,
    id_column(),
    Column("actor_id", ForeignKey("person.id", ondelete="SET NULL")),
    # domain.sources.Source; "" before that was kept
    Column("source", String(64), nullable=False, server_default=""),
    Column("action", String(32), nullable=False),
    Column("subject", Text, nullable=False, server_default=""),
    Column("detail", JSON, nullable=False, server_default="{}"),
    Column("created_at", Instant, nullable=False),
)
