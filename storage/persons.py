"""Persons, met at their contacts: what belongs to somebody refers to the person.

Who locks takes persons first, in the order of their ids, then contacts, then products in the order
of theirs. A person's lock is a weak one (FOR NO KEY UPDATE), so whoever holds a product and writes
a row that refers to a person or a contact never waits for it, and the two cannot wait for each
other. SQLite has one writing transaction at a time and drops the lock.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Select,
    and_,
    bindparam,
    case,
    delete,
    exists,
    false,
    insert,
    or_,
    select,
    update,
)

from bot.domain.contacts import Address, Caller, Contact, ContactKind, Member, Person, Role
from storage import contacts
from storage.contacts import FOUND, as_contact, as_person
from storage.reach import reachable
from storage.tables import contact, person, route, subscription
from storage.tx import Tx
from storage.types import AnyRow
from storage.vault import Vault

LANGUAGE_LENGTH = 16  # of the column; a longer guess of a platform is no language we have

WANTED: Any = bindparam("wanted")
IN_WANTED: Any = bindparam("wanted", expanding=True)
GUESS: Any = bindparam("guess", type_=person.c.language.type)
SEEN = (
    update(person)
    .where(person.c.id == WANTED)
    .values(
        seen_at=bindparam("now"),
        language=case(
            (and_(person.c.language_chosen == false(), GUESS != ""), GUESS),
            else_=person.c.language,
        ),
    )
    .returning(*contacts.OF_PERSON)
)
OF_PERSONS = FOUND.where(contact.c.person_id.in_(IN_WANTED)).order_by(contact.c.id)


def _who_they_are() -> Select[Any]:
    """(whom was asked for, who that is): somebody who was joined is whom they were joined into."""
    line = select(person.c.id.label("asked"), person.c.id, person.c.joined_id)
    line = line.where(person.c.id.in_(IN_WANTED))
    up = line.cte("who", recursive=True)
    next_one = select(up.c.asked, person.c.id, person.c.joined_id)
    up = up.union_all(next_one.where(person.c.id == up.c.joined_id))
    return select(up.c.asked, up.c.id).where(up.c.joined_id.is_(None))


def _selves() -> Select[Any]:
    """Ids of the person and of all who were joined into them, and into those."""
    down = select(person.c.id).where(person.c.id == WANTED).cte("selves", recursive=True)
    return select(down.union_all(select(person.c.id).where(person.c.joined_id == down.c.id)).c.id)


WHO_THEY_ARE = _who_they_are()
SELVES = _selves()


async def at(tx: Tx, vault: Vault, address: Address) -> Person | None:
    """Whose address it is; a chat that nobody has written from privately is nobody's."""
    row = await contacts.row_at(tx, vault, address)
    return None if row is None or row.person_id is None else as_person(vault, row)


async def by_id(tx: Tx, vault: Vault, person_id: int) -> Person | None:
    """At the oldest contact; None for who has none."""
    row = (await tx.execute(OF_PERSONS, {"wanted": [person_id]})).first()
    return None if row is None else as_person(vault, row)


async def of_contact(tx: Tx, vault: Vault, contact_id: int) -> Person | None:
    """Whose contact it is."""
    row = (await tx.execute(contacts.BY_ID, {"wanted": contact_id})).first()
    return None if row is None or row.person_id is None else as_person(vault, row)


async def ensure(tx: Tx, vault: Vault, caller: Caller, now: datetime, *, wrote: bool) -> Person:
    """The person at the caller's address, made if there is none; two that make it at once get the
    same one. It is locked until the transaction ends.

    `wrote`: a platform says that the caller has written from there, not only that staff named the
    address. What it says anew (name, and language until one was chosen) is kept; an empty name or
    language says nothing.
    """
    while True:  # until nobody has moved the contact to another person, or erased it, meanwhile
        row = await contacts.row_at(tx, vault, caller.address)
        if row is None:
            await contacts.add(tx, vault, caller.address, ContactKind.PERSON, now)
        elif row.person_id is None:
            await _give_person(tx, row.id, now)
        elif (met := await _meet(tx, vault, row, caller, now, wrote=wrote)) is not None:
            return met


async def _give_person(tx: Tx, contact_id: int, now: datetime) -> None:
    ownerless = select(contact.c.id).where(
        contact.c.id == contact_id, contact.c.person_id.is_(None)
    )
    if (await tx.execute(ownerless.with_for_update(key_share=True))).first() is None:
        return
    new = insert(person).values(created_at=now, seen_at=now).returning(person.c.id)
    person_id = (await tx.execute(new)).scalar_one()
    await contacts.change(tx, contact_id, person_id=person_id)


async def _meet(
    tx: Tx, vault: Vault, row: AnyRow, caller: Caller, now: datetime, *, wrote: bool
) -> Person | None:
    """None when the contact is another person's by now."""
    guess = caller.language[:LANGUAGE_LENGTH]
    asked = {"wanted": row.person_id, "now": now, "guess": guess}
    seen = (await tx.execute(SEEN, asked)).first()
    values: dict[str, Any] = {"wrote_at": now, "verified": True} if wrote else {}
    if caller.name and caller.name != as_contact(vault, row).name:
        values["name"] = vault.seal(caller.name)
    here = (contact.c.id == row.id, contact.c.person_id == row.person_id)
    statement = update(contact).where(*here).values(person_id=row.person_id, **values)
    there = (await tx.execute(statement.returning(contact))).first()
    return None if seen is None or there is None else as_person(vault, there, seen)


