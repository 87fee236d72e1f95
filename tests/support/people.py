"""Many persons at once, each with one contact, as if they had written."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import insert, select

from storage import contacts, persons
from storage.database import Database
from storage.tables import contact, person
from storage.tx import Tx

OF_PERSON = {"language", "language_chosen", "role", "created_at", "seen_at"}


async def put_people(tx: Tx, rows: Sequence[dict[str, Any]]) -> list[tuple[int, int]]:
    """(person id, contact id) of each, in order; `rows` hold the columns of both tables."""
    if not rows:
        return []
    of_persons = [{key: row[key] for key in row.keys() & OF_PERSON} for row in rows]
    persons = insert(person).returning(person.c.id, sort_by_parameter_order=True)
    person_ids = [row.id for row in (await tx.execute(persons, of_persons)).all()]
    of_contacts = [
        {key: row[key] for key in row.keys() - OF_PERSON}
        | {"person_id": number, "verified": True}
        | {"created_at": row["created_at"], "wrote_at": row["seen_at"]}
        for number, row in zip(person_ids, rows, strict=True)
    ]
    contacts = insert(contact).returning(contact.c.id, sort_by_parameter_order=True)
    contact_ids = [row.id for row in (await tx.execute(contacts, of_contacts)).all()]
    return list(zip(person_ids, contact_ids, strict=True))


async def give_contact(database: Database, person_id: int, contact_id: int) -> None:
    """The contact becomes one of this person; whose it was is nobody any more."""
    async with database.write() as tx:
        old = select(contact.c.person_id).where(contact.c.id == contact_id)
        before = (await tx.execute(old)).scalar_one()
        await contacts.change(tx, contact_id, person_id=person_id)
        await persons.delete_all(tx, [before])
