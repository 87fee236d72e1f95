"""What became of what was to be told: the history of the outbox."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, exists, func, select

from bot.domain.notices import Lane, NoticeKind, NoticeState
from storage.tables import message, notice, restock
from storage.tx import Tx
from storage.types import AnyRow


async def of_product_and_contact(
    tx: Tx, product_id: int, contact_id: int, limit: int = 5
) -> Sequence[AnyRow]:
    """What this contact was told, or not told and why, about the SKU, newest first; no edits.

    With `says` and `edited_at` of its message, if there is one.
    """
    statement = (
        select(notice, message.c.says, message.c.edited_at)
        .outerjoin(message, message.c.notice_id == notice.c.id)
        .where(
            notice.c.product_id == product_id,
            notice.c.contact_id == contact_id,
            notice.c.lane.not_in([int(Lane.EDIT), int(Lane.LIVING)]),
        )
        .order_by(notice.c.id.desc())
        .limit(limit)
    )
    return (await tx.execute(statement)).all()


async def of_contact(tx: Tx, contact_id: int) -> Sequence[AnyRow]:
    """Every notice to the contact that is kept, oldest first."""
    statement = select(notice).where(notice.c.contact_id == contact_id).order_by(notice.c.id)
    return (await tx.execute(statement)).all()


async def told_since(tx: Tx, kind: NoticeKind, since: datetime) -> int:
    statement = (
        select(func.count())
        .select_from(notice)
        .where(
            notice.c.kind == kind.value,
            notice.c.state == NoticeState.SENT.value,
            notice.c.settled_at >= since,
        )
    )
    return int((await tx.execute(statement)).scalar_one())


async def last_id(tx: Tx) -> int:
    """The id of the newest notice, 0 when there is none."""
    return int((await tx.execute(select(func.coalesce(func.max(notice.c.id), 0)))).scalar_one())


async def purge(tx: Tx, before: datetime) -> int:
    """Delete settled notices that no message needs for its edits any more; returns how many."""
    kept = exists().where(message.c.notice_id == notice.c.id)
    of_open_restock = exists().where(
        restock.c.id == notice.c.restock_id, restock.c.closed_at.is_(None)
    )
    statement = delete(notice).where(notice.c.settled_at < before, ~kept, ~of_open_restock)
    return int((await tx.execute(statement)).rowcount)
