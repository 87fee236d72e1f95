"""The gram index."""

from sqlalchemy import Column, Integer, Table, Text

from storage.tables.base import metadata
from storage.types import Id

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
