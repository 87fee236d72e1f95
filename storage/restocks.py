"""Restocks: one open one per SKU at most, with a cursor in the line."""

from collections.abc import Collection, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BindParameter,
    Integer,
    Select,
    bindparam,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)

from bot.domain.notices import NoticeState
from bot.domain.restocking import CloseReason, Restock
from storage import lines, positions
from storage.tables import notice, product, restock
from storage.tx import Tx
from storage.types import AnyRow

OUTSTANDING = notice.c.settled_at.is_(None)  # as the partial index has it
COLUMNS = tuple(restock.c[field.name] for field in fields(Restock))
WANTED: Any = bindparam("wanted")
OPEN_ONE = select(*COLUMNS).where(restock.c.product_id == WANTED, restock.c.closed_at.is_(None))
BY_IDS = select(*COLUMNS).where(restock.c.id.in_(bindparam("wanted", expanding=True)))
START = insert(restock).returning(*COLUMNS)
SET_CURSOR = update(restock).where(restock.c.id == WANTED).values(cursor=bindparam("to"))
DUE_OF_RESTOCK = select(func.count()).where(
    notice.c.restock_id == WANTED, OUTSTANDING, notice.c.due_at <= bindparam("now")
)
OF_RESTOCK = select(notice.c.id).where(notice.c.restock_id == WANTED)
# Counted inside a LIMIT: beyond the bound the number does not matter, and a line may be long.
WRITTEN = select(func.count()).select_from(
    OF_RESTOCK.limit(bindparam("most", type_=Integer())).subquery()
)


def of(row: AnyRow) -> Restock:
    """The restock in a row that was selected with COLUMNS."""
    cells = row._mapping
    reason = cells["close_reason"]
    return Restock(**{**cells, "close_reason": CloseReason(reason) if reason else None})


async def open_one(tx: Tx, product_id: int) -> Restock | None:
    """The open restock of the SKU, if any."""
    row = (await tx.execute(OPEN_ONE, {"wanted": product_id})).first()
    return None if row is None else of(row)


async def by_ids(tx: Tx, restock_ids: Collection[int]) -> dict[int, Restock]:
    rows = await tx.execute(BY_IDS, {"wanted": list(restock_ids)})
    return {row.id: of(row) for row in rows.all()}


async def by_id(tx: Tx, restock_id: int) -> Restock:
    return of((await tx.execute(select(*COLUMNS).where(restock.c.id == restock_id))).one())


async def newest(tx: Tx, product_id: int) -> Restock | None:
    statement = (
        select(*COLUMNS)
        .where(restock.c.product_id == product_id)
        .order_by(restock.c.id.desc())
        .limit(1)
    )
    row = (await tx.execute(statement)).first()
    return None if row is None else of(row)


async def start(tx: Tx, product_id: int, move_id: int | None, now: datetime) -> Restock:
    values = {"product_id": product_id, "move_id": move_id, "cursor": 0, "opened_at": now}
    return of((await tx.execute(START, values)).one())


async def set_cursor(tx: Tx, restock_id: int, cursor: int) -> None:
    await tx.execute(SET_CURSOR, {"wanted": restock_id, "to": cursor})


async def close(tx: Tx, restock_id: int, reason: CloseReason, now: datetime) -> None:
    await tx.execute(
        update(restock)
        .where(restock.c.id == restock_id)
        .values(closed_at=now, close_reason=reason.value)
    )


async def outstanding(tx: Tx, restock_id: int, now: datetime) -> int:
    """Notices of the restock that are due or on the wire; a chat that is held holds up nobody."""
    asked = {"wanted": restock_id, "now": now}
    return int((await tx.execute(DUE_OF_RESTOCK, asked)).scalar_one())


async def written(tx: Tx, restock_id: int, most: int) -> int:
    """Notices of the restock, whatever became of them; counted up to `most`."""
    return int((await tx.execute(WRITTEN, {"wanted": restock_id, "most": most})).scalar_one())


async def idle(tx: Tx) -> Sequence[int]:
    """Product ids of open restocks that wait for nothing: their next step may be due."""
    busy = exists().where(notice.c.restock_id == restock.c.id, OUTSTANDING)
    statement = select(restock.c.product_id).where(restock.c.closed_at.is_(None), ~busy)
    return [int(row.product_id) for row in (await tx.execute(statement)).all()]


async def counts(tx: Tx, restock_id: int) -> dict[NoticeState, int]:
    """How many notices of the restock are in each state."""
    statement = (
        select(notice.c.state, func.count())
        .where(notice.c.restock_id == restock_id)
        .group_by(notice.c.state)
    )
    return {NoticeState(state): int(n) for state, n in (await tx.execute(statement)).all()}


def _unannounced() -> Select[tuple[int]]:
    available = positions.to_customers(product.c.id)
    out_level: BindParameter[int] = bindparam("out_level")
    is_open = exists().where(restock.c.product_id == product.c.id, restock.c.closed_at.is_(None))
    waits = exists().where(lines.to_tell(product.c.id, available))
    closes = is_open & ~((available > out_level) & product.c.active)
    # Whether anybody waits comes first: for most SKUs nobody does, and no stock is added up.
    opens = ~is_open & product.c.active & waits & (available > out_level)
    limit = bindparam("limit", type_=Integer())
    return select(product.c.id).where(or_(closes, opens)).order_by(product.c.id).limit(limit)


UNANNOUNCED = _unannounced()


async def unannounced(tx: Tx, out_level: int, limit: int) -> Sequence[int]:
    """SKUs whose open restock is over, or that should have one: domain.restocking.judge says
    `closes` or `opens` of each, a test holds both together."""
    rows = await tx.execute(UNANNOUNCED, {"out_level": out_level, "limit": limit})
    return [int(row.id) for row in rows.all()]


async def opened_since(tx: Tx, since: datetime) -> int:
    statement = select(func.count()).select_from(restock).where(restock.c.opened_at >= since)
    return int((await tx.execute(statement)).scalar_one())
