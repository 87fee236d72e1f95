"""Two persons become one, by a code that is sent to a contact of the one and given by the other;
never because names or addresses look alike."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.contacts import Caller, Contact, Person, Role
from bot.domain.joining import (
    CODE_LASTS,
    TRIES_COUNT_FOR,
    WRONG_TRIES,
    Before,
    Code,
    CodeGiven,
    Join,
    Joined,
    Merge,
    NotJoined,
    Refusal,
    lowered_from,
    read_code,
    write_code,
)
from bot.domain.notices import Lane, NewNotice, NoticeKind
from bot.domain.staff import Acting
from bot.domain.ways import WayName
from bot.services.ground import Ground
from bot.services.people.members import Members
from bot.services.people.people import People
from bot.services.people.places import Places
from storage import audit, contacts, join_codes, joinings, notices, persons, subscriptions
from storage.tx import Tx


@dataclass(frozen=True, slots=True)
class Proven:
    """The code is good: `asked` has it, `given` gave it. Both are locked."""

    code: Code
    asked: Person
    given: Person

    @property
    def kept(self) -> Person:
        """The older one stays."""
        return min(self.asked, self.given, key=lambda person: person.id)

    @property
    def gone(self) -> Person:
        return max(self.asked, self.given, key=lambda person: person.id)


@dataclass(frozen=True, slots=True)
class Joining:
    """`most`: live subscriptions of one person."""

    ground: Ground
    people: People
    members: Members
    places: Places
    most: int

    async def code(self, caller: Caller, key: str) -> CodeGiven:
        """A new code, for the caller's own eyes; the same `key` again gives the same one."""
        vault, now = self.ground.vault, self.ground.now()
        async with self.ground.write() as tx:
            person = await self.people.ensure(tx, caller)
            code = await join_codes.by_key(tx, key)
            if code is None:
                code = await join_codes.add(tx, person.contact.id, key, now, now + CODE_LASTS)
        text = write_code(code.id, vault.signatures(code.signs)[0])
        return CodeGiven(text, CODE_LASTS // timedelta(minutes=1))

    async def join(self, acting: Acting, text: str) -> Joined | Refusal:
        """Somebody gives a code. The same key again gives the first answer."""
        async with self.ground.write() as tx:  # apart: it locks the caller before all others
            await self.people.ensure(tx, acting.caller)
        async with self.ground.write() as tx:
            join = await joinings.by_key(tx, acting.key)
            if join is None:
                proven = await self._prove(tx, acting.caller, text)
                if isinstance(proven, NotJoined):
                    return Refusal(proven)
                made = await self._join(tx, proven, acting)
                if isinstance(made, NotJoined):
                    return Refusal(made, self.most)
                join = made
            return await self._answer(tx, join)

    async def _prove(self, tx: Tx, caller: Caller, text: str) -> Proven | NotJoined:
        contact = await contacts.find(tx, self.ground.vault, caller.address)
        if contact is None:
            return NotJoined.UNKNOWN
        code = await self._known(tx, contact, text)
        if isinstance(code, NotJoined):
            return code
        proven = await self._hold_both(tx, contact.id, code)
        if isinstance(proven, NotJoined):
            return proven
        fresh = await join_codes.by_id(tx, code.id)
        if fresh is None or fresh.used:
            return NotJoined.USED
        return NotJoined.EXPIRED if fresh.expires_at <= self.ground.now() else proven

    async def _known(self, tx: Tx, giver: Contact, text: str) -> Code | NotJoined:
        """The code that this text is, good or not; wrong ones are counted."""
        vault, now = self.ground.vault, self.ground.now()
        if await join_codes.wrong_since(tx, giver.id, now - TRIES_COUNT_FOR) >= WRONG_TRIES:
            return NotJoined.TRIES
        given = read_code(text)
        code = await join_codes.by_id(tx, given.number) if given else None
        if given and code and any(map(given.is_signed_by, vault.signatures(code.signs))):
            return code
        await join_codes.note_wrong(tx, giver.id, now)
        return NotJoined.UNKNOWN

    async def _hold_both(self, tx: Tx, giver_id: int, code: Code) -> Proven | NotJoined:
        """Lock both, as they are: another joining or /forget may have been faster."""
        vault, held = self.ground.vault, set[int]()
        while True:
            given = await persons.of_contact(tx, vault, giver_id)
            asked = await persons.of_contact(tx, vault, code.contact_id)
            if given is None or asked is None:
                return NotJoined.UNKNOWN
            if {given.id, asked.id} <= held:
                return Proven(code, asked, given) if given.id != asked.id else NotJoined.OWN
            held = await persons.lock(tx, {given.id, asked.id}, staff=True)

    async def _join(self, tx: Tx, proven: Proven, acting: Acting) -> Join | NotJoined:
        kept, gone, now = proven.kept, proven.gone, self.ground.now()
        found = await self.places.lock(tx, [kept.id, gone.id])
        merges = await self.places.shared(tx, kept.id, gone.id)
        counts = [await subscriptions.count_of_person(tx, one.id) for one in (kept, gone)]
        if sum(counts) - len(merges) > max(self.most, *counts):
            return NotJoined.LIMIT
        if not await join_codes.use(tx, proven.code.id, now):
            return NotJoined.USED
        before = await self._before(tx, proven, merges)
        theirs = await persons.contacts_of(tx, self.ground.vault, kept.id)
        at = [*before.contacts, *(contact.id for contact in theirs)]
        await self.places.merge(tx, merges, at, now)
        await subscriptions.give(tx, before.subscriptions, gone.id, kept.id)
        role = await self._become_one(tx, proven, before, now)
        join = await joinings.add(tx, kept.id, gone.id, acting.key, before, now)
        detail = {"person": gone.id, "role": role.word if role else None}
        subject = f"person:{kept.id}"
        await audit.write(tx, proven.given.id, acting.source, "join", subject, detail, now)
        await self.places.judge(tx, [found[merge.kept.product_id] for merge in merges], now)
        await self._tell(tx, proven, join, now)
        return join

    async def _before(self, tx: Tx, proven: Proven, merges: list[Merge]) -> Before:
        kept, gone = proven.kept, proven.gone
        theirs = await persons.contacts_of(tx, self.ground.vault, gone.id)
        takes_over = gone.language_chosen and not kept.language_chosen
        return Before(
            asked_at=proven.code.contact_id,
            contacts=[contact.id for contact in theirs],
            preferred=[contact.id for contact in theirs if contact.preferred],
            subscriptions=[one.id for one in await subscriptions.all_of_person(tx, gone.id)],
            merges=[merge.before for merge in merges],
            role_kept=kept.role,
            role_gone=gone.role,
            language=kept.language if takes_over else None,
        )

    async def _become_one(
        self, tx: Tx, proven: Proven, before: Before, now: datetime
    ) -> Role | None:
        """Returns the role that they have now."""
        kept, gone = proven.kept, proven.gone
        role = await self.members.joined_role(tx, kept, gone)
        await persons.set_role(tx, kept.id, role)
        await persons.set_role(tx, gone.id, None)
        theirs = await persons.contacts_of(tx, self.ground.vault, kept.id)
        await joinings.give_contacts(tx, before.contacts, gone.id, kept.id)
        if any(contact.preferred for contact in theirs):
            await persons.set_preferred(tx, before.preferred, preferred=False)
        if before.language is not None:
            await persons.choose_language(tx, kept.id, gone.language)
        preferences = {**gone.preferences, **kept.preferences}
        zone = kept.zone or gone.zone
        await persons.change(tx, kept.id, preferences=preferences, zone=zone, seen_at=now)
        return role

    async def _tell(self, tx: Tx, proven: Proven, join: Join, now: datetime) -> None:
        """Where the code was sent to: had somebody else got hold of it, they see that."""
        subject = f"joined:{join.id}"
        new = NewNotice(
            kind=NoticeKind.JOINED,
            key=subject,
            contact_id=join.before.asked_at,
            lane=Lane.ALERT,
            subject=subject,
            payload={"joining": join.id, "way": proven.given.contact.address.way},
        )
        await notices.queue(tx, [new], now)

    async def _answer(self, tx: Tx, join: Join) -> Joined:
        person = await persons.of_contact(tx, self.ground.vault, join.before.asked_at)
        if person is None:
            raise LookupError("who was joined is gone within the transaction that holds them")
        theirs = await persons.contacts_of(tx, self.ground.vault, person.id)
        places = await self.places.views(tx, [one.kept.id for one in join.before.merges])
        roles = (join.before.role_kept, join.before.role_gone)
        ways = _ways(person.contact, theirs)
        return Joined(join.id, ways, places, person.role, lowered_from(roles, person.role))


def _ways(first: Contact, every: list[Contact]) -> tuple[WayName, ...]:
    """On which the person is known, the first contact's before the others."""
    return tuple(dict.fromkeys(contact.address.way for contact in [first, *every]))
