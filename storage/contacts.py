"""Contacts: the only place with personal data, and it holds them sealed."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, exists, func, or_, select, update
from sqlalchemy import delete as sql_delete

from bot.domain.contacts import Address, Caller, Contact, ContactKind, ContactState, Role
from bot.domain.ways import WayName
from storage import routes
from storage.dialect import insert_for
from storage.tables import contact, message, notice, route, subscription
from storage.tx import Tx
from storage.types import AnyRow
from storage.vault import HEADER_BYTES, Vault

LANGUAGE_LENGTH = 16  # of the column; a longer guess of a platform is no language we have


IN_WANTED: Any = bindparam("wanted", expanding=True)
BY_ID = select(contact).where(contact.c.id == bindparam("wanted"))
BY_IDS = select(contact).where(contact.c.id.in_(IN_WANTED))
KNOWN = select(contact.c.id).where(contact.c.id.in_(IN_WANTED))
AT_ADDRESS = select(contact).where(
    contact.c.way == bindparam("on"), contact.c.address_index.in_(IN_WANTED)
)


async def find(tx: Tx, vault: Vault, address: Address) -> Contact | None:
    """The contact at this address, whichever of the vault's keys it is stored under."""
    row = await _row(tx, vault, address)
    return None if row is None else _contact(vault, row)


async def by_id(tx: Tx, vault: Vault, contact_id: int) -> Contact | None:
    row = (await tx.execute(BY_ID, {"wanted": contact_id})).first()
    return None if row is None else _contact(vault, row)


async def by_ids(tx: Tx, vault: Vault, contact_ids: Collection[int]) -> dict[int, Contact]:
    """To be written to: without their names, which no message has."""
    rows = await tx.execute(BY_IDS, {"wanted": list(contact_ids)})
    return {row.id: _contact(vault, row, named=False) for row in rows.all()}


async def known(tx: Tx, contact_ids: Collection[int]) -> set[int]:
    """Those of the contacts that have not been forgotten."""
    rows = await tx.execute(KNOWN, {"wanted": list(contact_ids)})
    return {int(row.id) for row in rows.all()}


async def ensure(tx: Tx, vault: Vault, caller: Caller, kind: ContactKind, now: datetime) -> Contact:
    """The contact of the caller, made if there is none; two that make it at once get the same one.

    What the platform says anew (name, and language until one was chosen) is kept; an empty name or
    language says nothing.
    """
    row = await _row(tx, vault, caller.address) or await _add(tx, vault, caller, kind, now)
    known = _contact(vault, row)
    news: dict[str, Any] = {}
    if caller.name and caller.name != known.name:
        news["name"] = vault.seal(caller.name)
    guess = caller.language[:LANGUAGE_LENGTH]
    if guess and guess != known.language and not known.language_chosen:
        news["language"] = guess
    if news or row.seen_at < now:
        row = await _change(tx, known.id, seen_at=now, **news)
    return _contact(vault, row)


async def _add(tx: Tx, vault: Vault, caller: Caller, kind: ContactKind, now: datetime) -> AnyRow:
    address = caller.address
    statement = insert_for(tx, contact).values(
        way=address.way,
        kind=kind.value,
        address_index=vault.index(address.way, address.value),
        address=vault.seal(address.value),
        name=vault.seal(caller.name) if caller.name else None,
        language=caller.language[:LANGUAGE_LENGTH],
        state=ContactState.ACTIVE.value,
        created_at=now,
        seen_at=now,
    )
    # An update, though it changes nothing: DO NOTHING would return no row to the slower one.
    statement = statement.on_conflict_do_update(
        index_elements=["way", "address_index"], set_={"seen_at": now}
    )
    row: AnyRow = (await tx.execute(statement.returning(contact))).one()
    return row


async def _row(tx: Tx, vault: Vault, address: Address) -> AnyRow | None:
    indexes = vault.indexes(address.way, address.value)
    asked = {"on": address.way, "wanted": list(indexes)}
    return (await tx.execute(AT_ADDRESS, asked)).first()


def _contact(vault: Vault, row: AnyRow, *, named: bool = True) -> Contact:
    return Contact(
        id=row.id,
        address=Address(WayName(row.way), vault.open(row.address)),
        kind=ContactKind(row.kind),
        name=vault.open(row.name) if named and row.name is not None else "",
        language=row.language,
        language_chosen=row.language_chosen,
        state=ContactState(row.state),
        role=None if row.role is None else Role.from_word(row.role),
    )


