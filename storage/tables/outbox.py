"""What must arrive, what a platform shows, what is used up of its limits."""

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from storage.tables.base import id_column, metadata
from storage.types import Instant, where

notice = Table(
    "notice",
    metadata,
    id_column(),
    Column("kind", String(32), nullable=False),  # domain.notices.NoticeKind
    Column("key", Text, nullable=False, unique=True),  # who, what, which occurrence
    Column("contact_id", ForeignKey("contact.id", ondelete="SET NULL")),
    Column("lane", Integer, nullable=False),  # domain.notices.Lane, lower goes first
    Column("subject", Text, nullable=False),  # the message it creates or edits
    # ids and numbers, no personal data
    Column("payload", JSON, nullable=False, server_default="{}"),
    Column("product_id", ForeignKey("product.id")),
    Column("restock_id", ForeignKey("restock.id")),
    Column("subscription_id", ForeignKey("subscription.id")),
    Column("state", String(16), nullable=False),  # domain.notices.NoticeState
    Column("reason", String(64), nullable=False, server_default=""),
    Column("attempts", Integer, nullable=False, server_default="0"),  # times put on the wire
    Column("on_wire", Boolean, nullable=False, server_default=text("false")),  # no answer yet
    Column("wired_at", Instant),  # when it was put on the wire the last time
    Column("doubtful", Integer, nullable=False, server_default="0"),  # sends that may be there
    Column("due_at", Instant, nullable=False),
    Column("lease_until", Instant),
    Column("created_at", Instant, nullable=False),
    Column("settled_at", Instant),
    UniqueConstraint("restock_id", "subscription_id"),
    Index("ix_notice_product_id_id", "product_id", "id"),
    Index("ix_notice_contact_id", "contact_id"),
)
OPEN_NOTICE = where(notice.c.settled_at.is_(None))
Index("ix_notice_queue", notice.c.lane, notice.c.due_at, notice.c.id, **OPEN_NOTICE)
Index("ix_notice_open_contact", notice.c.contact_id, **OPEN_NOTICE)
Index("ix_notice_open_subject", notice.c.subject, **OPEN_NOTICE)
Index("ix_notice_open_restock", notice.c.restock_id, **OPEN_NOTICE)
UNDELIVERED = ("failed", "uncertain")  # domain.notices.NoticeState; spelled out for the index
Index("ix_notice_undelivered", notice.c.settled_at, **where(notice.c.state.in_(UNDELIVERED)))

message = Table(
    "message",
    metadata,
    id_column(),
    Column("contact_id", ForeignKey("contact.id", ondelete="CASCADE"), nullable=False),
    Column("subject", Text, nullable=False),
    Column("ref", Text, nullable=False),  # message_id or ts on the platform
    Column("notice_id", ForeignKey("notice.id")),
    Column("revision", Integer, nullable=False, server_default="1"),
    Column("shown", String(64), nullable=False, server_default=""),  # hash of what it shows
    Column("says", String(16), nullable=False, server_default=""),  # domain.living.Says
    Column("created_at", Instant, nullable=False),
    Column("edited_at", Instant),
    UniqueConstraint("contact_id", "subject"),
    Index("ix_message_subject", "subject"),
    Index("ix_message_notice_id", "notice_id"),
)

# What is used up of the platforms' limits, for keys that a restart must not forget.
pace = Table(
    "pace",
    metadata,
    Column("account", String(16), primary_key=True),  # telegram, slack
    Column("key", LargeBinary, primary_key=True),  # blind index of a chat, channel or method
    Column("used_until", Instant, nullable=False),  # up to then the turns are used up
    Column("held_until", Instant, nullable=False),  # the platform said: not before
    # When both were found; null: by an older version. A clock that was ahead is seen by it.
    Column("noted_at", Instant),
)
