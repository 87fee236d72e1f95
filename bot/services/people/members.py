"""Who is staff, and what each may do."""

from dataclasses import dataclass

from bot.domain.contacts import Address, Caller, Contact, ContactKind, Role
from bot.domain.staff import LastAdmin, Refused, RoleList, RoleSet
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

    async def allowed(self, tx: Tx, caller: Caller, needed: Role) -> Contact | Refused:
        """The caller's contact if the role suffices."""
        member = await contacts.find(tx, self.ground.vault, caller.address)
        if member is None or member.role is None or member.role < needed:
            return Refused(member.role if member else None, needed)
        return member

    async def set_role(
        self, caller: Caller, person: str, role: Role | None
    ) -> RoleSet | LastAdmin | Refused:
        """`/stock role @person clerk`; `role` None takes it away."""
        address = Address.parse(person)
        async with self.ground.write() as tx:
            await contacts.lock_members(tx)
            admin = await self.allowed(tx, caller, Role.ADMIN)
            if isinstance(admin, Refused):
                return admin
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

    async def roles(self, caller: Caller) -> RoleList | Refused:
        """Who is staff, for viewers and up."""
        async with self.ground.read() as tx:
            member = await self.allowed(tx, caller, Role.VIEWER)
            if isinstance(member, Refused):
                return member
            found = await contacts.members(tx, self.ground.vault)
        return RoleList(
            tuple(
                (f"{m.address.way}:{m.address.value}", m.role) for m in found if m.role is not None
            )
        )
