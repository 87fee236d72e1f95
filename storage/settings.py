"""Small facts that the bot keeps about itself, by name."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.dialect import upsert
from storage.tables import setting


async def get(tx: AsyncConnection, name: str) -> str | None:
    statement = select(setting.c.value).where(setting.c.name == name)
    value: str | None = (await tx.execute(statement)).scalar_one_or_none()
    return value


async def put(tx: AsyncConnection, name: str, value: str) -> None:
    await tx.execute(upsert(tx, setting, {"name": name, "value": value}, ["name"], ["value"]))
