"""Restock messages that change themselves: which ones may, and the edits that are queued for them.

Candidates only: bot.domain.living decides about each message, when its turn comes once more.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Integer, Select, bindparam, exists, func, select, update

from bot.domain.living import Says, Shown
from bot.domain.notices import Lane, NoticeState, SettleReason
from bot.domain.restocking import Restock
from bot.domain.subscriptions import SubscriptionState
from bot.domain.ways import WayName
from storage import restocks
from storage.tables import contact, message, notice, restock, subscription
from storage.tx import Tx
from storage.types import AnyRow

OPEN = notice.c.settled_at.is_(None)
QUEUED = OPEN & (notice.c.state == NoticeState.QUEUED.value)
IS_LIVING = notice.c.lane == int(Lane.LIVING)
TOLD = notice.c.state == NoticeState.SENT.value


@dataclass(frozen=True, slots=True)
class Told:
    """A message that told of a restock, and whom an edit of it is for.

    `changed_at`: when it was sent, or edited last.
    """

    contact_id: int
    way: WayName
    subject: str
    subscription_id: int
    changed_at: datetime
    shown: Shown


OF_MESSAGE = (
    message.c.contact_id,
    contact.c.way,
    message.c.subject,
    message.c.says,
    message.c.revision,
    func.coalesce(message.c.edited_at, message.c.created_at).label("changed_at"),
    subscription.c.id.label("subscription_id"),
    subscription.c.state,
)


def _told(row: AnyRow) -> Told:
    # The first revision is the message as it was sent.
    shown = Shown(Says(row.says), row.revision - 1, SubscriptionState(row.state))
    way = WayName(row.way)
    return Told(row.contact_id, way, row.subject, row.subscription_id, row.changed_at, shown)


async def last_told(tx: Tx, restock_id: int, says: Says, limit: int) -> list[Told]:
    """Of the `limit` who were told last in this restock: whose message says this, without an edit
    that waits.

    Told last is furthest back in the line.
    """
    asked = {"restock": restock_id, "says": says.value, "limit": limit}
    return [_told(row) for row in (await tx.execute(LAST_TOLD, asked)).all()]


def _messages(told: Select[Any]) -> Select[Any]:
    piece = told.subquery()
    return (
        select(*OF_MESSAGE)
        .select_from(
            piece.join(message, message.c.notice_id == piece.c.id)
            .join(contact, contact.c.id == message.c.contact_id)
            .join(subscription, subscription.c.id == piece.c.subscription_id)
        )
        .order_by(piece.c.subscription_id)
    )


def _last_told() -> Select[Any]:
    told = (
        select(notice.c.id, notice.c.subscription_id)
        .where(OF_RESTOCK, TOLD)
        .order_by(notice.c.subscription_id.desc())
        .limit(bindparam("limit", type_=Integer()))
    )
    # Such an edit reads the stock when it leaves: a second one would have nothing to add.
    waiting = exists().where(notice.c.subject == message.c.subject, OPEN)
    return _messages(told).where(message.c.says == bindparam("says"), ~waiting)


OF_RESTOCK = notice.c.restock_id == bindparam("restock")
LAST_TOLD = _last_told()
UNFINISHED = (
    select(*restocks.COLUMNS)
    .where(restock.c.closed_at.is_not(None), restock.c.corrected_at.is_(None))
    .order_by(restock.c.id)
    .limit(1)
)
UNFINISHED_ONE = UNFINISHED.where(restock.c.id == bindparam("wanted"))


async def unfinished(tx: Tx, restock_id: int | None = None) -> Restock | None:
    """A closed restock (or that one) that has not ended yet for all who were told."""
    if restock_id is None:
        row = (await tx.execute(UNFINISHED)).first()
    else:
        row = (await tx.execute(UNFINISHED_ONE, {"wanted": restock_id})).first()
    return None if row is None else restocks.of(row)


async def next_piece(tx: Tx, current: Restock, limit: int) -> tuple[int, int] | None:
    """From and to which place in line the next `limit` told stand; None: there are no more."""
    piece = (
        select(notice.c.subscription_id)
        .where(notice.c.restock_id == current.id, notice.c.subscription_id > current.cursor)
        .order_by(notice.c.subscription_id)
        .limit(limit)
        .subquery()
    )
    last = (await tx.execute(select(func.max(piece.c.subscription_id)))).scalar_one()
    return None if last is None else (current.cursor + 1, int(last))


MESSAGES_BETWEEN = _messages(
    select(notice.c.id, notice.c.subscription_id).where(
        OF_RESTOCK,
        notice.c.subscription_id.between(bindparam("first"), bindparam("last")),
        TOLD,
    )
)


async def messages_between(tx: Tx, restock_id: int, places: tuple[int, int]) -> list[Told]:
    """What those see who were told at these places of the line, as `last_told` gives it."""
    asked = {"restock": restock_id, "first": places[0], "last": places[1]}
    return [_told(row) for row in (await tx.execute(MESSAGES_BETWEEN, asked)).all()]


async def finished(tx: Tx, restock_id: int, now: datetime) -> None:
    """The closed restock has ended for all who were told."""
    await tx.execute(update(restock).where(restock.c.id == restock_id).values(corrected_at=now))


async def hurry(tx: Tx, product_id: int, now: datetime) -> None:
    """The edits that wait until their message may change again need not wait any longer."""
    await tx.execute(
        update(notice)
        .where(QUEUED, IS_LIVING, notice.c.due_at > now, notice.c.product_id == product_id)
        .values(due_at=now)
    )


async def hush(tx: Tx, person_id: int, subscription_id: int, now: datetime) -> None:
    """The customer has answered: the edits that are queued for the messages are not wanted."""
    theirs = select(contact.c.id).where(contact.c.person_id == person_id)
    await tx.execute(
        update(notice)
        .where(
            QUEUED,
            IS_LIVING,
            notice.c.contact_id.in_(theirs),
            notice.c.subscription_id == subscription_id,
        )
        .values(
            state=NoticeState.DROPPED.value,
            reason=SettleReason.UNSUBSCRIBED.value,
            settled_at=now,
        )
    )
