"""What the bot keeps about itself."""

from sqlalchemy import Column, String, Table, Text

from storage.tables.base import metadata

setting = Table(
    "setting",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", Text, nullable=False),
)
