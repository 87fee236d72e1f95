"""Contacts: the only place with personal data, and it holds them sealed."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, select, update
from sqlalchemy import delete as sql_delete

from bot.domain.contacts import Address, Contact, ContactKind, ContactState, Person, Role
from bot.domain.ways import WayName
from storage import routes
from storage.dialect import insert_for
from storage.tables import contact, message, notice, person
from storage.tx import Tx
from storage.types import AnyRow
from storage.vault import HEADER_BYTES, Vault

IN_WANTED: Any = bindparam("wanted", expanding=True)
OF_PERSON = [column.label(f"person_{column.name}") for column in person.c if column.name != "id"]
FOUND = select(contact, *OF_PERSON).select_from(
    contact.outerjoin(person, person.c.id == contact.c.person_id)
)
BY_ID = FOUND.where(contact.c.id == bindparam("wanted"))
BY_IDS = FOUND.where(contact.c.id.in_(IN_WANTED))
KNOWN = select(contact.c.id).where(contact.c.id.in_(IN_WANTED))
AT_ADDRESS = FOUND.where(contact.c.way == bindparam("on"), contact.c.address_index.in_(IN_WANTED))


async def find(tx: Tx, vault: Vault, address: Address) -> Contact | None:
    """The contact at this address, whichever of the vault's keys it is stored under."""
    row = await row_at(tx, vault, address)
    return None if row is None else as_contact(vault, row)


async def by_id(tx: Tx, vault: Vault, contact_id: int) -> Contact | None:
    row = (await tx.execute(BY_ID, {"wanted": contact_id})).first()
    return None if row is None else as_contact(vault, row)


async def by_ids(tx: Tx, vault: Vault, contact_ids: Collection[int]) -> dict[int, Contact]:
    """To be written to: without their names, which no message has."""
    rows = await tx.execute(BY_IDS, {"wanted": list(contact_ids)})
    return {row.id: as_contact(vault, row, named=False) for row in rows.all()}


async def known(tx: Tx, contact_ids: Collection[int]) -> set[int]:
    """Those of the contacts that have not been forgotten."""
    rows = await tx.execute(KNOWN, {"wanted": list(contact_ids)})
    return {int(row.id) for row in rows.all()}


async def channel(tx: Tx, vault: Vault, address: Address, now: datetime) -> Contact:
    """The contact of a chat that staff are told in, made if there is none."""
    row = await row_at(tx, vault, address)
    if row is None:
        await add(tx, vault, address, ContactKind.CHANNEL, now)
        row = await row_at(tx, vault, address)
    if row is None:
        raise LookupError("a contact vanished inside the transaction that made it")
    return as_contact(vault, row)


async def add(tx: Tx, vault: Vault, address: Address, kind: ContactKind, now: datetime) -> None:
    """A new contact of nobody yet; nothing happens if the address has one."""
    statement = insert_for(tx, contact).values(
        kind=kind.value,
        state=ContactState.ACTIVE.value,
        created_at=now,
        wrote_at=now,
        **_sealed_address(vault, address),
    )
    await tx.execute(statement.on_conflict_do_nothing())


async def row_at(tx: Tx, vault: Vault, address: Address) -> AnyRow | None:
    """For storage alone: the row of `find`."""
    indexes = vault.indexes(address.way, address.value)
    asked = {"on": address.way, "wanted": list(indexes)}
    return (await tx.execute(AT_ADDRESS, asked)).first()


def as_contact(
    vault: Vault, row: AnyRow, of: AnyRow | None = None, *, named: bool = True
) -> Contact:
    """`row` is one of FOUND, or one of contact with OF_PERSON in `of`."""
    return Contact(
        id=row.id,
        person_id=row.person_id,
        address=Address(WayName(row.way), vault.open(row.address)),
        kind=ContactKind(row.kind),
        name=vault.open(row.name) if named and row.name is not None else "",
        language=(of or row).person_language or "",
        state=ContactState(row.state),
        verified=row.verified,
        preferred=row.preferred,
    )


def as_person(vault: Vault, row: AnyRow, of: AnyRow | None = None) -> Person:
    """As `as_contact`, of a contact that is somebody's."""
    owner = of or row
    return Person(
        id=row.person_id,
        contact=as_contact(vault, row, owner),
        language=owner.person_language,
        language_chosen=owner.person_language_chosen,
        zone=owner.person_zone,
        preferences=owner.person_preferences,
        role=None if owner.person_role is None else Role.from_word(owner.person_role),
        created_at=owner.person_created_at,
    )


async def change(tx: Tx, contact_id: int, **values: Any) -> None:
    await tx.execute(update(contact).where(contact.c.id == contact_id).values(**values))


async def set_state(tx: Tx, contact_id: int, state: ContactState) -> None:
    await change(tx, contact_id, state=state.value)


async def move_address(tx: Tx, vault: Vault, contact_id: int, new: Address) -> int:
    """Follow a chat to its new address; returns the id of the contact that is there now.

    If the new address is known already, that contact takes over the notices, the messages and the
    routes, and the old one is deleted.
    """
    there = await row_at(tx, vault, new)
    if there is None or there.id == contact_id:
        await change(tx, contact_id, **_sealed_address(vault, new))
        return contact_id
    for table in (notice, message):
        statement = update(table).where(table.c.contact_id == contact_id)
        if table is message:
            kept = select(message.c.subject).where(message.c.contact_id == there.id)
            statement = statement.where(message.c.subject.not_in(kept))
        await tx.execute(statement.values(contact_id=there.id))
    await routes.move(tx, contact_id, there.id)
    await delete(tx, contact_id)
    return int(there.id)


def _sealed_address(vault: Vault, address: Address) -> dict[str, Any]:
    return {
        "way": address.way,
        "address_index": vault.index(address.way, address.value),
        "address": vault.seal(address.value),
    }


async def delete(tx: Tx, contact_id: int) -> None:
    """The row goes; what referred to it keeps its numbers and refers to nobody."""
    await tx.execute(sql_delete(contact).where(contact.c.id == contact_id))


async def rotate(tx: Tx, vault: Vault, limit: int) -> int:
    """Seal up to `limit` contacts anew that another key than the first sealed; returns how many."""
    statement = FOUND.where(_header() != vault.header).limit(limit)
    rows = (await tx.execute(statement.with_for_update(of=contact))).all()
    for row in rows:
        known = as_contact(vault, row)
        values = _sealed_address(vault, known.address)
        values["name"] = vault.seal(known.name) if known.name else None
        await change(tx, known.id, **values)
    return len(rows)


async def headers(tx: Tx) -> Sequence[bytes]:
    """The distinct headers of what is stored: each names a key that the vault must have."""
    return [bytes(row.header) for row in await tx.execute(select(_header()).distinct())]


def _header() -> Any:
    return func.substr(contact.c.address, 1, HEADER_BYTES, type_=contact.c.address.type).label(
        "header"
    )
