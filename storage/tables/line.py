"""Who waits for what, and the restocks that tell them."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    String,
    Table,
    Text,
    text,
)

from storage.tables.base import id_column, metadata
from storage.types import Instant, where

subscription = Table(
    "subscription",
    metadata,
    id_column(),  # also the place in line: lower ids are told first
    Column("person_id", ForeignKey("person.id", ondelete="SET NULL")),
    Column("product_id", ForeignKey("product.id"), nullable=False),
    Column("quantity", BigInteger, nullable=False, server_default="1"),
    Column("state", String(16), nullable=False),  # domain.subscriptions.SubscriptionState
    # True once it has been out of stock (or too little) for them since they subscribed: only then
    # is the next arrival news. An item in stock that is watched "next time" starts unarmed.
    Column("armed", Boolean, nullable=False, server_default=text("true")),
    Column("reason", String(32), nullable=False, server_default=""),  # why it ended / was told
    Column("key", Text, nullable=False, unique=True),  # effect key
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    CheckConstraint("quantity >= 1", name="wants_something"),
)
LIVE = where(subscription.c.state != "ended")
WHO_WAITS_FOR_WHAT = (subscription.c.person_id, subscription.c.product_id)
Index("uq_subscription_live", *WHO_WAITS_FOR_WHAT, unique=True, **LIVE)
Index("ix_subscription_person_id", subscription.c.person_id)
Index("ix_subscription_line", subscription.c.product_id, subscription.c.state, subscription.c.id)

restock = Table(
    "restock",
    metadata,
    id_column(),
    Column("product_id", ForeignKey("product.id"), nullable=False),
    Column("move_id", ForeignKey("move.id")),  # the arrival that opened it
    # Last place in line told; once it is closed: whose message was the last to get its last edit.
    Column("cursor", BigInteger, nullable=False, server_default="0"),
    Column("opened_at", Instant, nullable=False),
    Column("closed_at", Instant),
    Column("close_reason", String(32), nullable=False, server_default=""),
    Column("corrected_at", Instant),  # all its messages have their last edit queued
)
OPEN_RESTOCK = where(restock.c.closed_at.is_(None))
Index("uq_restock_open", restock.c.product_id, unique=True, **OPEN_RESTOCK)
UNCORRECTED = where(restock.c.closed_at.is_not(None) & restock.c.corrected_at.is_(None))
Index("ix_restock_uncorrected", restock.c.id, **UNCORRECTED)
