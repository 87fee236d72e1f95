"""Routes: to which contacts notices to staff go."""

import json
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, exists, insert, literal, or_, select, update

from bot.domain.alerts import Severity
from bot.domain.contacts import ContactState
from bot.domain.routes import Destination, Origin, Route, RouteState, Scope
from bot.domain.ways import WayName
from storage.tables import contact, message, notice, route
from storage.tx import Tx
from storage.types import AnyRow

# Spelled out, or SQLite would not know that the partial index of what is on has it.
ON = route.c.state == literal(RouteState.ON.value, literal_execute=True)
WHERE = (contact.c.id.label("contact_id"), contact.c.way, contact.c.state)
IN_USE = (
    select(route.c.kind, route.c.severity, route.c.scope, *WHERE)
    .join(contact, contact.c.id == route.c.contact_id)
    .where(ON)
    .order_by(route.c.id)
)
OF_KINDS = IN_USE.where(route.c.kind.in_(bindparam("kinds", expanding=True)))


async def in_use(tx: Tx) -> Sequence[Route]:
    """All routes that are on; the oldest first."""
    return [_route(row) for row in (await tx.execute(IN_USE)).all()]


async def of_kinds(tx: Tx, kinds: Iterable[str]) -> Sequence[Route]:
    """The routes in use that take one of these kinds, or any; the oldest first."""
    rows = await tx.execute(OF_KINDS, {"kinds": ["", *kinds]})
    return [_route(row) for row in rows.all()]


def _route(row: AnyRow) -> Route:
    severity = Severity[row.severity.upper()] if row.severity else None
    return Route(_destination(row), row.kind, severity, Scope.of(row.scope))


def _destination(row: AnyRow) -> Destination:
    return Destination(row.contact_id, WayName(row.way), ContactState(row.state))


SUBJECT: Any = bindparam("subject")
# The open notices stand for the messages that they will be.
HOLDERS = (
    select(*WHERE)
    .where(
        or_(
            contact.c.id.in_(select(message.c.contact_id).where(message.c.subject == SUBJECT)),
            contact.c.id.in_(
                select(notice.c.contact_id).where(
                    notice.c.subject == SUBJECT, notice.c.settled_at.is_(None)
                )
            ),
        ),
        exists().where(route.c.contact_id == contact.c.id, ON),
    )
    .order_by(contact.c.id)
)


async def holders(tx: Tx, subject: str) -> Sequence[Destination]:
    """Those who have this message, or soon will, and to whom anything is still routed."""
    return [_destination(row) for row in (await tx.execute(HOLDERS, {"subject": subject})).all()]


async def follow_settings(tx: Tx, contact_ids: Collection[int], now: datetime) -> None:
    """The settings send everything to these contacts, and to no others that they once named.

    Routes that somebody else made stay as they are.
    """
    of_settings = route.c.origin == Origin.SETTINGS.value
    rows = await tx.execute(select(route.c.contact_id).where(of_settings))
    known = {int(row.contact_id) for row in rows.all()}
    named = route.c.contact_id.in_(contact_ids)
    for which, state in ((named, RouteState.ON), (~named, RouteState.OFF)):
        await tx.execute(
            update(route)
            .where(of_settings, which, route.c.state != state.value)
            .values(state=state.value, updated_at=now)
        )
    new = [_everything_to(contact_id, now) for contact_id in contact_ids if contact_id not in known]
    if new:
        await tx.execute(insert(route), new)


def _everything_to(contact_id: int, now: datetime) -> dict[str, Any]:
    return {
        "contact_id": contact_id,
        "kind": "",
        "severity": "",
        "scope": {},
        "origin": Origin.SETTINGS.value,
        "state": RouteState.ON.value,
        "created_at": now,
        "updated_at": now,
    }


async def move(tx: Tx, old: int, new: int) -> None:
    """What went to contact `old` goes to `new`; of two alike one stays, on if one of them was."""
    rows = await tx.execute(
        select(route).where(route.c.contact_id.in_((old, new))).order_by(route.c.id)
    )
    kept: dict[str, AnyRow] = {}
    for row in rows.all():
        alike = json.dumps([row.kind, row.severity, row.scope, row.origin], sort_keys=True)
        first = kept.setdefault(alike, row)
        if first is not row:
            await tx.execute(delete(route).where(route.c.id == row.id))
            if row.state == RouteState.ON.value:
                on = update(route).where(route.c.id == first.id).values(state=row.state)
                await tx.execute(on)
    await tx.execute(update(route).where(route.c.contact_id == old).values(contact_id=new))
