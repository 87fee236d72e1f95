"""The inbox: what arrived, kept before it is acknowledged, worked off in order per sender.

A row is unfinished while `finished_at` is null, whatever its state; the partial indexes of the
table hold exactly these rows, so a long history of keys costs a claim nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.inbox import Arrival, InboxState
from storage.dialect import insert_ignore
from storage.tables import inbox
from storage.types import AnyRow
from storage.vault import Vault

UNFINISHED = inbox.c.finished_at.is_(None)
DEAD = inbox.c.state == InboxState.DEAD.value
NOBODY = b""  # the sender of what is finished: its index would outlive a person who is forgotten


@dataclass(frozen=True, slots=True)
class Claimed:
    """An arrival in a worker's hands. `payload` is sealed: Vault.open may raise, in the worker."""

    id: int
    source: str
    key: str
    payload: bytes
    attempts: int  # this one included
    received_at: datetime


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """An arrival that was given up; its payload is kept for a replay."""

    id: int
    source: str
    key: str
    error: str
    attempts: int
    received_at: datetime
    died_at: datetime


async def put(
    tx: AsyncConnection, vault: Vault, *, source: str, key: str, sender: str, payload: str,
    now: datetime,
) -> Arrival:  # fmt: skip
    """Keep what arrived; a key that came before from this source is not kept again.

    `sender` is whose order matters (a chat or user id); it and the payload are stored sealed.
    """
    values = {
        "source": source,
        "key": key,
        "sender": vault.index(source, sender),
        "payload": vault.seal(payload),
        "state": InboxState.PENDING.value,
        "received_at": now,
        "due_at": now,
    }
    statement = insert_ignore(tx, inbox, values).returning(inbox.c.id)
    new = (await tx.execute(statement)).first()
    return Arrival.REPEATED if new is None else Arrival.NEW


