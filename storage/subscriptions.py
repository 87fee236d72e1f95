"""The lines of those who wait."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Executable,
    and_,
    bindparam,
    exists,
    func,
    insert,
    select,
    true,
    update,
)

from bot.domain.batches import Piece
from bot.domain.stock import in_stock
from bot.domain.subscriptions import EndReason, StoredSubscription, SubscriptionState
from storage.reach import chosen, reachable
from storage.staging import LEADS, of_piece
from storage.tables import dirty, notice, product, stage, subscription
from storage.tx import Tx
from storage.types import AnyRow

LIVE = subscription.c.state != SubscriptionState.ENDED.value
WAITING = subscription.c.state == SubscriptionState.WAITING.value
REACHABLE = reachable(subscription.c.person_id)

WANTED: Any = bindparam("wanted")
IN_WANTED: Any = bindparam("wanted", expanding=True)
OF_PRODUCT = subscription.c.product_id == bindparam("product")
BY_ID = select(subscription).where(subscription.c.id == WANTED)
BY_IDS = select(subscription).where(subscription.c.id.in_(IN_WANTED))
STATES = select(subscription.c.id, subscription.c.state).where(subscription.c.id.in_(IN_WANTED))
PLACE = select(func.count()).where(OF_PRODUCT, WAITING, subscription.c.id <= WANTED)
WAITING_BY_PRODUCT = (
    select(subscription.c.product_id, func.count())
    .where(subscription.c.product_id.in_(IN_WANTED), WAITING)
    .group_by(subscription.c.product_id)
)


async def add(
    tx: Tx,
    *,
    person_id: int,
    product_id: int,
    quantity: int,
    armed: bool,
    key: str,
    now: datetime,
) -> int:
    """Put the person at the end of the line; returns the subscription's id."""
    statement = insert(subscription).values(
        person_id=person_id,
        product_id=product_id,
        quantity=quantity,
        state=SubscriptionState.WAITING.value,
        armed=armed,
        key=key,
        created_at=now,
        updated_at=now,
    )
    return int((await tx.execute(statement.returning(subscription.c.id))).scalar_one())


