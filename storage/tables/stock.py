"""Products, where they lie, and the ledger."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    text,
)

from storage.tables.base import id_column, metadata
from storage.types import Instant, where

product = Table(
    "product",
    metadata,
    id_column(),
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
    id_column(),
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
    id_column(),
    Column("product_id", ForeignKey("product.id"), nullable=False),
    Column("location_id", ForeignKey("location.id"), nullable=False),
    Column("kind", String(16), nullable=False),  # domain.stock.MoveKind
    Column("quantity", BigInteger, nullable=False),  # signed
    Column("before", BigInteger, nullable=False),
    Column("after", BigInteger, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    Column("actor_id", ForeignKey("person.id", ondelete="SET NULL")),
    Column("source", String(64), nullable=False),  # domain.sources.Source
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
