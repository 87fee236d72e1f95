"""What staff want to know about."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table, Text

from storage.tables.base import id_column, metadata
from storage.types import Instant, where

alert = Table(
    "alert",
    metadata,
    id_column(),
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
    Column("acknowledged_by", ForeignKey("person.id", ondelete="SET NULL")),
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
