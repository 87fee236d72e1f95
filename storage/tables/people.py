"""Who somebody is, and what they did that the ledger cannot tell."""

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ForeignKey,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from storage.tables.base import id_column, metadata
from storage.types import Instant

contact = Table(
    "contact",
    metadata,
    id_column(),
    Column("way", String(16), nullable=False),  # domain.ways.WayName
    Column("kind", String(16), nullable=False),  # person, channel
    Column("address_index", LargeBinary, nullable=False),  # HMAC blind index of the address
    Column("address", LargeBinary, nullable=False),  # AES-GCM ciphertext: chat id, Slack id
    Column("name", LargeBinary),  # AES-GCM ciphertext
    Column("language", String(16), nullable=False, server_default=""),  # "" = the shop's default
    Column("language_chosen", Boolean, nullable=False, server_default=text("false")),
    Column("state", String(16), nullable=False),  # domain.contacts.ContactState
    Column("role", String(16)),  # domain.contacts.Role; null: not staff
    Column("created_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    # The name is older than the column's: SQLite renames no constraint without copying the table.
    UniqueConstraint("way", "address_index", name="uq_contact_platform_address_index"),
    sqlite_autoincrement=True,  # a number is never given again: buttons and questions carry it
)

audit = Table(
    "audit",
    metadata,
    id_column(),
    Column("actor_id", ForeignKey("contact.id", ondelete="SET NULL")),
    Column("action", String(32), nullable=False),
    Column("subject", Text, nullable=False, server_default=""),
    Column("detail", JSON, nullable=False, server_default="{}"),
    Column("created_at", Instant, nullable=False),
)
