"""Claiming notices and putting them on the wire: whose turn it is, and who is at it."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Integer, Select, and_, bindparam, case, exists, or_, select, tuple_, update

from bot.domain.notices import LAST_LANE, Claimed, Lane, NoticeKind, NoticeState
from bot.domain.ways import WayName
from storage.dialect import take_turns
from storage.notices import IN_WANTED, NOW, OPEN, SENDING
from storage.tables import contact, notice
from storage.tx import Tx
from storage.types import AnyRow, Instant

LOOK_AHEAD = 4  # notices looked at for each that may be taken: some are of the same contact
TURN = 0x53_42_4E_43  # "SBNC": whose turn it is to claim
WAY: Any = bindparam("way")
LAST: Any = bindparam("last")
LIMIT = bindparam("limit", type_=Integer())

# The notice's contact is on this way, or forgotten: then anybody may settle it.
# If nobody did, the line behind it would wait forever.
MINE = or_(
    notice.c.contact_id.is_(None),
    exists().where(contact.c.id == notice.c.contact_id, contact.c.way == WAY),
)
# Queued and due, or in the hands of a worker whose lease ended.
FREE = or_(notice.c.lease_until.is_(None), notice.c.lease_until <= NOW)
DUE = and_(OPEN, notice.c.due_at <= NOW, FREE, notice.c.lane <= LAST, MINE)
ANY_DUE = select(notice.c.id).where(DUE).limit(1)


def _claimable() -> Select[Any]:
    """What is due, without what must wait for another one of its contact or of its message."""
    other = notice.alias("other")
    busy = exists().where(
        other.c.contact_id == notice.c.contact_id,
        other.c.settled_at.is_(None),
        other.c.lease_until > NOW,
    )
    earlier = exists().where(
        other.c.subject == notice.c.subject,
        other.c.contact_id == notice.c.contact_id,
        other.c.settled_at.is_(None),
        other.c.id < notice.c.id,
    )
    return (
        select(notice.c.id, notice.c.contact_id)
        .where(DUE, ~busy, ~earlier)
        .order_by(notice.c.lane, notice.c.due_at, notice.c.id)
        .limit(LIMIT)
        .with_for_update(skip_locked=True)
    )


CLAIMABLE = _claimable()
TAKE = (
    update(notice)
    .where(notice.c.id.in_(IN_WANTED))
    .values(
        state=NoticeState.SENDING.value,
        lease_until=bindparam("until", type_=Instant()),
        doubtful=notice.c.doubtful + case((notice.c.on_wire, 1), else_=0),
        on_wire=False,
    )
    .returning(notice)
)


def _asked(way: WayName, now: datetime, last: Lane) -> dict[str, Any]:
    return {"way": way, "now": now, "last": int(last)}


async def any_due(tx: Tx, way: WayName, now: datetime, last: Lane = LAST_LANE) -> bool:
    """Whether `claim` would find something, or will when a contact's claimed one is settled."""
    return (await tx.execute(ANY_DUE, _asked(way, now, last))).first() is not None


async def claim(
    tx: Tx,
    way: WayName,
    now: datetime,
    lease: timedelta,
    limit: int,
    last: Lane = LAST_LANE,
) -> list[Claimed]:
    """Take up to `limit` due notices of the lanes up to `last`, lane by lane, oldest first.

    One a contact at a time, and those of one message in their order: while it is in doubt whether
    a message is there, nothing may post it anew. A notice whose lease ended was in the hands of a
    worker that died. If it was on the wire then, one more copy of it may be there.
    """
    await take_turns(tx, TURN)  # or two could each claim a notice of one contact
    asked = {**_asked(way, now, last), "limit": limit * LOOK_AHEAD}
    # One a contact, so more are looked at than are taken: many of a broadcast's may be one
    # person's.
    first: dict[int | None, int] = {}
    for row in (await tx.execute(CLAIMABLE, asked)).all():
        first.setdefault(row.contact_id, row.id)
    chosen = list(first.values())[:limit]
    if not chosen:
        return []
    taken = await tx.execute(TAKE, {"wanted": chosen, "until": now + lease})
    claimed = {row.id: _claimed(row, way) for row in taken.all()}
    # An UPDATE returns its rows in any order; the line's order is a promise.
    return [claimed[number] for number in chosen]


def _claimed(row: AnyRow, way: WayName) -> Claimed:
    return Claimed(
        id=row.id,
        kind=NoticeKind(row.kind),
        contact_id=row.contact_id,
        lane=Lane(row.lane),
        subject=row.subject,
        payload=row.payload,
        product_id=row.product_id,
        restock_id=row.restock_id,
        subscription_id=row.subscription_id,
        attempts=row.attempts,
        doubtful=row.doubtful,
        wired_at=row.wired_at,
        created_at=row.created_at,
        way=way,
    )


INTENT = (
    update(notice)
    .where(
        notice.c.id.in_(IN_WANTED),
        tuple_(notice.c.id, notice.c.attempts).in_(bindparam("claimed", expanding=True)),
        SENDING,
    )
    .values(
        on_wire=True,
        attempts=notice.c.attempts + 1,
        wired_at=case((notice.c.doubtful > 0, notice.c.wired_at), else_=NOW),
    )
    .returning(notice.c.id)
)


async def on_wire(tx: Tx, held: Collection[Claimed], now: datetime) -> set[int]:
    """The intent, committed just before the requests leave: from here on their fate is unknown.

    Returns the ids of those that may leave. The others were dropped while they waited for their
    turn, or another process has put them on the wire since (`attempts` tells). `wired_at` keeps
    when the first copy may have arrived.
    """
    asked = {
        "wanted": [item.id for item in held],
        "claimed": [(item.id, item.attempts) for item in held],
        "now": now,
    }
    return {int(row.id) for row in (await tx.execute(INTENT, asked)).all()}