def _stored(row: AnyRow) -> StoredSubscription:
    return StoredSubscription(
        id=row.id,
        person_id=row.person_id,
        product_id=row.product_id,
        quantity=row.quantity,
        state=SubscriptionState(row.state),
        armed=row.armed,
        reason=row.reason,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


async def _one(
    tx: Tx, statement: Executable, asked: dict[str, Any] | None = None
) -> StoredSubscription | None:
    row = (await tx.execute(statement, asked)).first()
    return None if row is None else _stored(row)


async def _all(
    tx: Tx, statement: Executable, asked: dict[str, Any] | None = None
) -> list[StoredSubscription]:
    return [_stored(row) for row in (await tx.execute(statement, asked)).all()]


async def by_id(tx: Tx, subscription_id: int) -> StoredSubscription | None:
    return await _one(tx, BY_ID, {"wanted": subscription_id})


async def by_ids(tx: Tx, subscription_ids: Collection[int]) -> dict[int, StoredSubscription]:
    found = await _all(tx, BY_IDS, {"wanted": list(subscription_ids)})
    return {one.id: one for one in found}


async def states(tx: Tx, subscription_ids: Collection[int]) -> dict[int, SubscriptionState]:
    rows = await tx.execute(STATES, {"wanted": list(subscription_ids)})
    return {row.id: SubscriptionState(row.state) for row in rows.all()}


async def by_key(tx: Tx, key: str) -> StoredSubscription | None:
    return await _one(tx, select(subscription).where(subscription.c.key == key))


async def live(tx: Tx, person_id: int, product_id: int) -> StoredSubscription | None:
    """The one subscription of this person for this SKU that has not ended."""
    statement = select(subscription).where(
        subscription.c.person_id == person_id, subscription.c.product_id == product_id, LIVE
    )
    return await _one(tx, statement)


async def newest(tx: Tx, person_id: int, product_id: int) -> StoredSubscription | None:
    """The person's last subscription for this SKU, live or ended."""
    statement = (
        select(subscription)
        .where(subscription.c.person_id == person_id, subscription.c.product_id == product_id)
        .order_by(subscription.c.id.desc())
        .limit(1)
    )
    return await _one(tx, statement)


async def of_person(tx: Tx, person_id: int) -> list[StoredSubscription]:
    """The person's live subscriptions, oldest first."""
    statement = (
        select(subscription)
        .where(subscription.c.person_id == person_id, LIVE)
        .order_by(subscription.c.id)
    )
    return await _all(tx, statement)


async def all_of_person(tx: Tx, person_id: int) -> list[StoredSubscription]:
    """Every subscription of the person, ended ones too, oldest first."""
    statement = (
        select(subscription)
        .where(subscription.c.person_id == person_id)
        .order_by(subscription.c.id)
    )
    return await _all(tx, statement)


async def stopped_with(tx: Tx, person_id: int, first_id: int) -> list[StoredSubscription]:
    """What ended at the same instant as `first_id` by the same /stop."""
    first = subscription.alias("first")
    statement = (
        select(subscription)
        .join(first, first.c.updated_at == subscription.c.updated_at)
        .where(
            first.c.id == first_id,
            first.c.person_id == person_id,
            subscription.c.person_id == person_id,
            subscription.c.state == SubscriptionState.ENDED.value,
            subscription.c.reason == EndReason.STOPPED.value,
        )
        .order_by(subscription.c.id)
    )
    return await _all(tx, statement)


async def count_of_person(tx: Tx, person_id: int) -> int:
    statement = select(func.count()).where(subscription.c.person_id == person_id, LIVE)
    return int((await tx.execute(statement)).scalar_one())


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


async def set_state(
    tx: Tx,
    subscription_id: int,
    state: SubscriptionState,
    now: datetime,
    *,
    reason: EndReason | None = None,
    armed: bool | None = None,
) -> None:
    values: dict[str, Any] = {
        "state": state.value,
        "reason": reason.value if reason else "",
        "updated_at": now,
    }
    if armed is not None:
        values["armed"] = armed
    await tx.execute(
        update(subscription).where(subscription.c.id == subscription_id).values(**values)
    )


TOLD = (
    update(subscription)
    .where(subscription.c.id.in_(IN_WANTED), WAITING)
    .values(state=SubscriptionState.TOLD.value, reason="", updated_at=bindparam("now"))
)


async def told(tx: Tx, subscription_ids: Collection[int], now: datetime) -> None:
    """Those of them that still wait were told."""
    await tx.execute(TOLD, {"wanted": list(subscription_ids), "now": now})


async def set_quantity(
    tx: Tx, subscription_id: int, quantity: int, armed: bool, now: datetime
) -> None:
    await tx.execute(
        update(subscription)
        .where(subscription.c.id == subscription_id)
        .values(quantity=quantity, armed=armed, updated_at=now)
    )


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


async def older_than(tx: Tx, limit: datetime, count: int) -> list[StoredSubscription]:
    """Live subscriptions that were last touched before `limit`."""
    statement = (
        select(subscription)
        .where(LIVE, subscription.c.updated_at < limit)
        .order_by(subscription.c.id)
        .limit(count)
    )
    return await _all(tx, statement)


async def told_at(tx: Tx, subscription_ids: Collection[int]) -> dict[int, int]:
    """Contact ids to tell their persons at, of those that can be told."""
    where = chosen(subscription.c.person_id).scalar_subquery().label("told_at")
    statement = select(subscription.c.id, where).where(subscription.c.id.in_(subscription_ids))
    rows = (await tx.execute(statement)).all()
    return {int(row.id): int(row.told_at) for row in rows if row.told_at is not None}


async def end_all(tx: Tx, person_ids: Collection[int], reason: EndReason, now: datetime) -> int:
    """End every live subscription of these persons; returns how many."""
    statement = (
        update(subscription)
        .where(subscription.c.person_id.in_(person_ids), LIVE)
        .values(state=SubscriptionState.ENDED.value, reason=reason.value, updated_at=now)
    )
    return int((await tx.execute(statement)).rowcount)


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
