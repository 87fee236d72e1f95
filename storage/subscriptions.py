"""What a person waits for. Those of one SKU together are its line: storage.lines."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Executable,
    bindparam,
    func,
    insert,
    select,
    update,
)

from bot.domain.joining import Half
from bot.domain.subscriptions import EndReason, StoredSubscription, SubscriptionState
from storage.reach import chosen
from storage.tables import subscription
from storage.tx import Tx
from storage.types import AnyRow

LIVE = subscription.c.state != SubscriptionState.ENDED.value

WANTED: Any = bindparam("wanted")
IN_WANTED: Any = bindparam("wanted", expanding=True)
BY_ID = select(subscription).where(subscription.c.id == WANTED)
BY_IDS = select(subscription).where(subscription.c.id.in_(IN_WANTED))
STATES = select(subscription.c.id, subscription.c.state).where(subscription.c.id.in_(IN_WANTED))


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
        .where(
            subscription.c.person_id == person_id,
            subscription.c.product_id == product_id,
            subscription.c.reason != EndReason.JOINED.value,
        )
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


async def set_quantity(
    tx: Tx, subscription_id: int, quantity: int, armed: bool, now: datetime
) -> None:
    await tx.execute(
        update(subscription)
        .where(subscription.c.id == subscription_id)
        .values(quantity=quantity, armed=armed, updated_at=now)
    )


async def older_than(tx: Tx, limit: datetime, count: int) -> list[StoredSubscription]:
    """Live subscriptions that were last touched before `limit`."""
    statement = (
        select(subscription)
        .where(LIVE, subscription.c.updated_at < limit)
        .order_by(subscription.c.id)
        .limit(count)
    )
    return await _all(tx, statement)


async def remake(tx: Tx, subscription_id: int, half: Half, now: datetime) -> None:
    """It is like this from now on, and not ended."""
    values = {"quantity": half.quantity, "state": half.state.value, "armed": half.armed}
    this = update(subscription).where(subscription.c.id == subscription_id)
    await tx.execute(this.values(values | {"reason": "", "updated_at": now}))


async def give(tx: Tx, subscription_ids: Collection[int], owner: int, to: int) -> None:
    """These subscriptions of `owner` are those of `to`, each at its place."""
    theirs = (subscription.c.id.in_(subscription_ids), subscription.c.person_id == owner)
    await tx.execute(update(subscription).where(*theirs).values(person_id=to))


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
