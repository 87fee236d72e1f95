"""Column types that mean the same on SQLite and PostgreSQL."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Integer
from sqlalchemy.engine import Dialect, Row
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.types import TypeDecorator

# SQLite gives row ids only to INTEGER PRIMARY KEY columns; PostgreSQL wants BIGINT for long lives.
Id = BigInteger().with_variant(Integer(), "sqlite")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def microseconds(moment: datetime) -> int:
    """An aware datetime as Instant stores it."""
    return (moment - EPOCH) // timedelta(microseconds=1)


class Instant(TypeDecorator[datetime]):
    """An aware datetime, stored as whole microseconds since 1970 in UTC.

    An integer sorts and subtracts alike on both databases and carries no session time zone.
    """

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        del dialect
        return None if value is None else microseconds(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        del dialect
        return None if value is None else EPOCH + timedelta(microseconds=int(value))


# A row whose columns are looked up by name.
AnyRow = Row[*tuple[Any, ...]]


def where(condition: ColumnElement[bool]) -> dict[str, Any]:
    """The condition of a partial index, as an Index of SQLAlchemy takes it."""
    return {"sqlite_where": condition, "postgresql_where": condition}
