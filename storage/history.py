"""What became of what was to be told: the history of the outbox."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Integer, bindparam, delete, exists, func, select

from bot.domain.customers import ToldFact
from bot.domain.notices import Lane, NoticeKind, NoticeState
from storage.tables import contact, message, notice, restock
from storage.tx import Tx

OF_PERSON = select(contact.c.id).where(contact.c.person_id == bindparam("person"))
LIVING = (int(Lane.EDIT), int(Lane.LIVING))
TOLD = (
    select(notice, message.c.says, message.c.edited_at)
    .outerjoin(message, message.c.notice_id == notice.c.id)
    .where(
        notice.c.product_id == bindparam("product"),
        notice.c.contact_id.in_(OF_PERSON),
        notice.c.lane.not_in(LIVING),
    )
    .order_by(notice.c.id.desc())
    .limit(bindparam("limit", type_=Integer()))
)


async def of_product_and_person(
    tx: Tx, product_id: int, person_id: int, limit: int = 5
) -> tuple[ToldFact, ...]:
    """What this person was told, or not told and why, about the SKU, newest first; no edits."""
    asked = {"product": product_id, "person": person_id, "limit": limit}
    return tuple(
        ToldFact(
            row.kind,
            row.state,
            row.reason,
            row.settled_at or row.created_at,
            says=row.says or "",
            edited_at=row.edited_at,
        )
        for row in (await tx.execute(TOLD, asked)).all()
    )


@dataclass(frozen=True, slots=True)
class KeptNotice:
    """A notice to somebody as they may read it; `way` is that of the contact it goes to."""

    way: str
    kind: str
    state: str
    reason: str
    created_at: datetime


async def of_person(tx: Tx, person_id: int) -> list[KeptNotice]:
    """Every notice to the person that is kept, oldest first."""
    statement = (
        select(notice, contact.c.way)
        .join(contact, contact.c.id == notice.c.contact_id)
        .where(contact.c.person_id == person_id)
        .order_by(notice.c.id)
    )
    return [
        KeptNotice(row.way, row.kind, row.state, row.reason, row.created_at)
        for row in (await tx.execute(statement)).all()
    ]


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
