"""Who is staff, and what each may do."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bot.domain.contacts import Address, Caller, Contact, ContactKind, Role
from bot.domain.staff import Acting, LastAdmin, NotAllowed, Refused, RoleList, RoleSet
from bot.services.ground import Ground
from storage import audit, contacts
from storage.tx import Tx


@dataclass(frozen=True, slots=True)
class Members:
    """Roles are read from the database on every press: an empty list refuses everybody.

    `admins` are the ADMINS of the settings; the chat cannot take the role from them.
    """

    ground: Ground
    admins: tuple[Address, ...] = ()

    @asynccontextmanager
    async def write(self, acting: Acting) -> AsyncIterator[tuple[Tx, Contact]]:
        """A transaction of a member whose role suffices. Raises NotAllowed at its beginning."""
        async with self.ground.write() as tx:
            yield tx, await self._member(tx, acting)

    @asynccontextmanager
    async def read(self, acting: Acting) -> AsyncIterator[tuple[Tx, Contact]]:
        """The same, for what only reads."""
        async with self.ground.read() as tx:
            yield tx, await self._member(tx, acting)

    async def admit(self, acting: Acting) -> None:
        """Only the check, for what needs no data. Raises NotAllowed."""
        async with self.read(acting):
            pass

    async def _member(self, tx: Tx, acting: Acting) -> Contact:
        """The only place where a role is held against what is asked for."""
        member = await contacts.find(tx, self.ground.vault, acting.caller.address)
        if member is None or not member.may(acting.needed):
            raise NotAllowed(Refused(member.role if member else None, acting.needed))
        return member

    async def set_role(self, acting: Acting, person: str, role: Role | None) -> RoleSet | LastAdmin:
        """`role` None takes it away. Raises NotAllowed."""
        address = Address.parse(person)
        async with self.ground.write() as tx:
            await contacts.lock_members(tx)  # first: two admins may take each other's role
            admin = await self._member(tx, acting)
            before = await contacts.find(tx, self.ground.vault, address)
            if role is not Role.ADMIN and await self._must_stay(tx, address):
                return LastAdmin(person)
            target = await contacts.ensure(
                tx, self.ground.vault, Caller(address), ContactKind.PERSON, self.ground.now()
            )
            await contacts.set_role(tx, target.id, role)
            detail = {"contact": target.id, "role": role.word if role else None}
            await audit.write(tx, admin.id, "role", "member", detail, self.ground.now())
        return RoleSet(person, role, before.role if before else None)

    async def _must_stay(self, tx: Tx, address: Address) -> bool:
        """An admin by settings, or the last one there is."""
        if address in self.admins:
            return True
        members = await contacts.members(tx, self.ground.vault)
        return [m.address for m in members if m.role is Role.ADMIN] == [address]

    async def roles(self, acting: Acting) -> RoleList:
        """Who is staff."""
        async with self.read(acting) as (tx, _):
            found = await contacts.members(tx, self.ground.vault)
        return RoleList(
            tuple(
                (f"{m.address.way}:{m.address.value}", m.role) for m in found if m.role is not None
            )
        )
