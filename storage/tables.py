"""The tables. Names are the glossary's; every state is an enum of bot.domain, stored by value."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from storage.types import Id, Instant, where

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _id() -> Column[int]:
    return Column("id", Id, primary_key=True, autoincrement=True)


product = Table(
    "product",
    metadata,
    _id(),
    Column("sku", Text, nullable=False),  # as the shop writes it
    Column("sku_key", Text, nullable=False, unique=True),  # domain.codes.sku_key(sku)
    Column("short_id", String(16), nullable=False, unique=True),  # ?start=n_<short id>
    Column("name", Text, nullable=False),
    Column("product", Text, nullable=False, server_default=""),  # groups variants
    Column("category", Text, nullable=False, server_default=""),
    Column("brand", Text, nullable=False, server_default=""),
    Column("supplier", Text, nullable=False, server_default=""),
    Column("attributes", JSON, nullable=False, server_default="{}"),
    Column("price", BigInteger),  # integer minor units of `currency`
    Column("currency", String(3), nullable=False, server_default=""),
    Column("url", Text, nullable=False, server_default=""),
    Column("image_url", Text, nullable=False, server_default=""),
    Column("lead_time_days", Integer),
    Column("active", Boolean, nullable=False, server_default=text("true")),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("indexed_at", Instant),  # null: the grams are to be rebuilt
    Column("indexed_text", Text, nullable=False, server_default=""),  # what its grams are made of
)

location = Table(
    "location",
    metadata,
    _id(),
    Column("code", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("sellable", Boolean, nullable=False, server_default=text("true")),
)

position = Table(
    "position",
    metadata,
    Column("product_id", ForeignKey("product.id"), primary_key=True),
    Column("location_id", ForeignKey("location.id"), primary_key=True),
    Column("on_hand", BigInteger, nullable=False, server_default="0"),
    Column("reserved", BigInteger, nullable=False, server_default="0"),
    Column("unsellable", BigInteger, nullable=False, server_default="0"),
    Column("incoming", BigInteger, nullable=False, server_default="0"),
    Column("incoming_due", Instant),  # null: no date is known, so it does not count as projected
    Column("reorder_point", BigInteger),  # null: no rule
    Column("clear_level", BigInteger),  # null: point + max(1, 15 %)
    Column("version", BigInteger, nullable=False, server_default="0"),
    Column("updated_at", Instant, nullable=False),
)

move = Table(
    "move",
    metadata,
    _id(),
    Column("product_id", ForeignKey("product.id"), nullable=False),
    Column("location_id", ForeignKey("location.id"), nullable=False),
    Column("kind", String(16), nullable=False),  # domain.stock.MoveKind
    Column("quantity", BigInteger, nullable=False),  # signed
    Column("before", BigInteger, nullable=False),
    Column("after", BigInteger, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    Column("actor_id", ForeignKey("contact.id", ondelete="SET NULL")),
    Column("source", String(16), nullable=False),  # telegram, slack, import, ...
    Column("key", Text, nullable=False, unique=True),  # effect key
    Column("undo_of", ForeignKey("move.id"), unique=True),
    Column("batch_id", ForeignKey("batch.id")),
    Column("created_at", Instant, nullable=False),
    CheckConstraint("after = before + quantity", name="adds_up"),
    Index("ix_move_product_id_id", "product_id", "id"),
    Index("ix_move_actor_id_id", "actor_id", "id"),
)
Index("ix_move_batch_id", move.c.batch_id, **where(move.c.batch_id.is_not(None)))

dirty = Table(
    "dirty",
    metadata,
    Column("product_id", ForeignKey("product.id"), primary_key=True),
    Column("batch_id", ForeignKey("batch.id")),  # the bulk change that marked it, for one summary
    Column("marked_at", Instant, nullable=False),
)

contact = Table(
    "contact",
    metadata,
    _id(),
    Column("platform", String(16), nullable=False),  # telegram, slack
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
    UniqueConstraint("platform", "address_index"),
    sqlite_autoincrement=True,  # a number is never given again: buttons and questions carry it
)

subscription = Table(
    "subscription",
    metadata,
    _id(),  # also the place in line: lower ids are told first
    Column("contact_id", ForeignKey("contact.id", ondelete="SET NULL")),
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
WHO_WAITS_FOR_WHAT = (subscription.c.contact_id, subscription.c.product_id)
Index("uq_subscription_live", *WHO_WAITS_FOR_WHAT, unique=True, **LIVE)
Index("ix_subscription_contact_id", subscription.c.contact_id)
Index("ix_subscription_line", subscription.c.product_id, subscription.c.state, subscription.c.id)

restock = Table(
    "restock",
    metadata,
    _id(),
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

alert = Table(
    "alert",
    metadata,
    _id(),
    Column("fingerprint", Text, nullable=False),  # kind:product:location:lot
    Column("kind", String(16), nullable=False),
    Column("product_id", ForeignKey("product.id"), nullable=False),
    Column("location_id", ForeignKey("location.id")),
    Column("state", String(16), nullable=False),  # domain.alerts.AlertState
    Column("severity", String(16), nullable=False),  # domain.alerts.Severity
    # which message carries it: alert:<id>[:severity], batch:<id>
    Column("subject", Text, nullable=False),
    Column("batch_id", ForeignKey("batch.id")),  # raised by this bulk change, told in its summary
    Column("available", BigInteger, nullable=False),
    Column("projected", BigInteger, nullable=False),
    Column("point", BigInteger, nullable=False),
    Column("clear_level", BigInteger, nullable=False),
    Column("acknowledged_by", ForeignKey("contact.id", ondelete="SET NULL")),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("opened_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("acknowledged_at", Instant),
    Column("resolved_at", Instant),
    Index("ix_alert_subject", "subject"),
)
OPEN_ALERT = where(alert.c.resolved_at.is_(None))
Index("uq_alert_open", alert.c.fingerprint, unique=True, **OPEN_ALERT)
Index("ix_alert_open_product", alert.c.product_id, **OPEN_ALERT)
Index("ix_alert_batch_id", alert.c.batch_id, **where(alert.c.batch_id.is_not(None)))

notice = Table(
    "notice",
    metadata,
    _id(),
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
    _id(),
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

inbox = Table(
    "inbox",
    metadata,
    _id(),
    Column("source", String(16), nullable=False),  # telegram, slack, ...
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

batch = Table(
    "batch",
    metadata,
    _id(),
    Column("key", Text, nullable=False, unique=True),
    Column("source", String(16), nullable=False),
    Column("actor_id", ForeignKey("contact.id", ondelete="SET NULL")),
    Column("state", String(16), nullable=False),  # staged, applying, applied
    # counts: new, changed, moves, ...
    Column("summary", JSON, nullable=False, server_default="{}"),
    Column("created_at", Instant, nullable=False),
    Column("cursor", Text, nullable=False, server_default=""),  # the last sku_key applied
    Column("applied_at", Instant),  # all of it
    Column("told_at", Instant),  # the low-stock summary of this batch has been queued
)
Index("ix_batch_untold", batch.c.applied_at, **where(batch.c.told_at.is_(None)))

# One row of a staged bulk change. Which cells were given is told by null: null leaves the value.
stage = Table(
    "stage",
    metadata,
    Column("batch_id", ForeignKey("batch.id", ondelete="CASCADE"), primary_key=True),
    Column("line", Integer, primary_key=True),  # line of the file, from 1
    Column("lead", Boolean, nullable=False),  # the first line of its SKU: what is not per location
    Column("sku", Text, nullable=False),
    Column("sku_key", Text, nullable=False),
    Column("short_id", String(16), nullable=False),
    Column("location", Text, nullable=False),
    Column("quantity", BigInteger),
    Column("reorder_point", BigInteger),
    Column("clear_level", BigInteger),
    Column("lead_time_days", Integer),
    Column("name", Text),
    Column("product", Text),
    Column("category", Text),
    Column("brand", Text),
    Column("supplier", Text),
    Column("price", BigInteger),
    Column("currency", Text),
    Column("url", Text),
    Column("image_url", Text),
    Column("active", Boolean),
    Column("attributes", JSON),
    Index("ix_stage_sku_key", "batch_id", "sku_key"),
    sqlite_with_rowid=False,
)

gram = Table(
    "gram",
    metadata,
    Column("gram", Text, primary_key=True),
    # No foreign key: products are never deleted, and checking it took a fifth of the indexing.
    Column("product_id", Id, primary_key=True, autoincrement=False),
    # The key is all there is: without row ids the table is its own index, 40 % smaller.
    sqlite_with_rowid=False,
)

gram_count = Table(
    "gram_count",
    metadata,
    Column("gram", Text, primary_key=True),
    Column("products", Integer, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    _id(),
    Column("actor_id", ForeignKey("contact.id", ondelete="SET NULL")),
    Column("action", String(32), nullable=False),
    Column("subject", Text, nullable=False, server_default=""),
    Column("detail", JSON, nullable=False, server_default="{}"),
    Column("created_at", Instant, nullable=False),
)

setting = Table(
    "setting",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", Text, nullable=False),
)

# What is used up of the platforms' limits, for keys that a restart must not forget.
pace = Table(
    "pace",
    metadata,
    Column("account", String(16), primary_key=True),  # telegram, slack
    Column("key", LargeBinary, primary_key=True),  # blind index of a chat, channel or method
    Column("used_until", Instant, nullable=False),  # up to then the turns are used up
    Column("held_until", Instant, nullable=False),  # the platform said: not before
)
