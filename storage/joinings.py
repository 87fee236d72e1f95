"""Who became one with whom, and what it takes to undo that."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Executable, delete, insert, select, update

from bot.domain.joining import Before, Join
from storage.tables import contact, joining, person
from storage.tx import Tx


async def add(tx: Tx, kept_id: int, gone_id: int, key: str, before: Before, now: datetime) -> Join:
    """`gone_id` becomes `kept_id`: from now on what they did is found through whom they are."""
    values = {"kept_id": kept_id, "gone_id": gone_id, "key": key, "before": before.as_json()}
    made = insert(joining).values(values | {"created_at": now}).returning(joining.c.id)
    number = int((await tx.execute(made)).scalar_one())
    await tx.execute(update(person).where(person.c.id == gone_id).values(joined_id=kept_id))
    return Join(number, kept_id, gone_id, before, False, now, False)


async def undone(tx: Tx, joining_id: int, key: str, now: datetime) -> None:
    """The one who was gone is somebody again."""
    this = joining.c.id == joining_id
    gone = select(joining.c.gone_id).where(this).scalar_subquery()
    await tx.execute(update(person).where(person.c.id == gone).values(joined_id=None))
    await tx.execute(update(joining).where(this).values(undone_at=now, undo_key=key))


async def _one(tx: Tx, statement: Executable) -> Join | None:
    row = (await tx.execute(statement)).first()
    if row is None:
        return None
    return Join(
        id=row.id,
        kept_id=row.kept_id,
        gone_id=row.gone_id,
        before=Before.of(row.before),
        role_said=row.role_said,
        created_at=row.created_at,
        undone=row.undone_at is not None,
    )


async def by_id(tx: Tx, joining_id: int) -> Join | None:
    return await _one(tx, select(joining).where(joining.c.id == joining_id))


async def by_key(tx: Tx, key: str) -> Join | None:
    """The joining that this effect key made."""
    return await _one(tx, select(joining).where(joining.c.key == key))


async def by_undo_key(tx: Tx, key: str) -> Join | None:
    """The joining that this effect key undid."""
    return await _one(tx, select(joining).where(joining.c.undo_key == key))


async def last_of(tx: Tx, person_id: int) -> Join | None:
    """What somebody was joined into this person by last, of what is not undone."""
    statement = select(joining).where(joining.c.kept_id == person_id, joining.c.undone_at.is_(None))
    return await _one(tx, statement.order_by(joining.c.id.desc()).limit(1))


async def role_was_said(tx: Tx, person_ids: Collection[int]) -> None:
    """An admin has decided: undoing a joining gives nobody a role of before."""
    theirs = joining.c.kept_id.in_(person_ids)
    await tx.execute(update(joining).where(theirs).values(role_said=True))


async def give_contacts(tx: Tx, contact_ids: Collection[int], owner: int, to: int) -> None:
    """These contacts of `owner` are those of `to`."""
    theirs = (contact.c.id.in_(contact_ids), contact.c.person_id == owner)
    await tx.execute(update(contact).where(*theirs).values(person_id=to))


async def purge(tx: Tx, before: datetime) -> None:
    """Forget how to undo what cannot be undone any more; the joined stay one."""
    await tx.execute(delete(joining).where(joining.c.created_at < before))
