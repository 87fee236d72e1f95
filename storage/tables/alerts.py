"""What staff want to know about: rules, and their alerts."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    String,
    Table,
    Text,
)

from storage.tables.base import id_column, metadata
from storage.types import Instant, where

rule = Table(
    "rule",
    metadata,
    id_column(),
    Column("kind", String(32), nullable=False),
    Column("scope", JSON, nullable=False, server_default="{}"),  # {}: the whole shop
    Column("terms", JSON, nullable=False, server_default="{}"),  # the kind's Terms
    Column("steps", JSON, nullable=False, server_default="[]"),  # what follows if nobody reacts
    Column("route", Text, nullable=False, server_default=""),  # "": as the routes of its kind say
    Column("state", String(16), nullable=False),  # domain.rules.kind.RuleState
    Column("version", Integer, nullable=False, server_default="1"),
    Column("author_id", ForeignKey("person.id", ondelete="SET NULL")),  # null: came with the bot
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
)

alert = Table(
    "alert",
    metadata,
    id_column(),
    Column("rule_id", ForeignKey("rule.id"), nullable=False),
    Column("fingerprint", Text, nullable=False),  # kind:product:location:lot
    Column("kind", String(32), nullable=False),
    Column("product_id", ForeignKey("product.id")),
    Column("location_id", ForeignKey("location.id")),
    Column("lot", Text, nullable=False, server_default=""),
    Column("state", String(16), nullable=False),  # domain.alerts.AlertState
    Column("severity", String(16), nullable=False),  # domain.alerts.Severity, as it was told
    Column("present", SmallInteger, nullable=False),  # domain.alerts.Severity, as it is now
    Column("margin", BigInteger, nullable=False),
    Column("numbers", JSON, nullable=False),  # the kind's Numbers
    # which message carries it: alert:<id>[:severity], batch:<id>
    Column("subject", Text, nullable=False),
    Column("batch_id", ForeignKey("batch.id")),  # raised by this bulk change, told in its summary
    Column("acknowledged_by", ForeignKey("person.id", ondelete="SET NULL")),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("opened_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("acknowledged_at", Instant),
    Column("resolved_at", Instant),
    Index("ix_alert_subject", "subject"),
)
OPEN_ALERT = alert.c.resolved_at.is_(None)
Index("uq_alert_open", alert.c.fingerprint, unique=True, **where(OPEN_ALERT))
Index("ix_alert_open_product", alert.c.product_id, **where(OPEN_ALERT))
Index("ix_alert_batch_id", alert.c.batch_id, **where(alert.c.batch_id.is_not(None)))
