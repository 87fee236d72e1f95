"""Bulk changes and their staged rows."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
)

from storage.tables.base import id_column, metadata
from storage.types import Instant, where

batch = Table(
    "batch",
    metadata,
    id_column(),
    Column("key", Text, nullable=False, unique=True),
    Column("source", String(64), nullable=False),  # domain.sources.Source
    Column("actor_id", ForeignKey("person.id", ondelete="SET NULL")),
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