async def claim(tx: AsyncConnection, now: datetime, lease: timedelta) -> Claimed | None:
    """Take the next due arrival whose sender has no earlier unfinished one.

    One that is in the hands of a worker comes back when its lease ends.
    """
    earlier = inbox.alias("earlier")
    waits_for_another = exists().where(
        earlier.c.sender == inbox.c.sender,
        earlier.c.finished_at.is_(None),
        earlier.c.id < inbox.c.id,
    )
    statement = (
        select(inbox)
        .where(
            UNFINISHED,
            inbox.c.due_at <= now,
            or_(inbox.c.lease_until.is_(None), inbox.c.lease_until <= now),
            ~waits_for_another,
        )
        .order_by(inbox.c.due_at, inbox.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    row = (await tx.execute(statement)).first()
    if row is None:
        return None
    attempts = row.attempts + 1
    await _change(
        tx, row.id, state=InboxState.WORKING.value, lease_until=now + lease, attempts=attempts
    )
    return Claimed(row.id, row.source, row.key, row.payload, attempts, row.received_at)


async def _change(tx: AsyncConnection, arrival_id: int, **values: Any) -> None:
    await tx.execute(update(inbox).where(inbox.c.id == arrival_id).values(**values))


async def done(tx: AsyncConnection, arrival_id: int, now: datetime) -> None:
    """Finished: payload and sender are wiped, the key stays and turns repetitions away."""
    await _change(
        tx, arrival_id, state=InboxState.DONE.value, payload=None, error=None, sender=NOBODY,
        lease_until=None, finished_at=now,
    )  # fmt: skip


async def retry(
    tx: AsyncConnection, vault: Vault, arrival_id: int, error: str, due_at: datetime, *,
    counts: bool = True,
) -> None:  # fmt: skip
    """It failed; it keeps its sender's later arrivals waiting until it is due again.

    `counts` False gives the attempt back: it was no fault of the arrival.
    """
    await _change(
        tx, arrival_id, state=InboxState.PENDING.value, error=vault.seal(error), due_at=due_at,
        lease_until=None, attempts=inbox.c.attempts - (0 if counts else 1),
    )  # fmt: skip


async def dead(
    tx: AsyncConnection, vault: Vault, arrival_id: int, error: str, now: datetime
) -> None:
    """Given up: the payload is kept for a replay, and the sender's next arrival goes on."""
    await _change(
        tx, arrival_id, state=InboxState.DEAD.value, error=vault.seal(error), lease_until=None,
        finished_at=now,
    )  # fmt: skip


async def release_orphans(tx: AsyncConnection, now: datetime) -> int:
    """At the start of the only worker: what is being worked on belonged to one that died."""
    statement = update(inbox).where(UNFINISHED, inbox.c.lease_until > now).values(lease_until=now)
    return int((await tx.execute(statement)).rowcount)


async def next_due(tx: AsyncConnection) -> datetime | None:
    """When the next unfinished arrival falls due (or its lease ends); None when there is none."""
    moment = func.min(func.coalesce(inbox.c.lease_until, inbox.c.due_at), type_=inbox.c.due_at.type)
    due: datetime | None = (await tx.execute(select(moment).where(UNFINISHED))).scalar_one()
    return due


async def count_by_state(tx: AsyncConnection) -> dict[InboxState, int]:
    statement = select(inbox.c.state, func.count()).group_by(inbox.c.state)
    found = {state: int(n) for state, n in (await tx.execute(statement)).all()}
    return {state: found.get(state.value, 0) for state in InboxState}


async def dead_letters(tx: AsyncConnection, vault: Vault, limit: int) -> list[DeadLetter]:
    """What was given up, newest first."""
    statement = select(inbox).where(DEAD).order_by(inbox.c.finished_at.desc(), inbox.c.id.desc())
    return [_letter(vault, row) for row in (await tx.execute(statement.limit(limit))).all()]


def _letter(vault: Vault, row: AnyRow) -> DeadLetter:
    error = "" if row.error is None else vault.open(row.error)
    return DeadLetter(
        row.id, row.source, row.key, error, row.attempts, row.received_at, row.finished_at
    )


async def replay(tx: AsyncConnection, arrival_id: int, now: datetime) -> bool:
    """Work on a dead letter again; False if it is none."""
    statement = (
        update(inbox)
        .where(inbox.c.id == arrival_id, DEAD)
        .values(state=InboxState.PENDING.value, attempts=0, due_at=now, finished_at=None)
    )
    return int((await tx.execute(statement)).rowcount) == 1


async def forget_sender(
    tx: AsyncConnection, vault: Vault, source: str, sender: str, now: datetime
) -> int:
    """Wipe the person's dead letters, keeping their keys; returns how many there were."""
    statement = (
        update(inbox)
        .where(DEAD, inbox.c.sender.in_(vault.indexes(source, sender)))
        .values(
            state=InboxState.DONE.value, payload=None, error=None, sender=NOBODY, finished_at=now
        )
    )
    return int((await tx.execute(statement)).rowcount)


async def purge(tx: AsyncConnection, before: datetime) -> int:
    """Delete the keys of what was done before; platforms repeat deliveries for a day at most."""
    statement = delete(inbox).where(
        inbox.c.state == InboxState.DONE.value, inbox.c.finished_at < before
    )
    return int((await tx.execute(statement)).rowcount)


async def rotate(tx: AsyncConnection, vault: Vault, limit: int) -> int:
    """Seal up to `limit` payloads anew that another key than the first sealed."""
    rows = await _sealed_by_others(tx, vault, limit)
    for row in rows:
        error = None if row.error is None else vault.seal(vault.open(row.error))
        await _change(tx, row.id, payload=vault.seal(vault.open(row.payload)), error=error)
    return len(rows)


async def _sealed_by_others(tx: AsyncConnection, vault: Vault, limit: int) -> Sequence[AnyRow]:
    header = func.substr(inbox.c.payload, 1, len(vault.header), type_=inbox.c.payload.type)
    statement = select(inbox).where(inbox.c.payload.is_not(None), header != vault.header)
    return (await tx.execute(statement.limit(limit).with_for_update())).all()
