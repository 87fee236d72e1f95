"""Codes that join two persons: what is kept of them, which does not tell the code."""

from datetime import datetime

from sqlalchemy import Executable, delete, func, insert, select, update

from bot.domain.joining import Code
from storage.tables import join_code, join_try
from storage.tx import Tx


async def add(tx: Tx, contact_id: int, key: str, now: datetime, expires_at: datetime) -> Code:
    """A new code for this contact; the ones before it are good no longer."""
    older = (join_code.c.contact_id == contact_id, join_code.c.expires_at > now)
    await tx.execute(update(join_code).where(*older).values(expires_at=now))
    values = {"contact_id": contact_id, "key": key, "created_at": now, "expires_at": expires_at}
    made = insert(join_code).values(values).returning(join_code.c.id)
    number = int((await tx.execute(made)).scalar_one())
    return Code(number, contact_id, now, expires_at, used=False)


async def by_id(tx: Tx, code_id: int) -> Code | None:
    return await _one(tx, select(join_code).where(join_code.c.id == code_id))


async def by_key(tx: Tx, key: str) -> Code | None:
    """The code that this effect key made."""
    return await _one(tx, select(join_code).where(join_code.c.key == key))


async def _one(tx: Tx, statement: Executable) -> Code | None:
    row = (await tx.execute(statement)).first()
    if row is None:
        return None
    used = row.used_at is not None
    return Code(row.id, row.contact_id, row.created_at, row.expires_at, used)


async def use(tx: Tx, code_id: int, now: datetime) -> bool:
    """False: somebody was faster."""
    unused = (join_code.c.id == code_id, join_code.c.used_at.is_(None))
    return bool((await tx.execute(update(join_code).where(*unused).values(used_at=now))).rowcount)


async def note_wrong(tx: Tx, contact_id: int, now: datetime) -> None:
    await tx.execute(insert(join_try).values(contact_id=contact_id, created_at=now))


async def wrong_since(tx: Tx, contact_id: int, since: datetime) -> int:
    """How many wrong codes this contact has given."""
    theirs = (join_try.c.contact_id == contact_id, join_try.c.created_at > since)
    return int((await tx.execute(select(func.count()).where(*theirs))).scalar_one())


async def purge(tx: Tx, before: datetime) -> None:
    for table in (join_code, join_try):
        await tx.execute(delete(table).where(table.c.created_at < before))
