"""What was joined is taken apart again, for a day; and at which contact somebody is told."""

from dataclasses import dataclass
from datetime import datetime

from bot.domain.contacts import Caller, Role
from bot.domain.joining import (
    UNDO_WINDOW,
    Join,
    NothingParted,
    NotParted,
    Parted,
    ToldHere,
    parted_role,
)
from bot.domain.notices import Lane, NewNotice, NoticeKind
from bot.domain.staff import Acting
from bot.services.ground import Ground
from bot.services.people.members import Members
from bot.services.people.people import People
from bot.services.people.places import Places
from storage import audit, joinings, notices, persons
from storage.tx import Tx


@dataclass(frozen=True, slots=True)
class Parting:
    ground: Ground
    people: People
    members: Members
    places: Places

    async def told_here(self, caller: Caller) -> ToldHere:
        """From now on restocks are told at the contact that asks, while it can be reached."""
        async with self.ground.write() as tx:
            person = await self.people.ensure(tx, caller)
            await persons.prefer(tx, person.id, person.contact.id)
        return ToldHere(caller.address.way)

    async def undo(self, acting: Acting, joining_id: int | None = None) -> Parted | NothingParted:
        """Two again: what was joined last, which is `joining_id` if that is given.

        The same key again gives the first answer.
        """
        async with self.ground.write() as tx:
            earlier = await joinings.by_undo_key(tx, acting.key)
            join = earlier or await self._to_part(tx, acting.caller, joining_id)
            if isinstance(join, NotParted):
                return NothingParted(join)
            if earlier is None:
                await self._part(tx, join, acting)
            person = await persons.at(tx, self.ground.vault, acting.caller.address)
            return Parted(person.role if person else None)

    async def _to_part(self, tx: Tx, caller: Caller, joining_id: int | None) -> Join | NotParted:
        """The joining, with both persons locked."""
        held = set[int]()
        while True:
            person = await persons.at(tx, self.ground.vault, caller.address)
            join = await joinings.last_of(tx, person.id) if person else None
            if join is None:
                return NotParted.NOTHING
            if {join.kept_id, join.gone_id} <= held:
                return await self._may_part(tx, join, joining_id)
            held = await persons.lock(tx, {join.kept_id, join.gone_id}, staff=True)

    async def _may_part(self, tx: Tx, join: Join, joining_id: int | None) -> Join | NotParted:
        if joining_id not in (None, join.id):
            meant = await joinings.by_id(tx, joining_id or 0)
            here = meant is not None and meant.kept_id == join.kept_id and not meant.undone
            return NotParted.NOT_LAST if here else NotParted.NOTHING
        late = self.ground.now() - join.created_at > UNDO_WINDOW
        return NotParted.TOO_LATE if late else join

    async def _part(self, tx: Tx, join: Join, acting: Acting) -> None:
        before, now = join.before, self.ground.now()
        found = await self.places.lock(tx, [join.kept_id])
        await joinings.give_contacts(tx, before.contacts, join.kept_id, join.gone_id)
        await persons.set_preferred(tx, before.preferred, preferred=True)
        touched = await self.places.part(tx, join, now)
        await self._two_again(tx, join, now)
        await joinings.undone(tx, join.id, acting.key, now)
        subject, detail = f"person:{join.kept_id}", {"person": join.gone_id}
        await audit.write(tx, join.kept_id, acting.source, "part", subject, detail, now)
        await notices.queue(tx, [_correction(join)], now)
        await self.places.judge(tx, [found[one] for one in sorted(touched)], now)

    async def _two_again(self, tx: Tx, join: Join, now: datetime) -> None:
        """Roles and language as they were, but for what somebody has said since."""
        vault, before = self.ground.vault, join.before
        present = await persons.by_id(tx, vault, join.kept_id)
        other = await persons.by_id(tx, vault, join.gone_id)
        if present is None or other is None:
            raise LookupError(f"one half of joining {join.id} has no contact")
        roles = {join.kept_id: before.role_kept, join.gone_id: before.role_gone}
        if join.role_said:
            gone = parted_role(before.role_gone, present.role)
            roles = {join.kept_id: present.role, join.gone_id: gone}
        for person_id, role in roles.items():
            by_settings = await self.members.is_admin_by_settings(tx, person_id)
            await persons.set_role(tx, person_id, Role.ADMIN if by_settings else role)
            await persons.touch(tx, person_id, now)
        if before.language is not None and present.language == other.language:
            guess = {"language": before.language, "language_chosen": False}
            await persons.change(tx, join.kept_id, **guess)


def _correction(join: Join) -> NewNotice:
    """The message that told of the joining."""
    return NewNotice(
        kind=NoticeKind.JOINED,
        key=f"joined:{join.id}:undone",
        contact_id=join.before.asked_at,
        lane=Lane.EDIT,
        subject=f"joined:{join.id}",
        payload={"joining": join.id, "way": ""},
    )
