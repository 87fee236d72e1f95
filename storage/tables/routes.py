"""To whom notices to staff go."""

from sqlalchemy import JSON, Column, ForeignKey, Index, String, Table

from storage.tables.base import id_column, metadata
from storage.types import Instant, where

route = Table(
    "route",
    metadata,
    id_column(),
    # a person's address or a chat; whoever is forgotten is told nothing
    Column("contact_id", ForeignKey("contact.id", ondelete="CASCADE"), nullable=False),
    # of a rule, fault, digest; "" any
    Column("kind", String(32), nullable=False, server_default=""),
    Column("severity", String(16), nullable=False, server_default=""),  # the lowest; "" all
    Column("scope", JSON, nullable=False, server_default="{}"),  # domain.routes.Scope
    Column("origin", String(16), nullable=False),  # domain.routes.Origin
    Column("state", String(16), nullable=False),  # domain.routes.RouteState
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Index("ix_route_contact_id", "contact_id"),
)
Index("ix_route_on", route.c.kind, **where(route.c.state == "on"))
