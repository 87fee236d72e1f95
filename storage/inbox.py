"""The inbox: what arrived, kept before it is acknowledged, worked off in order per sender.

A row is unfinished while `finished_at` is null, whatever its state; the partial indexes of the
table hold exactly these rows, so a long history of keys costs a claim nothing.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, bindparam, delete, func, or_, select, update

from bot.domain.inbox import Arrival, DeadLetter, InboxState
from storage.dialect import insert_ignore
from storage.tables import inbox
from storage.topics import Topic, bring
from storage.tx import Tx
from storage.types import AnyRow, Instant
from storage.vault import Vault

UNFINISHED = inbox.c.finished_at.is_(None)
DEAD = inbox.c.state == InboxState.DEAD.value
LOOK_AHEAD = 4  # arrivals looked at for each that may be taken: some are of the same sender
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


async def put(
    tx: Tx,
    vault: Vault,
    *,
    source: str,
    key: str,
    sender: str,
    payload: str,
    now: datetime,
) -> Arrival:
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
    new = (await tx.execute(insert_ignore(tx, inbox, "id"), values)).first()
    bring(Topic.ARRIVAL)
    return Arrival.REPEATED if new is None else Arrival.NEW


def _due_heads() -> Select[Any]:
    """What may be taken: of each sender the first that is unfinished, if all of theirs are due.

    A sender of whom something is in work, or waits to be tried again, is passed over. It looks at
    no more senders than it must: one who sends thousands at once holds up nobody, nor the claim.
    """
    now, limit = bindparam("now", type_=Instant()), bindparam("limit", type_=Integer())
    free = or_(inbox.c.lease_until.is_(None), inbox.c.lease_until <= now)
    in_work = (inbox.c.state == InboxState.WORKING.value) & (inbox.c.lease_until > now)
    passed_over = [
        select(inbox.c.sender).where(UNFINISHED, which) for which in (in_work, inbox.c.due_at > now)
    ]
    oldest = (
        select(inbox.c.sender)
        .where(UNFINISHED, inbox.c.due_at <= now, free)
        .where(*(inbox.c.sender.not_in(senders) for senders in passed_over))
        .order_by(inbox.c.due_at, inbox.c.id)
        .limit(bindparam("look_at", type_=Integer()))
        .subquery()
    )
    senders = select(oldest.c.sender).distinct().subquery()
    # The first of a sender, not the first that is due: an order that is kept only for what is due
    # now would be none.
    open_ = inbox.alias("open")
    first = select(func.min(open_.c.id)).where(
        open_.c.sender == senders.c.sender, open_.c.finished_at.is_(None)
    )
    firsts = select(first.correlate(senders).scalar_subquery()).select_from(senders)
    return (
        select(inbox)
        .where(inbox.c.id.in_(firsts))
        .where(UNFINISHED, inbox.c.due_at <= now, free)  # still so, once the row is locked
        .order_by(inbox.c.due_at, inbox.c.id)
        .limit(limit)
    )


DUE_HEADS = _due_heads()
TAKE_HEADS = DUE_HEADS.with_for_update(skip_locked=True)


TAKE = (
    update(inbox)
    .where(inbox.c.id.in_(bindparam("wanted", expanding=True)))
    .values(
        state=InboxState.WORKING.value,
        lease_until=bindparam("until"),
        attempts=inbox.c.attempts + 1,
    )
)


def _at(now: datetime, limit: int) -> dict[str, Any]:
    return {"now": now, "limit": limit, "look_at": LOOK_AHEAD * limit}


async def any_due(tx: Tx, now: datetime) -> bool:
    """Whether a claim would find something; reads only."""
    return (await tx.execute(DUE_HEADS, _at(now, 1))).first() is not None


async def claim(tx: Tx, now: datetime, lease: timedelta, limit: int = 1) -> list[Claimed]:
    """Take up to `limit` due arrivals of as many senders, none of which has an earlier one open.

    One that is in the hands of a worker comes back when its lease ends.
    """
    taken: list[Claimed] = []
    # Again while there is room: one who sent very much fills what is looked at, and only when
    # that sender is in work the others behind come into sight.
    while len(taken) < limit:
        rows = (await tx.execute(TAKE_HEADS, _at(now, limit - len(taken)))).all()
        if not rows:
            break
        await tx.execute(TAKE, {"wanted": [row.id for row in rows], "until": now + lease})
        taken += [_claimed(row) for row in rows]
    return taken


def _claimed(row: AnyRow) -> Claimed:
    return Claimed(row.id, row.source, row.key, row.payload, row.attempts + 1, row.received_at)


async def renew(tx: Tx, held: Sequence[Claimed], now: datetime, lease: timedelta) -> None:
    """Keep what is still in work; what went to another worker meanwhile stays there."""
    for claimed in held:
        await _of_ours(tx, claimed, lease_until=now + lease)


async def _of_ours(tx: Tx, claimed: Claimed, **values: Any) -> bool:
    """Change it while it is in these hands: each claim counts one attempt more."""
    ours = (inbox.c.id == claimed.id, UNFINISHED, inbox.c.attempts == claimed.attempts)
    return int((await tx.execute(update(inbox).where(*ours).values(**values))).rowcount) == 1


DONE = (
    update(inbox)
    .where(inbox.c.id.in_(bindparam("wanted", expanding=True)))
    .values(
        state=InboxState.DONE.value,
        payload=None,
        error=None,
        sender=NOBODY,
        lease_until=None,
        finished_at=bindparam("now"),
    )
)


async def done(tx: Tx, arrival_ids: Collection[int], now: datetime) -> None:
    """Finished: payload and sender are wiped, the key stays and turns repetitions away."""
    if arrival_ids:
        await tx.execute(DONE, {"wanted": list(arrival_ids), "now": now})


async def retry(
    tx: Tx,
    vault: Vault,
    claimed: Claimed,
    error: str,
    due_at: datetime,
    *,
    counts: bool = True,
) -> None:
    """It failed; it keeps its sender's later arrivals waiting until it is due again.

    `counts` False gives the attempt back: it was no fault of the arrival.
    """
    await _of_ours(
        tx,
        claimed,
        state=InboxState.PENDING.value,
        error=vault.seal(error),
        due_at=due_at,
        lease_until=None,
        attempts=claimed.attempts - (0 if counts else 1),
    )


async def mend_times(tx: Tx, now: datetime, longest: datetime, leased: datetime) -> None:
    """After a clock that was ahead: see storage.notices."""
    late = update(inbox).where(UNFINISHED, inbox.c.due_at > longest)
    if (await tx.execute(late.values(due_at=now))).rowcount:
        bring(Topic.ARRIVAL)
    held = update(inbox).where(UNFINISHED, inbox.c.lease_until > leased)
    await tx.execute(held.values(lease_until=leased))


async def dead(tx: Tx, vault: Vault, claimed: Claimed, error: str, now: datetime) -> bool:
    """Given up: the payload is kept for a replay, and the sender's next arrival goes on.

    False when it is in another worker's hands by now.
    """
    return await _of_ours(
        tx,
        claimed,
        state=InboxState.DEAD.value,
        error=vault.seal(error),
        lease_until=None,
        finished_at=now,
    )


async def release_orphans(tx: Tx, now: datetime) -> int:
    """At the start of the only worker: what is being worked on belonged to one that died."""
    statement = update(inbox).where(UNFINISHED, inbox.c.lease_until > now).values(lease_until=now)
    return int((await tx.execute(statement)).rowcount)


async def count_by_state(tx: Tx) -> dict[InboxState, int]:
    statement = select(inbox.c.state, func.count()).group_by(inbox.c.state)
    found = {state: int(n) for state, n in (await tx.execute(statement)).all()}
    return {state: found.get(state.value, 0) for state in InboxState}


async def dead_letters(tx: Tx, vault: Vault, limit: int) -> list[DeadLetter]:
    """What was given up, newest first. Raises VaultError when no key opens a reason."""
    statement = select(inbox).where(DEAD).order_by(inbox.c.finished_at.desc(), inbox.c.id.desc())
    return [_letter(vault, row) for row in (await tx.execute(statement.limit(limit))).all()]


async def dead_letter(tx: Tx, vault: Vault, arrival_id: int) -> tuple[DeadLetter, str] | None:
    """One that was given up, with its payload; None if there is none of this number."""
    row = (await tx.execute(select(inbox).where(inbox.c.id == arrival_id, DEAD))).first()
    return None if row is None else (_letter(vault, row), vault.open(row.payload))


def _letter(vault: Vault, row: AnyRow) -> DeadLetter:
    error = "" if row.error is None else vault.open(row.error)
    return DeadLetter(
        row.id, row.source, row.key, error, row.attempts, row.received_at, row.finished_at
    )


async def replay(tx: Tx, arrival_id: int, now: datetime) -> bool:
    """Work on a dead letter again; False if it is none."""
    return await _replay(tx, DEAD & (inbox.c.id == arrival_id), now) == 1


async def replay_all(tx: Tx, now: datetime) -> int:
    """Work on all dead letters again, in the order in which they came; returns how many."""
    return await _replay(tx, DEAD, now)


async def _replay(tx: Tx, which: ColumnElement[bool], now: datetime) -> int:
    bring(Topic.ARRIVAL)
    again = {"state": InboxState.PENDING.value, "attempts": 0, "due_at": now, "finished_at": None}
    return int((await tx.execute(update(inbox).where(which).values(again))).rowcount)


async def forget_sender(tx: Tx, vault: Vault, source: str, sender: str, now: datetime) -> int:
    """Wipe the person's dead letters, keeping their keys; returns how many there were."""
    statement = (
        update(inbox)
        .where(DEAD, inbox.c.sender.in_(vault.indexes(source, sender)))
        .values(
            state=InboxState.DONE.value, payload=None, error=None, sender=NOBODY, finished_at=now
        )
    )
    return int((await tx.execute(statement)).rowcount)


async def purge(tx: Tx, before: datetime) -> int:
    """Delete the keys of what was done before; platforms repeat deliveries for a day at most."""
    statement = delete(inbox).where(
        inbox.c.state == InboxState.DONE.value, inbox.c.finished_at < before
    )
    return int((await tx.execute(statement)).rowcount)


async def rotate(tx: Tx, vault: Vault, limit: int) -> int:
    """Seal up to `limit` payloads anew that another key than the first sealed."""
    rows = await _sealed_by_others(tx, vault, limit)
    for row in rows:
        error = None if row.error is None else vault.seal(vault.open(row.error))
        sealed = {"payload": vault.seal(vault.open(row.payload)), "error": error}
        await tx.execute(update(inbox).where(inbox.c.id == row.id).values(sealed))
    return len(rows)


async def _sealed_by_others(tx: Tx, vault: Vault, limit: int) -> Sequence[AnyRow]:
    header = func.substr(inbox.c.payload, 1, len(vault.header), type_=inbox.c.payload.type)
    statement = select(inbox).where(inbox.c.payload.is_not(None), header != vault.header)
    return (await tx.execute(statement.limit(limit).with_for_update())).all()
