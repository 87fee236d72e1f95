"""What a platform shows for a notice, so that it can be edited instead of repeated."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.dialect import upsert
from storage.tables import message
from storage.types import AnyRow


async def find(tx: AsyncConnection, contact_id: int, subject: str) -> AnyRow | None:
    statement = select(message).where(
        message.c.contact_id == contact_id, message.c.subject == subject
    )
    return (await tx.execute(statement)).first()


async def of_subject(tx: AsyncConnection, subject: str) -> Sequence[AnyRow]:
    return (await tx.execute(select(message).where(message.c.subject == subject))).all()


async def remember(
    tx: AsyncConnection, *, contact_id: int, subject: str, ref: str, notice_id: int, shown: str,
    now: datetime,
) -> None:  # fmt: skip
    """Keep where the message is and what it shows; a message posted anew takes the place."""
    values = {
        "contact_id": contact_id,
        "subject": subject,
        "ref": ref,
        "notice_id": notice_id,
        "shown": shown,
        "created_at": now,
    }
    overwrite = ["ref", "notice_id", "shown", "created_at"]
    await tx.execute(upsert(tx, message, values, ["contact_id", "subject"], overwrite))


async def edited(tx: AsyncConnection, message_id: int, shown: str, now: datetime) -> None:
    await tx.execute(
        update(message)
        .where(message.c.id == message_id)
        .values(shown=shown, edited_at=now, revision=message.c.revision + 1)
    )


async def lost(tx: AsyncConnection, message_id: int) -> None:
    """The platform no longer has it; the next notice of the subject posts a new one."""
    await tx.execute(delete(message).where(message.c.id == message_id))
