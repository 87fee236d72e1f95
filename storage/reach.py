"""Where a person is told: decided here alone, as SQL, because a whole line is told at once."""

from typing import Any

from sqlalchemy import ColumnElement, Select, exists, select, true

from bot.domain.contacts import ContactState
from storage.tables import contact

CAN_BE_REACHED = (
    contact.c.state == ContactState.ACTIVE.value,
    contact.c.verified == true(),
)


def reachable(person_id: ColumnElement[int | None]) -> ColumnElement[bool]:
    """Whether the person can be told anything at all."""
    return exists().where(contact.c.person_id == person_id, *CAN_BE_REACHED)


def chosen(person_id: ColumnElement[int | None]) -> Select[Any]:
    """The id of the contact to tell the person at: the one they prefer, else the one that they
    wrote from last, of those that can be reached; none when there is none.

    In the order of ix_contact_reach, read from its end: no sorting, however many are asked for.
    """
    last_first = (contact.c.preferred.desc(), contact.c.wrote_at.desc(), contact.c.id.desc())
    return (
        select(contact.c.id)
        .where(contact.c.person_id == person_id, *CAN_BE_REACHED)
        .order_by(*last_first)
        .limit(1)
    )
