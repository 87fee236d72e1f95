"""The SKUs whose rules are to be judged."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache

from sqlalchemy import Delete, Integer, bindparam, case, delete, exists, select, tuple_
from sqlalchemy.sql.elements import ColumnElement

from storage.dialect import upsert
from storage.tables import OPEN_ALERT, alert, dirty
from storage.topics import Topic, bring
from storage.tx import Tx

Candidate = Callable[[ColumnElement[int]], ColumnElement[bool]]


async def mark(tx: Tx, product_id: int, now: datetime) -> None:
    """Ask for the SKU's rules to be judged after this transaction."""
    bring(Topic.STOCK)
    marking = upsert(tx, dirty, ("product_id",), ("marked_at",))
    await tx.execute(marking, {"product_id": product_id, "marked_at": now})


NEXT = (
    select(dirty.c.product_id, dirty.c.batch_id)
    .order_by(case((dirty.c.batch_id.is_(None), 0), else_=1), dirty.c.product_id)
    .limit(bindparam("limit", type_=Integer()))
)


async def following(tx: Tx, limit: int) -> dict[int, int | None]:
    """The next SKUs to judge, with the bulk change that marked them; what people moved goes before
    what a bulk change moved."""
    rows = await tx.execute(NEXT, {"limit": limit})
    return {row.product_id: row.batch_id for row in rows.all()}


UNMARK = delete(dirty).where(dirty.c.product_id.in_(bindparam("wanted", expanding=True)))


async def unmark(tx: Tx, product_ids: Sequence[int]) -> None:
    if product_ids:
        await tx.execute(UNMARK, {"wanted": list(product_ids)})


@cache
def _unmark_quiet(candidates: tuple[Candidate, ...]) -> Delete:
    seen = dirty.alias("seen")
    alerted = exists().where(alert.c.product_id == seen.c.product_id, OPEN_ALERT)
    for_none = [~is_one(seen.c.product_id) for is_one in candidates]
    quiet = select(seen.c.product_id, seen.c.marked_at).where(*for_none, ~alerted)
    # With the time: who marks it anew meanwhile has moved stock that this statement does not see.
    return delete(dirty).where(tuple_(dirty.c.product_id, dirty.c.marked_at).in_(quiet))


async def unmark_quiet(
    tx: Tx, candidates: Sequence[Candidate], values: dict[str, int | str | bool | None]
) -> None:
    """Forget the marks of SKUs that have no alert open and are a candidate of no kind.

    After an import these are nearly all, and one statement passes them by. `values` are the
    parameters of the candidates.
    """
    await tx.execute(_unmark_quiet(tuple(candidates)), values)
