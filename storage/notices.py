"""The outbox: what must arrive, in the order it goes out, and what became of it."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    and_,
    bindparam,
    case,
    exists,
    false,
    or_,
    select,
    true,
    tuple_,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.contacts import Platform
from bot.domain.notices import (
    LAST_LANE,
    Claimed,
    Lane,
    NewNotice,
    NoticeKind,
    NoticeState,
    SettleReason,
)
from storage.dialect import insert_for, take_turns
from storage.tables import contact, notice
from storage.topics import Topic, bring
from storage.types import AnyRow, Instant

OPEN = notice.c.settled_at.is_(None)  # what the partial indexes hold, however long the history is
QUEUED = OPEN & (notice.c.state == NoticeState.QUEUED.value)
SENDING = OPEN & (notice.c.state == NoticeState.SENDING.value)
NOT_LEFT = OPEN & (notice.c.on_wire == false())  # queued, or claimed and waiting for its turn
LOOK_AHEAD = 4  # notices looked at for each that may be taken: some are of the same contact
TURN = 0x53_42_4E_43  # "SBNC": whose turn it is to claim


IN_WANTED: Any = bindparam("wanted", expanding=True)
NOW = bindparam("now", type_=Instant())
PLATFORM: Any = bindparam("platform")
LAST: Any = bindparam("last")
LIMIT = bindparam("limit", type_=Integer())


async def queue(tx: AsyncConnection, notices: Sequence[NewNotice], now: datetime) -> list[int]:
    """Write the notices that are not there yet; returns the ids of the new ones."""
    if not notices:
        return []
    statement = insert_for(tx, notice).on_conflict_do_nothing().returning(notice.c.id)
    bring(Topic.NOTICE)
    rows = [_row(item, now) for item in notices]
    return [int(row.id) for row in (await tx.execute(statement, rows)).all()]


def _row(item: NewNotice, now: datetime) -> dict[str, Any]:
    # By hand: dataclasses.asdict copies deeply, which took longer than the database.
    return {
        "kind": item.kind.value,
        "key": item.key,
        "contact_id": item.contact_id,
        "lane": int(item.lane),
        "subject": item.subject,
        "payload": item.payload,
        "product_id": item.product_id,
        "restock_id": item.restock_id,
        "subscription_id": item.subscription_id,
        "state": NoticeState.QUEUED.value,
        "due_at": item.due_at or now,
        "created_at": now,
    }


async def supersede(tx: AsyncConnection, subject: str, now: datetime) -> None:
    """Drop what is queued for this message: a newer state of it is about to be queued.

    One in a worker's hands reads the newest state itself; two must not edit a message at once. One
    in doubt is looked for first, or its copy would stand there as it is for ever.
    """
    old = QUEUED & (notice.c.subject == subject) & (notice.c.doubtful == 0)
    await _drop(tx, old, SettleReason.SUPERSEDED, now)


async def drop_of_restock(
    tx: AsyncConnection, restock_id: int, reason: SettleReason, now: datetime
) -> None:
    """Drop the restock's unsent notices; those subscriptions never left the line.

    Also those that wait for their turn in a worker's hands: its intent to send finds them gone.
    """
    await _drop(tx, NOT_LEFT & (notice.c.restock_id == restock_id), reason, now)


async def drop_of_contact(
    tx: AsyncConnection, contact_id: int, reason: SettleReason, now: datetime
) -> None:
    """Drop what is not on its way to the contact yet."""
    await _drop(tx, NOT_LEFT & (notice.c.contact_id == contact_id), reason, now)


async def _drop(
    tx: AsyncConnection, which: ColumnElement[bool], reason: SettleReason, now: datetime
) -> None:
    unsure = case(
        (notice.c.doubtful > 0, NoticeState.UNCERTAIN.value), else_=NoticeState.DROPPED.value
    )
    await tx.execute(
        update(notice)
        .where(which)
        .values(state=unsure, reason=reason.value, settled_at=now, lease_until=None)
    )


# The notice's contact is on this platform, or forgotten: then anybody may settle it.
# If nobody did, the line behind it would wait forever.
MINE = or_(
    notice.c.contact_id.is_(None),
    exists().where(contact.c.id == notice.c.contact_id, contact.c.platform == PLATFORM),
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


def _asked(platform: Platform, now: datetime, last: Lane) -> dict[str, Any]:
    return {"platform": platform.value, "now": now, "last": int(last)}


async def any_due(
    tx: AsyncConnection, platform: Platform, now: datetime, last: Lane = LAST_LANE
) -> bool:
    """Whether `claim` would find something, or will when a contact's claimed one is settled."""
    return (await tx.execute(ANY_DUE, _asked(platform, now, last))).first() is not None


