"""The lines of those who wait for a SKU: who is told next, who is armed, who is back in line."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, bindparam, exists, func, select, true, update

from bot.domain.batches import Piece
from bot.domain.stock import in_stock
from bot.domain.subscriptions import SubscriptionState
from storage.reach import chosen, reachable
from storage.staging import LEADS, of_piece
from storage.subscriptions import IN_WANTED, LIVE, WANTED
from storage.tables import dirty, notice, product, stage, subscription
from storage.tx import Tx

WAITING = subscription.c.state == SubscriptionState.WAITING.value
REACHABLE = reachable(subscription.c.person_id)
OF_PRODUCT = subscription.c.product_id == bindparam("product")
# The place is how many stand before it: a stored number would have to be changed for the whole line
# when somebody leaves.
PLACE = select(func.count()).where(OF_PRODUCT, WAITING, subscription.c.id <= WANTED)
WAITING_BY_PRODUCT = (
    select(subscription.c.product_id, func.count())
    .where(subscription.c.product_id.in_(IN_WANTED), WAITING)
    .group_by(subscription.c.product_id)
)


async def place(tx: Tx, product_id: int, subscription_id: int) -> int:
    """The place in the line, from 1; paused ones before it do not count."""
    asked = {"product": product_id, "wanted": subscription_id}
    return int((await tx.execute(PLACE, asked)).scalar_one())


async def count_by_state(tx: Tx, product_id: int) -> dict[str, int]:
    statement = (
        select(subscription.c.state, func.count())
        .where(subscription.c.product_id == product_id)
        .group_by(subscription.c.state)
    )
    return {state: int(n) for state, n in (await tx.execute(statement)).all()}


async def waiting_by_product(tx: Tx, product_ids: Sequence[int]) -> dict[int, int]:
    """How many wait for each of these SKUs."""
    rows = await tx.execute(WAITING_BY_PRODUCT, {"wanted": list(product_ids)})
    return {int(product_id): int(n) for product_id, n in rows.all()}


TOLD = (
    update(subscription)
    .where(subscription.c.id.in_(IN_WANTED), WAITING)
    .values(state=SubscriptionState.TOLD.value, reason="", updated_at=bindparam("now"))
)


async def told(tx: Tx, subscription_ids: Collection[int], now: datetime) -> None:
    """Those of them that still wait were told."""
    await tx.execute(TOLD, {"wanted": list(subscription_ids), "now": now})


def to_tell(product_id: ColumnElement[int], available: ColumnElement[int]) -> ColumnElement[bool]:
    """Who is told when so many units can be bought: armed, waiting, content, reachable."""
    return and_(
        subscription.c.product_id == product_id,
        WAITING,
        subscription.c.armed == true(),
        subscription.c.quantity <= available,
        REACHABLE,
    )


TO_TELL = to_tell(bindparam("product"), bindparam("available"))
SOMEBODY_WAITS = select(exists().where(TO_TELL))
WRITTEN = exists().where(
    notice.c.restock_id == bindparam("restock"), notice.c.subscription_id == subscription.c.id
)
COUNT_TO_TELL = select(func.count()).where(TO_TELL, ~WRITTEN)


async def somebody_waits(tx: Tx, product_id: int, available: int) -> bool:
    asked = {"product": product_id, "available": available}
    return bool((await tx.execute(SOMEBODY_WAITS, asked)).scalar_one())


async def count_to_tell(tx: Tx, product_id: int, restock_id: int, available: int) -> int:
    """How many of the line the restock still has to tell and has not begun to."""
    asked = {"product": product_id, "available": available, "restock": restock_id}
    return int((await tx.execute(COUNT_TO_TELL, asked)).scalar_one())


async def products_of_piece(tx: Tx, piece: Piece) -> Sequence[int]:
    """The SKUs that this piece of a bulk change marked dirty and that anybody has a live
    subscription for."""
    subscribed = exists().where(subscription.c.product_id == product.c.id, LIVE)
    marked = exists().where(dirty.c.product_id == product.c.id, dirty.c.batch_id == piece.batch_id)
    statement = (
        select(product.c.id)
        .join(stage, stage.c.sku_key == product.c.sku_key)
        .where(of_piece(piece), LEADS, subscribed, marked)
        .order_by(product.c.id)
    )
    return [int(row.id) for row in (await tx.execute(statement)).all()]


WATCHERS = (
    select(subscription.c.id, chosen(subscription.c.person_id).scalar_subquery().label("told_at"))
    .where(OF_PRODUCT, WAITING, subscription.c.armed != true(), REACHABLE)
    .order_by(subscription.c.id)
)


async def watchers(tx: Tx, product_id: int) -> list[tuple[int, int]]:
    """(subscription id, contact id to tell them at) of those who subscribed while it was in stock
    and have not seen it go yet."""
    rows = (await tx.execute(WATCHERS, {"product": product_id})).all()
    return [(int(row.id), int(row.told_at)) for row in rows]


ARM = (
    update(subscription)
    .where(
        OF_PRODUCT,
        LIVE,
        subscription.c.armed != true(),
        subscription.c.quantity > bindparam("least"),
    )
    .values(armed=True)
)


async def arm(tx: Tx, product_id: int, *, available: int, out_level: int) -> None:
    """Whoever cannot buy what they want now is told at the next arrival."""
    # no quantity is below 1: when it is out of stock everybody wants more than there is
    least = available if in_stock(available, out_level) else 0
    await tx.execute(ARM, {"product": product_id, "least": least})


RETURN = (
    update(subscription)
    .where(OF_PRODUCT, subscription.c.state == SubscriptionState.TOLD.value)
    .values(state=SubscriptionState.WAITING.value, armed=True, updated_at=bindparam("now"))
)
RETURN_SOME = RETURN.where(subscription.c.id.between(bindparam("first"), bindparam("last")))


async def return_to_line(
    tx: Tx, product_id: int, now: datetime, places: tuple[int, int] | None = None
) -> None:
    """Who was told and did not answer waits again, in the old place; `places`: of these only."""
    asked = {"product": product_id, "now": now}
    if places is None:
        await tx.execute(RETURN, asked)
    else:
        await tx.execute(RETURN_SOME, {**asked, "first": places[0], "last": places[1]})


async def most_wanted(tx: Tx, limit: int) -> Sequence[tuple[int, int]]:
    """(product id, how many wait for it to come back), the longest lines first."""
    count = func.count().label("waiting")
    statement = (
        select(subscription.c.product_id, count)
        .where(WAITING, subscription.c.armed == true())
        .group_by(subscription.c.product_id)
        .order_by(count.desc(), subscription.c.product_id)
        .limit(limit)
    )
    return [(int(p), int(n)) for p, n in (await tx.execute(statement)).all()]


async def count_waiting(tx: Tx) -> int:
    statement = select(func.count()).select_from(subscription).where(WAITING)
    return int((await tx.execute(statement)).scalar_one())
