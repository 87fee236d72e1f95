"""The outbox: what must arrive, in the order it goes out, and what became of it."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    String,
    and_,
    bindparam,
    case,
    cast,
    false,
    select,
    true,
    update,
)

from bot.domain.notices import Lane, NewNotice, NoticeState, SettleReason
from storage.dialect import insert_ignore
from storage.reach import chosen
from storage.tables import contact, notice
from storage.topics import Topic, bring
from storage.tx import Tx
from storage.types import Instant

OPEN = notice.c.settled_at.is_(None)  # what the partial indexes hold, however long the history is
QUEUED = OPEN & (notice.c.state == NoticeState.QUEUED.value)
SENDING = OPEN & (notice.c.state == NoticeState.SENDING.value)
NOT_LEFT = OPEN & (notice.c.on_wire == false())  # queued, or claimed and waiting for its turn
IN_WANTED: Any = bindparam("wanted", expanding=True)
NOW = bindparam("now", type_=Instant())


async def queue(tx: Tx, notices: Sequence[NewNotice], now: datetime) -> list[int]:
    """Write the notices that are not there yet; returns the ids of the new ones."""
    if not notices:
        return []
    bring(Topic.NOTICE)
    new = await tx.execute(insert_ignore(tx, notice, "id"), [_row(item, now) for item in notices])
    return [int(row.id) for row in new.all()]


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


async def supersede(tx: Tx, subject: str, now: datetime, but: Collection[int] = ()) -> None:
    """Drop what is queued for this message: a newer state of it is about to be queued. Not what is
    queued for the contacts `but`.

    One in a worker's hands reads the newest state itself; two must not edit a message at once. One
    in doubt is looked for first, or its copy would stand there as it is for ever.
    """
    old = QUEUED & (notice.c.subject == subject) & (notice.c.doubtful == 0)
    if but:
        old &= notice.c.contact_id.not_in(but)
    await _drop(tx, old, SettleReason.SUPERSEDED, now)


async def drop_of_restock(tx: Tx, restock_id: int, reason: SettleReason, now: datetime) -> None:
    """Drop the restock's unsent notices; those subscriptions never left the line.

    Also those that wait for their turn in a worker's hands: its intent to send finds them gone.
    """
    await _drop(tx, NOT_LEFT & (notice.c.restock_id == restock_id), reason, now)


async def drop_of_person(tx: Tx, person_id: int, reason: SettleReason, now: datetime) -> None:
    """Drop what is not on its way to the person yet, wherever it goes to."""
    theirs = select(contact.c.id).where(contact.c.person_id == person_id)
    await _drop(tx, NOT_LEFT & notice.c.contact_id.in_(theirs), reason, now)


async def drop_of_line(
    tx: Tx, contact_ids: Collection[int], subscription_id: int, now: datetime
) -> None:
    """The person, who has these contacts, hears of it through another subscription. Were the two
    apart again, this one could still be told in the same restock."""
    told = (
        notice.c.contact_id.in_(contact_ids),
        notice.c.subscription_id == subscription_id,
        notice.c.lane == int(Lane.RESTOCK),
    )
    await _drop(tx, and_(NOT_LEFT, *told), SettleReason.SUPERSEDED, now)
    dropped = (notice.c.state == NoticeState.DROPPED.value, notice.c.restock_id.is_not(None))
    free = notice.c.key + ":dropped:" + cast(notice.c.id, String)
    await tx.execute(update(notice).where(*told, *dropped).values(restock_id=None, key=free))


async def _drop(tx: Tx, which: ColumnElement[bool], reason: SettleReason, now: datetime) -> None:
    unsure = case(
        (notice.c.doubtful > 0, NoticeState.UNCERTAIN.value), else_=NoticeState.DROPPED.value
    )
    await tx.execute(
        update(notice)
        .where(which)
        .values(state=unsure, reason=reason.value, settled_at=now, lease_until=None)
    )


async def failed(tx: Tx, notice_id: int) -> None:
    """Count an attempt that failed by our own fault, whether or not it left."""
    await tx.execute(
        update(notice)
        .where(notice.c.id == notice_id, notice.c.on_wire == false())
        .values(attempts=notice.c.attempts + 1)
    )


async def hurry(tx: Tx, contact_id: int, now: datetime) -> None:
    """What was put off for the contact is due now."""
    bring(Topic.NOTICE)
    put_off = QUEUED & (notice.c.contact_id == contact_id) & (notice.c.due_at > now)
    await tx.execute(update(notice).where(put_off).values(due_at=now))


async def release(tx: Tx, notice_ids: Collection[int]) -> None:
    """Give back what was claimed and surely has not left: whoever claims next may send it.

    It has been due all the time: it goes before those behind it in the line.
    """
    bring(Topic.NOTICE)
    await tx.execute(
        update(notice)
        .where(notice.c.id.in_(notice_ids), SENDING)
        .values(state=NoticeState.QUEUED.value, lease_until=None, on_wire=False)
    )


async def not_there(tx: Tx, notice_id: int) -> None:
    """The platform was asked: none of the earlier sends arrived."""
    await tx.execute(update(notice).where(notice.c.id == notice_id).values(doubtful=0))


async def release_orphans(tx: Tx, now: datetime) -> int:
    """At the start of the only worker: whatever is `sending` belonged to one that died."""
    statement = update(notice).where(SENDING).values(lease_until=now)
    return int((await tx.execute(statement)).rowcount)


async def mend_times(tx: Tx, now: datetime, longest: datetime, leased: datetime) -> int:
    """After a clock that was ahead: nothing waits until after `longest`, no lease ends after
    `leased`. Returns how many waited."""
    too_late = update(notice).where(OPEN, notice.c.due_at > longest).values(due_at=now)
    mended = int((await tx.execute(too_late)).rowcount)
    # Not free at once: it may well be in the hands of this process.
    held = update(notice).where(SENDING, notice.c.lease_until > leased).values(lease_until=leased)
    await tx.execute(held)
    if mended:
        bring(Topic.NOTICE)
    return mended


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
    tx: Tx,
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


async def detach(tx: Tx, notice_id: int) -> None:
    """Free the (restock, subscription) and key of a dropped notice, so that it may be told yet."""
    await tx.execute(
        update(notice)
        .where(notice.c.id == notice_id)
        # The row stays, for /why; what is unique in it is freed for the notice that tells it yet.
        .values(restock_id=None, key=notice.c.key + f":dropped:{notice_id}")
    )


async def postpone(
    tx: Tx, notice_id: int, due_at: datetime, *, doubtful: int | None = None
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


async def redirect(tx: Tx, notice_id: int, now: datetime) -> bool:
    """It goes to another contact of its person, at once; False: none can be reached, or it is
    settled."""
    itself, old = notice.alias("itself"), contact.alias("old")
    to_now = old.join(itself, itself.c.contact_id == old.c.id)
    theirs = select(old.c.person_id).select_from(to_now).where(itself.c.id == notice_id)
    other = chosen(theirs.scalar_subquery()).scalar_subquery()
    statement = (
        update(notice)
        .where(notice.c.id == notice_id, OPEN, other.is_not(None))
        .values(
            contact_id=other,
            state=NoticeState.QUEUED.value,
            due_at=now,
            lease_until=None,
            on_wire=False,
        )
    )
    bring(Topic.NOTICE)
    return bool((await tx.execute(statement)).rowcount)


async def forgive(tx: Tx, notice_id: int) -> None:
    """Give the attempt back, if it left at all: the platform only asked to wait."""
    await tx.execute(
        update(notice)
        .where(notice.c.id == notice_id, notice.c.on_wire == true())
        .values(attempts=notice.c.attempts - 1)
    )