async def claim(
    tx: AsyncConnection, platform: Platform, now: datetime, lease: timedelta, limit: int,
    last: Lane = LAST_LANE,
) -> list[Claimed]:  # fmt: skip
    """Take up to `limit` due notices of the lanes up to `last`, lane by lane, oldest first.

    One a contact at a time, and those of one message in their order: while it is in doubt whether
    a message is there, nothing may post it anew. A notice whose lease ended was in the hands of a
    worker that died. If it was on the wire then, one more copy of it may be there.
    """
    await take_turns(tx, TURN)  # or two could each claim a notice of one contact
    asked = {**_asked(platform, now, last), "limit": limit * LOOK_AHEAD}
    first: dict[int | None, int] = {}
    for row in (await tx.execute(CLAIMABLE, asked)).all():
        first.setdefault(row.contact_id, row.id)
    chosen = list(first.values())[:limit]
    if not chosen:
        return []
    taken = await tx.execute(TAKE, {"wanted": chosen, "until": now + lease})
    claimed = {row.id: _claimed(row, platform) for row in taken.all()}
    return [claimed[number] for number in chosen]


def _claimed(row: AnyRow, platform: Platform) -> Claimed:
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
        platform=platform,
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


async def on_wire(tx: AsyncConnection, held: Collection[Claimed], now: datetime) -> set[int]:
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


async def failed(tx: AsyncConnection, notice_id: int) -> None:
    """Count an attempt that failed by our own fault, whether or not it left."""
    await tx.execute(
        update(notice)
        .where(notice.c.id == notice_id, notice.c.on_wire == false())
        .values(attempts=notice.c.attempts + 1)
    )


async def release(tx: AsyncConnection, notice_ids: Collection[int], now: datetime) -> None:
    """Give back what was claimed and surely has not left: whoever claims next may send it."""
    bring(Topic.NOTICE)
    await tx.execute(
        update(notice)
        .where(notice.c.id.in_(notice_ids), SENDING)
        .values(state=NoticeState.QUEUED.value, lease_until=None, due_at=now, on_wire=False)
    )


async def not_there(tx: AsyncConnection, notice_id: int) -> None:
    """The platform was asked: none of the earlier sends arrived."""
    await tx.execute(update(notice).where(notice.c.id == notice_id).values(doubtful=0))


async def release_orphans(tx: AsyncConnection, now: datetime) -> int:
    """At the start of the only worker: whatever is `sending` belonged to one that died."""
    statement = update(notice).where(SENDING).values(lease_until=now)
    return int((await tx.execute(statement)).rowcount)


SETTLE = (
    update(notice)
    .where(notice.c.id.in_(IN_WANTED), OPEN)
    .values(
        state=bindparam("becomes"),
        reason=bindparam("because"),
        settled_at=NOW,
        lease_until=None,
        on_wire=False,
    )
    .returning(notice.c.id)
)


async def settle(
    tx: AsyncConnection,
    notice_ids: Collection[int],
    state: NoticeState,
    reason: SettleReason,
    now: datetime,
) -> set[int]:
    """Settle those that are open; returns them. What was dropped meanwhile keeps its reason."""
    asked = {
        "wanted": list(notice_ids),
        "becomes": state.value,
        "because": reason.value,
        "now": now,
    }
    return {int(row.id) for row in (await tx.execute(SETTLE, asked)).all()}


async def detach(tx: AsyncConnection, notice_id: int) -> None:
    """Free the (restock, subscription) and key of a dropped notice, so that it may be told yet."""
    await tx.execute(
        update(notice)
        .where(notice.c.id == notice_id)
        .values(restock_id=None, key=notice.c.key + f":dropped:{notice_id}")
    )


async def postpone(
    tx: AsyncConnection, notice_id: int, due_at: datetime, *, doubtful: int | None = None
) -> None:
    """Back into the queue until `due_at`; `doubtful`: so many that were sent may be there now."""
    bring(Topic.NOTICE)  # it may be due at once
    await tx.execute(
        update(notice)
        .where(notice.c.id == notice_id, OPEN)
        .values(
            state=NoticeState.QUEUED.value,
            due_at=due_at,
            lease_until=None,
            on_wire=False,
            doubtful=notice.c.doubtful if doubtful is None else doubtful,
        )
    )


async def forgive(tx: AsyncConnection, notice_id: int) -> None:
    """Give the attempt back, if it left at all: the platform only asked to wait."""
    await tx.execute(
        update(notice)
        .where(notice.c.id == notice_id, notice.c.on_wire == true())
        .values(attempts=notice.c.attempts - 1)
    )
