"""Who is staff, and what each may do."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bot.domain import subjects
from bot.domain.contacts import Address, Caller, Member, Person, Role
from bot.domain.joining import joined_role
from bot.domain.staff import Acting, LastAdmin, NotAllowed, Refused, RoleList, RoleSet
from bot.services.ground import Ground
from storage import audit, joinings, persons
from storage.tx import Tx


@dataclass(frozen=True, slots=True)
class Members:
    """Roles are read from the database on every press: an empty list refuses everybody.

    `admins` are the ADMINS of the settings; the chat cannot take the role from them.
    """

    ground: Ground
    admins: tuple[Address, ...] = ()

    @asynccontextmanager
    async def write(self, acting: Acting) -> AsyncIterator[tuple[Tx, Member]]:
        """A transaction of a member whose role suffices. Raises NotAllowed at its beginning."""
        async with self.ground.write() as tx:
            yield tx, await self._member(tx, acting)

    @asynccontextmanager
    async def read(self, acting: Acting) -> AsyncIterator[tuple[Tx, Member]]:
        """The same, for what only reads."""
        async with self.ground.read() as tx:
            yield tx, await self._member(tx, acting)

    async def admit(self, acting: Acting) -> None:
        """Only the check, for what needs no data. Raises NotAllowed."""
        async with self.read(acting):
            pass

    async def _member(self, tx: Tx, acting: Acting) -> Member:
        """The only place where a role is held against what is asked for."""
        person = await persons.at(tx, self.ground.vault, acting.caller.address)
        member = person.as_member() if person is not None else None
        if member is None or not member.may(acting.needed):
            raise NotAllowed(Refused(member.role if member else None, acting.needed))
        return member

    async def set_role(self, acting: Acting, person: str, role: Role | None) -> RoleSet | LastAdmin:
        """`role` None takes it away. Raises NotAllowed, and ValueError for what is no address."""
        vault, now = self.ground.vault, self.ground.now()
        address = self.ground.ways.person(person)
        async with self.ground.write() as tx:
            known = await persons.at(tx, vault, address)
            # First: two admins may take each other's role.
            await persons.lock(tx, [known.id] if known else [], staff=True)
            admin = await self._member(tx, acting)
            target = await persons.ensure(tx, vault, Caller(address), now, wrote=False)
            if role is not Role.ADMIN and await self.must_stay_admin(tx, target.id):
                return LastAdmin(person)
            await persons.set_role(tx, target.id, role)
            await joinings.role_was_said(tx, await persons.selves(tx, target.id))
            detail = {"person": target.id, "role": role.word if role else None}
            await audit.write(tx, admin.id, acting.source, "role", subjects.MEMBER, detail, now)
        return RoleSet(person, role, target.role)

    async def must_stay_admin(self, tx: Tx, person_id: int) -> bool:
        """An admin by settings, or the last one there is."""
        if await self.is_admin_by_settings(tx, person_id):
            return True
        members = await persons.members(tx, self.ground.vault)
        return [member.id for member in members if member.role is Role.ADMIN] == [person_id]

    async def joined_role(self, tx: Tx, one: Person, other: Person) -> Role | None:
        """Of two who become one: ADMINS win, and the last admin stays one."""
        role = joined_role([one.role, other.role])
        for person in (one, other):
            if await self.is_admin_by_settings(tx, person.id):
                return Role.ADMIN
        members = await persons.members(tx, self.ground.vault)
        admins = {member.id for member in members if member.role is Role.ADMIN}
        return Role.ADMIN if admins and admins <= {one.id, other.id} else role

    async def is_admin_by_settings(self, tx: Tx, person_id: int) -> bool:
        """Whether one of the person's contacts is among ADMINS."""
        theirs = await persons.contacts_of(tx, self.ground.vault, person_id)
        return any(contact.address in self.admins for contact in theirs)

    async def roles(self, acting: Acting) -> RoleList:
        """Who is staff."""
        async with self.read(acting) as (tx, _):
            found = await persons.members(tx, self.ground.vault)
        return RoleList(tuple((member.contact.address.text, member.role) for member in found))