async def lock(tx: Tx, person_ids: Collection[int], *, staff: bool = False) -> set[int]:
    """Hold these persons (`staff`: and all members: who decides on roles waits here) until the
    transaction ends; returns those that are still there."""
    wanted = person.c.id.in_(person_ids)
    which = or_(wanted, person.c.role.is_not(None)) if staff else wanted
    statement = select(person.c.id).where(which).order_by(person.c.id)
    rows = (await tx.execute(statement.with_for_update(key_share=True))).all()
    return {int(row.id) for row in rows}


async def touch(tx: Tx, person_id: int, now: datetime) -> None:
    """Something was heard of the person: retention counts from here."""
    await tx.execute(update(person).where(person.c.id == person_id).values(seen_at=now))


async def choose_language(tx: Tx, person_id: int, language: str) -> None:
    """By the person: the platforms' guesses no longer change it."""
    chosen = {"language": language, "language_chosen": True}
    await tx.execute(update(person).where(person.c.id == person_id).values(chosen))


async def set_role(tx: Tx, person_id: int, role: Role | None) -> None:
    word = None if role is None else role.word
    await tx.execute(update(person).where(person.c.id == person_id).values(role=word))


async def members(tx: Tx, vault: Vault) -> list[Member]:
    """All staff, admins first, then in the order they came; each at the oldest contact."""
    statement = FOUND.where(person.c.role.is_not(None)).order_by(contact.c.id)
    first: dict[int, Member] = {}
    for row in (await tx.execute(statement)).all():
        if (member := as_person(vault, row).as_member()) is not None:
            first.setdefault(member.id, member)
    return sorted(first.values(), key=lambda member: (-member.role, member.id))


async def contacts_of(tx: Tx, vault: Vault, person_id: int) -> list[Contact]:
    """All contacts of the person, oldest first."""
    rows = (await tx.execute(OF_PERSONS, {"wanted": [person_id]})).all()
    return [as_contact(vault, row) for row in rows]


async def known_as(
    tx: Tx, vault: Vault, person_ids: Collection[int | None]
) -> Mapping[int | None, Contact]:
    """By which contact others know each of these persons: the oldest one."""
    asked = [one for one in person_ids if one is not None]
    if not asked:
        return {}
    who = {row.asked: row.id for row in await tx.execute(WHO_THEY_ARE, {"wanted": asked})}
    first: dict[int, Contact] = {}
    for row in (await tx.execute(OF_PERSONS, {"wanted": list(set(who.values()))})).all():
        first.setdefault(row.person_id, as_contact(vault, row))
    return {one: first[who[one]] for one in asked if who.get(one) in first}


async def selves(tx: Tx, person_id: int) -> set[int]:
    """The person's id and those of all who were joined into them: what those did is theirs."""
    return {int(row.id) for row in await tx.execute(SELVES, {"wanted": person_id})}


async def change(tx: Tx, person_id: int, **values: Any) -> None:
    await tx.execute(update(person).where(person.c.id == person_id).values(**values))


async def prefer(tx: Tx, person_id: int, contact_id: int) -> None:
    """Tell them at this contact, as long as it can be reached."""
    theirs = update(contact).where(contact.c.person_id == person_id)
    await tx.execute(theirs.values(preferred=contact.c.id == contact_id))


async def set_preferred(tx: Tx, contact_ids: Collection[int], *, preferred: bool) -> None:
    theirs = update(contact).where(contact.c.id.in_(contact_ids))
    await tx.execute(theirs.values(preferred=preferred))


async def delete_all(tx: Tx, person_ids: Collection[int]) -> None:
    """The rows go, with their contacts; what referred to them keeps its numbers and refers to
    nobody."""
    await tx.execute(delete(person).where(person.c.id.in_(person_ids)))


async def idle_since(tx: Tx, limit: datetime, count: int) -> Sequence[int]:
    """Persons, no staff, unseen since `limit`, whom nothing live needs or who are out of reach.

    To whom a route leads is no customer whom one may forget.
    Locked until the transaction ends; who writes at this very moment is left out.
    """
    live = exists().where(subscription.c.person_id == person.c.id, subscription.c.state != "ended")
    routed = exists().where(contact.c.person_id == person.c.id, route.c.contact_id == contact.c.id)
    statement = (
        select(person.c.id)
        .where(
            person.c.role.is_(None),
            person.c.joined_id.is_(None),
            ~routed,
            person.c.seen_at < limit,
            or_(~reachable(person.c.id), ~live),
        )
        .order_by(person.c.id)
        .limit(count)
        .with_for_update(skip_locked=True, key_share=True)
    )
    return [int(row.id) for row in (await tx.execute(statement)).all()]
