"""A transaction, as everything outside of storage/ passes it on: nothing else names SQLAlchemy."""

from sqlalchemy.ext.asyncio import AsyncConnection

Tx = AsyncConnection