async def _change(tx: Tx, contact_id: int, **values: Any) -> AnyRow:
    statement = update(contact).where(contact.c.id == contact_id).values(**values)
    row: AnyRow = (await tx.execute(statement.returning(contact))).one()
    return row


async def set_state(tx: Tx, contact_id: int, state: ContactState) -> None:
    await tx.execute(update(contact).where(contact.c.id == contact_id).values(state=state.value))


async def touch(tx: Tx, contact_id: int, now: datetime) -> None:
    """Something was heard of the contact: retention counts from here."""
    await tx.execute(update(contact).where(contact.c.id == contact_id).values(seen_at=now))


async def set_language(tx: Tx, contact_id: int, language: str, *, chosen: bool) -> None:
    """`chosen`: by the person; then the platform's guess no longer changes it."""
    await tx.execute(
        update(contact)
        .where(contact.c.id == contact_id)
        .values(language=language, language_chosen=chosen)
    )


async def set_role(tx: Tx, contact_id: int, role: Role | None) -> None:
    word = None if role is None else role.word
    await tx.execute(update(contact).where(contact.c.id == contact_id).values(role=word))


async def members(tx: Tx, vault: Vault) -> list[Contact]:
    """All staff, admins first, then in the order they came."""
    rows = (await tx.execute(select(contact).where(contact.c.role.is_not(None)))).all()
    found = [_contact(vault, row) for row in rows]
    return sorted(found, key=lambda member: (-(member.role or 0), member.id))


async def lock_members(tx: Tx) -> None:
    """Hold all staff rows until the transaction ends: who decides on roles waits here.

    SQLite drops FOR UPDATE; there the writing transaction itself is the lock.
    """
    statement = select(contact.c.id).where(contact.c.role.is_not(None)).order_by(contact.c.id)
    await tx.execute(statement.with_for_update())


async def created_at(tx: Tx, contact_id: int) -> datetime:
    statement = select(contact.c.created_at).where(contact.c.id == contact_id)
    moment: datetime = (await tx.execute(statement)).scalar_one()
    return moment


async def move_address(tx: Tx, vault: Vault, contact_id: int, new: Address) -> int:
    """Follow a chat to its new address; returns the id of the contact that is there now.

    If the new address is known already, that contact takes over the notices, the messages and the
    routes, and the old one is deleted.
    """
    there = await _row(tx, vault, new)
    if there is None or there.id == contact_id:
        await _change(tx, contact_id, **_sealed_address(vault, new))
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
    statement = select(contact).where(_header() != vault.header).limit(limit)
    rows = (await tx.execute(statement.with_for_update())).all()
    for row in rows:
        known = _contact(vault, row)
        values = _sealed_address(vault, known.address)
        values["name"] = vault.seal(known.name) if known.name else None
        await _change(tx, known.id, **values)
    return len(rows)


async def headers(tx: Tx) -> Sequence[bytes]:
    """The distinct headers of what is stored: each names a key that the vault must have."""
    return [bytes(row.header) for row in await tx.execute(select(_header()).distinct())]


def _header() -> Any:
    return func.substr(contact.c.address, 1, HEADER_BYTES, type_=contact.c.address.type).label(
        "header"
    )


async def idle_since(tx: Tx, limit: datetime, count: int) -> Sequence[int]:
    """People, no staff, unseen since `limit`, whom nothing live needs or who are out of reach.

    To whom a route leads is no customer whom one may forget.
    """
    live = exists().where(
        subscription.c.contact_id == contact.c.id, subscription.c.state != "ended"
    )
    unreachable = contact.c.state != ContactState.ACTIVE.value
    statement = (
        select(contact.c.id)
        .where(
            contact.c.kind == ContactKind.PERSON.value,
            contact.c.role.is_(None),
            ~exists().where(route.c.contact_id == contact.c.id),
            contact.c.seen_at < limit,
            or_(unreachable, ~live),
        )
        .order_by(contact.c.id)
        .limit(count)
    )
    return [int(row.id) for row in (await tx.execute(statement)).all()]
