"""Databases that an earlier version of the bot made, row by row as it left them."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, Boolean, Connection, LargeBinary, MetaData, Table, func, select, text

from storage.database import Database
from storage.migrate import migrate
from storage.vault import Vault

FOLDER = Path(__file__).parent.parent / "storage"


@dataclass(frozen=True, slots=True)
class Earlier:
    """`tables`: the rows of each, as SQLite stored them; `key` opens what is sealed in them."""

    revision: str
    key: str
    tables: dict[str, list[dict[str, Any]]]

    @classmethod
    def read(cls, name: str) -> "Earlier":
        return cls(**json.loads((FOLDER / name).read_text("utf-8")))

    def vault(self) -> Vault:
        return Vault([self.key])

    async def put_into(self, database: Database) -> None:
        """Make the schema of that version in an empty database and fill it."""
        await migrate(database, until=self.revision)
        async with database.write() as tx:
            await tx.run_sync(self._fill)

    def _fill(self, connection: Connection) -> None:
        stored = MetaData()
        stored.reflect(connection)
        for table in stored.sorted_tables:
            rows = [_cells(table, row) for row in self.tables.get(table.name, [])]
            if rows:
                connection.execute(table.insert(), rows)
            if rows and "id" in table.c and connection.dialect.name == "postgresql":
                newest = connection.execute(select(func.max(table.c.id))).scalar_one()
                sequence = text("SELECT setval(pg_get_serial_sequence(:of, 'id'), :newest)")
                connection.execute(sequence, {"of": table.name, "newest": newest})


def _cells(table: Table, row: dict[str, Any]) -> dict[str, Any]:
    return {name: _cell(table, name, value) for name, value in row.items()}


def _cell(table: Table, name: str, value: Any) -> Any:
    kind = table.c[name].type
    if value is None:
        return None
    if isinstance(kind, JSON):
        return json.loads(value)
    if isinstance(kind, Boolean):
        return bool(value)
    if isinstance(kind, LargeBinary):
        return bytes.fromhex(value["hex"])
    return value
