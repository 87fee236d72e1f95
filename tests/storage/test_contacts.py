"""Contacts: found by their address, kept sealed."""

import pytest
from sqlalchemy import select

from bot.domain.contacts import Address, Caller, Contact, ContactKind, ContactState
from bot.domain.notices import Lane, NewNotice, NoticeKind
from bot.domain.ways import SLACK, TELEGRAM
from storage import contacts, messages, notices, persons
from storage.database import Database
from storage.tables import message, notice
from storage.vault import Vault, generate_key
from tests.support.clock import Clock

MEI = Caller(Address(TELEGRAM, "771234567"), "Mei Lin", "zh-hans")


async def _ensure(database: Database, vault: Vault, clock: Clock, caller: Caller = MEI) -> Contact:
    async with database.write() as tx:
        return (await persons.ensure(tx, vault, caller, clock(), wrote=True)).contact


async def _find(database: Database, vault: Vault, address: Address) -> Contact | None:
    async with database.read() as tx:
        return await contacts.find(tx, vault, address)


async def test_the_first_word_makes_a_contact(
    database: Database, vault: Vault, clock: Clock
) -> None:
    made = await _ensure(database, vault, clock)
    assert made == Contact(
        id=made.id,
        person_id=made.person_id,
        address=MEI.address,
        kind=ContactKind.PERSON,
        name="Mei Lin",
        language="zh-hans",
        state=ContactState.ACTIVE,
        verified=True,
    )
    assert await _find(database, vault, MEI.address) == made
    async with database.read() as tx:
        assert await contacts.by_id(tx, vault, made.id) == made


async def test_a_channel_is_nobodys(database: Database, vault: Vault, clock: Clock) -> None:
    address = Address(SLACK, "C0ALERTS")
    made = []
    for _ in range(2):
        async with database.write() as tx:
            made.append(await contacts.channel(tx, vault, address, clock()))
            assert await persons.at(tx, vault, address) is None
    assert made[0] == made[1]
    assert (made[0].person_id, made[0].kind) == (None, ContactKind.CHANNEL)


async def test_a_stranger_is_not_found(database: Database, vault: Vault, clock: Clock) -> None:
    await _ensure(database, vault, clock)
    assert await _find(database, vault, Address(SLACK, MEI.address.value)) is None


async def test_a_contact_is_found_after_a_new_key_was_put_first(
    database: Database, clock: Clock
) -> None:
    old, new = generate_key(), generate_key()
    made = await _ensure(database, Vault([old]), clock)
    assert await _find(database, Vault([new, old]), MEI.address) == made
    assert (await _ensure(database, Vault([new, old]), clock)).id == made.id


async def test_rotation_seals_everything_anew_so_that_the_old_key_can_go(
    database: Database, clock: Clock
) -> None:
    old, new = generate_key(), generate_key()
    made = await _ensure(database, Vault([old]), clock)
    nameless = await _ensure(database, Vault([old]), clock, Caller(Address(SLACK, "C0ALERTS")))
    async with database.write() as tx:
        both = Vault([new, old])
        assert await contacts.rotate(tx, both, limit=10) == 2
        assert await contacts.rotate(tx, both, limit=10) == 0
        assert list(await contacts.headers(tx)) == [Vault([new]).header]
    assert await _find(database, Vault([new]), MEI.address) == made
    assert await _find(database, Vault([new]), nameless.address) == nameless


async def test_a_start_without_the_right_key_can_be_noticed(
    database: Database, vault: Vault, clock: Clock
) -> None:
    await _ensure(database, vault, clock)
    async with database.read() as tx:
        (header,) = await contacts.headers(tx)
    assert vault.knows(header)
    assert not Vault([generate_key()]).knows(header)


@pytest.mark.parametrize("state", list(ContactState))
async def test_a_state_is_remembered(
    database: Database, vault: Vault, clock: Clock, state: ContactState
) -> None:
    made = await _ensure(database, vault, clock)
    async with database.write() as tx:
        await contacts.set_state(tx, made.id, state)
    found = await _find(database, vault, MEI.address)
    assert found is not None
    assert found.state is state


async def test_a_deleted_contact_leaves_notices_that_refer_to_nobody(
    database: Database, vault: Vault, clock: Clock
) -> None:
    made = await _ensure(database, vault, clock)
    async with database.write() as tx:
        await notices.queue(tx, [_notice(made.id)], clock())
        await contacts.delete(tx, made.id)
        assert (await tx.execute(select(notice.c.contact_id))).scalars().all() == [None]
    assert await _find(database, vault, MEI.address) is None


def _notice(contact_id: int) -> NewNotice:
    key = f"alert:1:{contact_id}"
    return NewNotice(NoticeKind.ALERT, key, contact_id, Lane.ALERT, "alert:1")


NEW_CHAT = Address(TELEGRAM, "-1001234567890")


async def test_a_group_that_became_a_supergroup_is_followed(
    database: Database, vault: Vault, clock: Clock
) -> None:
    made = await _ensure(database, vault, clock)
    async with database.write() as tx:
        assert await contacts.move_address(tx, vault, made.id, NEW_CHAT) == made.id
    assert await _find(database, vault, MEI.address) is None
    found = await _find(database, vault, NEW_CHAT)
    assert found is not None
    assert found.id == made.id


async def test_a_chat_that_moved_to_a_known_one_hands_over_what_it_has(
    database: Database, vault: Vault, clock: Clock
) -> None:
    old = await _ensure(database, vault, clock)
    new = await _ensure(database, vault, clock, Caller(NEW_CHAT))
    async with database.write() as tx:
        (notice_id,) = await notices.queue(tx, [_notice(old.id)], clock())
        for owner, subject in ((old.id, "alert:1"), (old.id, "alert:2"), (new.id, "alert:2")):
            posted = messages.Posted(owner, subject, str(owner), notice_id, "")
            await messages.remember(tx, [posted], clock())
        assert await contacts.move_address(tx, vault, old.id, NEW_CHAT) == new.id
        assert (await tx.execute(select(notice.c.contact_id))).scalars().all() == [new.id]
        kept = select(message.c.subject, message.c.contact_id, message.c.ref)
        assert sorted(tuple(row) for row in (await tx.execute(kept)).all()) == [
            ("alert:1", new.id, str(old.id)),
            ("alert:2", new.id, str(new.id)),
        ]
        assert await contacts.by_id(tx, vault, old.id) is None
