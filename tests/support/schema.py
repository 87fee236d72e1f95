"""What a database's schema is, in a form that two databases can be compared by."""

from typing import Any

from sqlalchemy import Connection, inspect
from sqlalchemy.engine.reflection import Inspector

ALEMBIC = "alembic_version"
Schema = dict[str, dict[str, Any]]


def reflect(connection: Connection) -> Schema:
    """Tables with columns, keys, indexes (partial ones with their condition) and checks."""
    inspector = inspect(connection)
    return {
        name: _table(inspector, name) for name in inspector.get_table_names() if name != ALEMBIC
    }


def _table(inspector: Inspector, name: str) -> dict[str, Any]:
    return {
        "columns": {
            column["name"]: (str(column["type"]), column["nullable"], _default(column["default"]))
            for column in inspector.get_columns(name)
        },
        "primary key": inspector.get_pk_constraint(name)["constrained_columns"],
        "indexes": sorted(_index(index) for index in inspector.get_indexes(name)),
        "uniques": sorted(
            (unique["name"] or "", tuple(unique["column_names"]))
            for unique in inspector.get_unique_constraints(name)
        ),
        "references": sorted(_reference(key) for key in inspector.get_foreign_keys(name)),
        "checks": sorted(
            (check["name"] or "", check["sqltext"])
            for check in inspector.get_check_constraints(name)
        ),
    }


def _default(default: str | None) -> str | None:
    return None if default is None else default.strip("()")


def _index(index: Any) -> tuple[Any, ...]:
    conditions = {name: str(value) for name, value in index["dialect_options"].items()}
    return index["name"], tuple(index["column_names"]), bool(index["unique"]), str(conditions)


def _reference(key: Any) -> tuple[Any, ...]:
    return (
        key["name"],
        tuple(key["constrained_columns"]),
        key["referred_table"],
        tuple(key["referred_columns"]),
        tuple(sorted(key["options"].items())),
    )
