"""The next notices of a line, written by one statement however many they are."""

from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Executable, Integer, String, bindparam, cast, select

from bot.domain.notices import Lane, NoticeKind, NoticeState
from bot.domain.restocking import Restock
from storage.dialect import INSERTS
from storage.lines import TO_TELL, WRITTEN
from storage.reach import chosen
from storage.tables import notice, subscription
from storage.topics import Topic, bring
from storage.tx import Tx


async def tell_next(
    tx: Tx,
    current: Restock,
    *,
    available: int,
    limit: int,
    prefix: str,
    payload: dict[str, Any],
    now: datetime,
) -> list[int]:
    """Write the notices of the next `limit` behind the restock's cursor that it has none for yet.

    `prefix` and the subscription's id make key and subject. Returns the subscriptions, in order.
    """
    asked = {
        "product": current.product_id,
        "restock": current.id,
        "cursor": current.cursor,
        "available": available,
        "limit": limit,
        "prefix": prefix,
        "what": payload,
        "now": now,
    }
    rows = (await tx.execute(_statement(tx.dialect.name), asked)).all()
    if rows:
        bring(Topic.NOTICE)
    return sorted(int(row.subscription_id) for row in rows)


@cache
def _statement(dialect: str) -> Executable:
    named = bindparam("prefix", type_=String()) + cast(subscription.c.id, String)
    now = bindparam("now", type_=notice.c.created_at.type)
    written: dict[str, Any] = {
        "kind": bindparam("kind", NoticeKind.RESTOCK.value, String()),
        "key": named,
        "contact_id": chosen(subscription.c.person_id).scalar_subquery(),
        "lane": bindparam("lane", int(Lane.RESTOCK), Integer()),
        "subject": named,
        "payload": bindparam("what", type_=notice.c.payload.type),
        "product_id": subscription.c.product_id,
        "restock_id": bindparam("restock", type_=notice.c.restock_id.type),
        "subscription_id": subscription.c.id,
        "state": bindparam("state", NoticeState.QUEUED.value, String()),
        "due_at": now,
        "created_at": now,
    }
    line = (
        select(*(value.label(f"n_{name}") for name, value in written.items()))
        # ~WRITTEN, not the unique index alone: a second look from the head of the line must fill
        # the limit with others, not spend it on those who are told already.
        .where(TO_TELL, subscription.c.id > bindparam("cursor"), ~WRITTEN)
        .order_by(subscription.c.id)
        .limit(bindparam("limit", type_=Integer()))
    )
    insert = INSERTS[dialect](notice).from_select(list(written), line)
    # What two processes write at once is written once.
    return insert.on_conflict_do_nothing().returning(notice.c.subscription_id)
