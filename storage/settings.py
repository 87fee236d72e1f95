"""Small facts that the bot keeps about itself, by name."""

from collections.abc import Collection

from sqlalchemy import select

from storage.dialect import upsert
from storage.tables import setting
from storage.tx import Tx


async def get(tx: Tx, name: str) -> str | None:
    statement = select(setting.c.value).where(setting.c.name == name)
    value: str | None = (await tx.execute(statement)).scalar_one_or_none()
    return value


async def get_all(tx: Tx, names: Collection[str]) -> dict[str, str]:
    """Those of the names that have a value."""
    statement = select(setting.c.name, setting.c.value).where(setting.c.name.in_(names))
    return {row.name: row.value for row in (await tx.execute(statement)).all()}


async def put(tx: Tx, name: str, value: str) -> None:
    await tx.execute(upsert(tx, setting, ("name",), ("value",)), {"name": name, "value": value})
