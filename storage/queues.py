"""How much waits and for how long; reads the partial indexes of what is open, and nothing else."""

from datetime import datetime

from sqlalchemy import BigInteger, BindParameter, bindparam, case, func, select

from bot.domain.health import InboxQueue, LaneQueue, Undelivered
from bot.domain.inbox import InboxState
from bot.domain.notices import Lane, NoticeState
from bot.domain.ways import WayName
from storage.tables import UNDELIVERED, contact, inbox, notice
from storage.tx import Tx


async def outbox(tx: Tx, now: datetime) -> tuple[LaneQueue, ...]:
    """What is not settled, by way and lane."""
    due = notice.c.due_at <= now
    statement = (
        select(
            contact.c.way,
            notice.c.lane,
            func.count().label("open"),
            func.count(case((due, 1))).label("due"),
            func.min(case((due, notice.c.due_at)), type_=notice.c.due_at.type).label("oldest"),
            func.count(case((notice.c.doubtful > 0, 1))).label("doubtful"),
        )
        .select_from(notice.outerjoin(contact, contact.c.id == notice.c.contact_id))
        .where(notice.c.settled_at.is_(None))
        .group_by(contact.c.way, notice.c.lane)
        .order_by(contact.c.way, notice.c.lane)
    )
    return tuple(
        LaneQueue(_way(row.way), Lane(row.lane), row.open, row.due, row.oldest, row.doubtful)
        for row in (await tx.execute(statement)).all()
    )


async def arrivals(tx: Tx) -> tuple[InboxQueue, ...]:
    """What is not worked off, by source."""
    # Grouped by the bare column, SQLite would walk the unique index of all that ever came.
    source = func.lower(inbox.c.source)
    statement = (
        select(
            source.label("of"),
            func.count().label("open"),
            func.min(inbox.c.received_at, type_=inbox.c.received_at.type).label("oldest"),
        )
        .where(inbox.c.finished_at.is_(None))
        .group_by(source)
        .order_by(source)
    )
    rows = (await tx.execute(statement)).all()
    return tuple(InboxQueue(row.of, row.open, row.oldest) for row in rows)


async def dead_letters(tx: Tx) -> int:
    """How many arrivals were given up and are kept."""
    statement = select(func.count()).where(inbox.c.state == InboxState.DEAD.value)
    return int((await tx.execute(statement)).scalar_one())


async def undelivered(tx: Tx, since: datetime) -> tuple[Undelivered, ...]:
    """What failed or is uncertain since then, the most frequent first."""
    count = func.count(type_=BigInteger).label("count")
    states: BindParameter[list[str]] = bindparam(
        "states", list(UNDELIVERED), expanding=True, literal_execute=True
    )
    statement = (
        select(contact.c.way, notice.c.state, notice.c.reason, count)
        .select_from(notice.outerjoin(contact, contact.c.id == notice.c.contact_id))
        .where(notice.c.state.in_(states), notice.c.settled_at >= since)
        .group_by(contact.c.way, notice.c.state, notice.c.reason)
        .order_by(count.desc(), notice.c.reason)
    )
    return tuple(
        Undelivered(_way(row.way), NoticeState(row.state), row.reason, int(row[3]))
        for row in (await tx.execute(statement)).all()
    )


def _way(stored: str | None) -> WayName | None:
    return None if stored is None else WayName(stored)
