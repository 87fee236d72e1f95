"""What a platform shows for a notice, so that it can be edited instead of repeated."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, select, update

from bot.domain.living import Says
from storage.dialect import upsert
from storage.tables import message
from storage.tx import Tx
from storage.types import AnyRow

OVERWRITTEN = ("ref", "notice_id", "shown", "says", "created_at")


@dataclass(frozen=True, slots=True)
class Posted:
    """Where a message has just been posted and what it shows there; `shown` is a hash."""

    contact_id: int
    subject: str
    ref: str
    notice_id: int
    shown: str
    says: Says = Says.UNKNOWN


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it stands: `ref` is what the platform calls it, `edits` how often it changed."""

    id: int
    contact_id: int
    subject: str
    ref: str
    shown: str
    says: Says
    edits: int


def _message(row: AnyRow) -> Message:
    edits = row.revision - 1  # the first revision is the message as it was sent
    says = Says(row.says)
    return Message(row.id, row.contact_id, row.subject, row.ref, row.shown, says, edits)


OF_SUBJECTS = select(message).where(message.c.subject.in_(bindparam("wanted", expanding=True)))


async def find_many(tx: Tx, wanted: Collection[tuple[int, str]]) -> dict[tuple[int, str], Message]:
    """The messages of these (contact id, subject) that the platform shows."""
    rows = await tx.execute(OF_SUBJECTS, {"wanted": list({subject for _, subject in wanted})})
    return {(row.contact_id, row.subject): _message(row) for row in rows.all()}


async def remember(tx: Tx, posted: Sequence[Posted], now: datetime) -> None:
    """Keep what was posted; a message posted anew takes the place of the one of its subject."""
    if not posted:
        return
    rows = [
        {
            "contact_id": item.contact_id,
            "subject": item.subject,
            "ref": item.ref,
            "notice_id": item.notice_id,
            "shown": item.shown,
            "says": item.says.value,
            "created_at": now,
        }
        for item in posted
    ]
    await tx.execute(upsert(tx, message, ("contact_id", "subject"), OVERWRITTEN), rows)


async def edited(
    tx: Tx, message_id: int, shown: str, now: datetime, says: Says = Says.UNKNOWN
) -> None:
    await tx.execute(
        update(message)
        .where(message.c.id == message_id)
        .values(shown=shown, says=says.value, edited_at=now, revision=message.c.revision + 1)
    )


async def lost(tx: Tx, message_id: int) -> None:
    """The platform no longer has it; the next notice of the subject posts a new one."""
    await tx.execute(delete(message).where(message.c.id == message_id))
