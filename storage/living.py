"""Restock messages that change themselves: which ones may, and the edits that are queued for them.

Candidates only: bot.domain.living decides about each message, when its turn comes once more.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    ColumnElement,
    FromClause,
    Select,
    Text,
    and_,
    exists,
    func,
    literal,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.living import Says
from bot.domain.notices import Lane, NoticeKind, NoticeState, SettleReason
from bot.domain.subscriptions import SubscriptionState
from storage.dialect import insert_for
from storage.tables import message, notice, restock, subscription
from storage.types import AnyRow, Instant

OPEN = notice.c.settled_at.is_(None)
QUEUED = OPEN & (notice.c.state == NoticeState.QUEUED.value)
IS_LIVING = notice.c.lane == int(Lane.LIVING)
TOLD = notice.c.state == NoticeState.SENT.value
CHANGED_AT = func.coalesce(message.c.edited_at, message.c.created_at)


async def last_told(
    tx: AsyncConnection, restock_id: int, says: Says, limit: int
) -> Sequence[AnyRow]:
    """Of the `limit` who were told last in this restock: whose message says this, without an edit
    that waits.

    Told last is furthest back in the line. Gives what domain.living.Shown is made of, `changed_at`,
    and whom and what an edit is for.
    """
    window = (
        select(notice.c.id, notice.c.subscription_id)
        .where(notice.c.restock_id == restock_id, TOLD)
        .order_by(notice.c.subscription_id.desc())
        .limit(limit)
        .subquery()
    )
    waiting = exists().where(notice.c.subject == message.c.subject, OPEN)
    statement = (
        select(
            message.c.contact_id,
            message.c.subject,
            message.c.says,
            message.c.revision,
            CHANGED_AT.label("changed_at"),
            subscription.c.id.label("subscription_id"),
            subscription.c.state,
        )
        .select_from(
            window.join(message, message.c.notice_id == window.c.id).join(
                subscription, subscription.c.id == window.c.subscription_id
            )
        )
        .where(message.c.says == says.value, ~waiting)
    )
    return (await tx.execute(statement)).all()


async def begin_last_edits(tx: AsyncConnection, restock_id: int) -> None:
    """The cursor of a closed restock goes back through the line: now it stands behind all told."""
    behind = select(func.coalesce(func.max(notice.c.subscription_id), 0) + 1).where(
        notice.c.restock_id == restock_id
    )
    await tx.execute(
        update(restock).where(restock.c.id == restock_id).values(cursor=behind.scalar_subquery())
    )


async def unfinished(tx: AsyncConnection) -> AnyRow | None:
    """A closed restock some of whose messages have not had their last edit queued yet."""
    statement = select(restock).where(UNFINISHED).order_by(restock.c.id).limit(1)
    return (await tx.execute(statement)).first()


UNFINISHED = restock.c.closed_at.is_not(None) & restock.c.corrected_at.is_(None)


async def queue_last_edits(
    tx: AsyncConnection, restock_id: int, limit: int, now: datetime
) -> int | None:
    """Queue the edit that says it is over for the next `limit` told, the last told first.

    What was queued for these messages before is superseded. Returns how many were queued, or None
    when the restock had none left, which is noted. Each message gets this edit once, ever.
    """
    current = (
        await tx.execute(select(restock).where(restock.c.id == restock_id, UNFINISHED))
    ).first()
    if current is None:
        return None
    piece = _piece(current, limit)
    low = (await tx.execute(select(func.min(piece.subquery().c.subscription_id)))).scalar_one()
    if low is None:
        await tx.execute(update(restock).where(restock.c.id == restock_id).values(corrected_at=now))
        return None
    await _supersede(tx, current, int(low), now)
    queued = await _insert(tx, current, int(low), now)
    await tx.execute(update(restock).where(restock.c.id == restock_id).values(cursor=int(low)))
    return queued


def _piece(current: AnyRow, limit: int) -> Select[Any]:
    return (
        select(notice.c.subscription_id)
        .where(notice.c.restock_id == current.id, notice.c.subscription_id < current.cursor)
        .order_by(notice.c.subscription_id.desc())
        .limit(limit)
    )


def _of_piece(table: FromClause, current: AnyRow, low: int) -> ColumnElement[bool]:
    """The notices of `table` that told the customers from `low` up to the cursor."""
    return and_(
        table.c.restock_id == current.id,
        table.c.subscription_id >= low,
        table.c.subscription_id < current.cursor,
        table.c.state == NoticeState.SENT.value,
    )


async def _supersede(tx: AsyncConnection, current: AnyRow, low: int, now: datetime) -> None:
    """An edit in a worker's hands stays: the next one of its message waits for it."""
    told = notice.alias("told")
    subjects = select(told.c.subject).where(_of_piece(told, current, low))
    await tx.execute(
        update(notice)
        .where(QUEUED, IS_LIVING, notice.c.subject.in_(subjects))
        .values(_dropped(SettleReason.SUPERSEDED, now))
    )


def _dropped(reason: SettleReason, now: datetime) -> dict[str, Any]:
    return {"state": NoticeState.DROPPED.value, "reason": reason.value, "settled_at": now}


async def _insert(tx: AsyncConnection, current: AnyRow, low: int, now: datetime) -> int:
    cells: dict[str, Any] = {
        "kind": literal(NoticeKind.RESTOCK.value),
        "key": notice.c.subject + literal(":over", Text),
        "contact_id": message.c.contact_id,
        "lane": literal(int(Lane.LIVING)),
        "subject": notice.c.subject,
        "payload": literal({"restock_id": current.id}, JSON),
        "product_id": literal(current.product_id, notice.c.product_id.type),
        "subscription_id": notice.c.subscription_id,
        "state": literal(NoticeState.QUEUED.value),
        "due_at": literal(now, Instant),
        "created_at": literal(now, Instant),
    }
    rows = (
        select(*cells.values())
        .select_from(
            notice.join(message, message.c.notice_id == notice.c.id).join(
                subscription, subscription.c.id == notice.c.subscription_id
            )
        )
        .where(
            _of_piece(notice, current, low),
            message.c.says != Says.OVER.value,
            subscription.c.state != SubscriptionState.ENDED.value,
        )
        .order_by(notice.c.subscription_id.desc())
    )
    new = insert_for(tx, notice).from_select(list(cells), rows).on_conflict_do_nothing()
    return int((await tx.execute(new)).rowcount)


async def hush(tx: AsyncConnection, contact_id: int, subscription_id: int, now: datetime) -> None:
    """The customer has answered: the edits that are queued for the message are not wanted."""
    await tx.execute(
        update(notice)
        .where(
            QUEUED,
            IS_LIVING,
            notice.c.contact_id == contact_id,
            notice.c.subscription_id == subscription_id,
        )
        .values(_dropped(SettleReason.UNSUBSCRIBED, now))
    )
