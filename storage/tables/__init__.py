"""The tables by subject. Names are the glossary's; states are enums of bot.domain, by value."""

from storage.tables.alerts import OPEN_ALERT, alert, rule
from storage.tables.base import metadata
from storage.tables.bulk import batch, stage
from storage.tables.inbox import inbox
from storage.tables.joining import join_code, join_try, joining
from storage.tables.line import (
    LIVE,
    OPEN_RESTOCK,
    UNCORRECTED,
    WHO_WAITS_FOR_WHAT,
    restock,
    subscription,
)
from storage.tables.outbox import OPEN_NOTICE, UNDELIVERED, message, notice, pace
from storage.tables.own import setting
from storage.tables.people import audit, contact, person
from storage.tables.routes import route
from storage.tables.search import gram, gram_count
from storage.tables.stock import dirty, location, move, position, product

__all__ = [
    "LIVE",
    "OPEN_ALERT",
    "OPEN_NOTICE",
    "OPEN_RESTOCK",
    "UNCORRECTED",
    "UNDELIVERED",
    "WHO_WAITS_FOR_WHAT",
    "alert",
    "audit",
    "batch",
    "contact",
    "dirty",
    "gram",
    "gram_count",
    "inbox",
    "join_code",
    "join_try",
    "joining",
    "location",
    "message",
    "metadata",
    "move",
    "notice",
    "pace",
    "person",
    "position",
    "product",
    "restock",
    "route",
    "rule",
    "setting",
    "stage",
    "subscription",
]
