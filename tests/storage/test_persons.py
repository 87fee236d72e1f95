"""Persons: met at their contacts, told at one of them."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import func, literal, select

from bot.domain.contacts import Address, Caller, ContactState, Person, Role
from bot.domain.ways import SLACK, TELEGRAM
from storage import contacts, persons
from storage.database import Database
from storage.reach import chosen
from storage.tables import contact, person
from storage.vault import Vault
from tests.support.clock import Clock
from tests.support.people import give_contact

MEI = Caller(Address(TELEGRAM, "771234567"), "Mei Lin", "zh-hans")


async def _ensure(
    database: Database, vault: Vault, clock: Clock, caller: Caller = MEI, *, wrote: bool = True
) -> Person:
    async with database.write() as tx:
        return await persons.ensure(tx, vault, caller, clock(), wrote=wrote)


async def test_a_new_name_and_a_new_guess_of_the_language_are_kept(
    database: Database, vault: Vault, clock: Clock
) -> None:
    await _ensure(database, vault, clock)
    clock.forward(days=1)
    renamed = await _ensure(database, vault, clock, Caller(MEI.address, "Mei Chen", "en"))
    silent = await _ensure(database, vault, clock, Caller(MEI.address))
    assert (renamed.contact.name, renamed.language) == ("Mei Chen", "en")
    assert silent == renamed


async def test_a_chosen_language_beats_the_guess(
    database: Database, vault: Vault, clock: Clock
) -> None:
    made = await _ensure(database, vault, clock)
    async with database.write() as tx:
        await persons.choose_language(tx, made.id, "en")
    again = await _ensure(database, vault, clock)
    assert (again.language, again.language_chosen) == ("en", True)


async def test_a_platform_with_an_endless_language_code_is_no_error(
    database: Database, vault: Vault, clock: Clock
) -> None:
    made = await _ensure(database, vault, clock, Caller(MEI.address, "", "x" * 100))
    assert len(made.language) == persons.LANGUAGE_LENGTH


async def test_two_first_words_at_once_make_one_person_with_one_contact(
    database: Database, vault: Vault, clock: Clock
) -> None:
    made = await asyncio.gather(*(_ensure(database, vault, clock) for _ in range(8)))
    assert len({item.id for item in made}) == 1
    async with database.read() as tx:
        for table in (contact, person):
            assert (await tx.execute(select(func.count()).select_from(table))).scalar_one() == 1


async def test_a_chat_that_alerts_go_to_becomes_somebodys_when_they_write_from_it(
    database: Database, vault: Vault, clock: Clock
) -> None:
    async with database.write() as tx:
        channel = await contacts.channel(tx, vault, MEI.address, clock())
    made = await asyncio.gather(*(_ensure(database, vault, clock) for _ in range(4)))
    assert {(one.id, one.contact.id, one.contact.kind) for one in made} == {
        (made[0].id, channel.id, channel.kind)
    }
    async with database.read() as tx:
        assert (await tx.execute(select(func.count()).select_from(person))).scalar_one() == 1


async def test_whom_staff_only_named_is_not_verified_until_they_write(
    database: Database, vault: Vault, clock: Clock
) -> None:
    named = await _ensure(database, vault, clock, wrote=False)
    assert (named.contact.verified, await _told_at(database, named)) == (False, None)
    wrote = await _ensure(database, vault, clock)
    assert (wrote.id, wrote.contact.verified) == (named.id, True)
    assert await _told_at(database, named) == wrote.contact.id


async def test_a_number_of_somebody_who_was_forgotten_is_never_given_again(
    database: Database, vault: Vault, clock: Clock
) -> None:
    first = await _ensure(database, vault, clock)
    async with database.write() as tx:
        await persons.delete_all(tx, [first.id])
        assert await contacts.find(tx, vault, MEI.address) is None
    again = await _ensure(database, vault, clock)
    assert again.id > first.id
    assert again.contact.id > first.contact.id


async def _told_at(database: Database, who: Person) -> int | None:
    async with database.read() as tx:
        found: int | None = (await tx.execute(chosen(literal(who.id)))).scalar_one_or_none()
    return found


IN_SLACK = Caller(Address(SLACK, "U0MEI"))


async def test_somebody_is_told_where_they_wrote_last_unless_they_prefer_another_contact(
    database: Database, vault: Vault, clock: Clock
) -> None:
    mei = await _ensure(database, vault, clock)
    clock.forward(seconds=1)
    slack = (await _ensure(database, vault, clock, IN_SLACK)).contact.id
    await give_contact(database, mei.id, slack)
    assert await _told_at(database, mei) == slack
    clock.forward(seconds=1)
    await _ensure(database, vault, clock)
    assert await _told_at(database, mei) == mei.contact.id
    async with database.write() as tx:
        await contacts.change(tx, slack, preferred=True)
    assert await _told_at(database, mei) == slack


@pytest.mark.parametrize("state", [ContactState.BLOCKED, ContactState.GONE])
async def test_who_is_out_of_reach_on_one_way_is_told_on_another(
    database: Database, vault: Vault, clock: Clock, state: ContactState
) -> None:
    mei = await _ensure(database, vault, clock)
    slack = (await _ensure(database, vault, clock, IN_SLACK)).contact.id
    await give_contact(database, mei.id, slack)
    async with database.write() as tx:
        await contacts.change(tx, slack, preferred=True)
        await contacts.set_state(tx, slack, state)
    assert await _told_at(database, mei) == mei.contact.id
    async with database.write() as tx:
        await contacts.set_state(tx, mei.contact.id, state)
    assert await _told_at(database, mei) is None


async def test_who_writes_just_now_is_not_erased_as_idle(
    database: Database, vault: Vault, clock: Clock
) -> None:
    mei = await _ensure(database, vault, clock)
    limit = clock() + timedelta(days=1)
    clock.forward(days=2)
    async with database.read() as tx:
        assert list(await persons.idle_since(tx, limit, 10)) == [mei.id]
    await _ensure(database, vault, clock)
    async with database.write() as tx:
        assert list(await persons.idle_since(tx, limit, 10)) == []


async def test_staff_are_listed_admins_first_each_once(
    database: Database, vault: Vault, clock: Clock
) -> None:
    for value, role in (("U1", Role.CLERK), ("U2", Role.ADMIN), ("U3", None), ("U4", Role.CLERK)):
        made = await _ensure(database, vault, clock, Caller(Address(SLACK, value)))
        async with database.write() as tx:
            await persons.set_role(tx, made.id, role)
    phone = (await _ensure(database, vault, clock)).contact.id
    await give_contact(database, made.id, phone)
    async with database.write() as tx:
        await persons.lock(tx, [], staff=True)
        staff = await persons.members(tx, vault)
        known = await persons.known_as(tx, vault, [made.id, None])
    assert [(member.contact.address.value, member.role) for member in staff] == [
        ("U2", Role.ADMIN),
        ("U1", Role.CLERK),
        ("U4", Role.CLERK),
    ]
    assert {who: one.address.value for who, one in known.items()} == {made.id: "U4"}
