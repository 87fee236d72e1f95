"""Persons: who is asking, in which language, what is kept about them, and forgetting it."""

from bot.domain.contacts import Address, Caller, Contact, ContactState, Person, Role
from bot.domain.customers import MyData, Welcome
from bot.domain.notices import SettleReason
from bot.domain.stock import Product
from bot.domain.subscriptions import EndReason, SubscriptionState
from bot.services.ground import Ground
from bot.services.line.restocking import Restocking
from bot.services.people.kept import Kept
from storage import contacts, history, inbox, notices, persons, products, subscriptions
from storage.tx import Tx

ROTATED_AT_ONCE = 500  # rows a transaction


class People:
    """Personal data live in contacts only; all else knows a person or a contact by its number."""

    def __init__(self, ground: Ground, languages: tuple[str, ...], restocking: Restocking) -> None:
        self.restocking = restocking
        self.ground = ground
        self.languages = languages

    async def ensure(self, tx: Tx, caller: Caller) -> Person:
        """Whoever asks, made on the first word; who writes is not blocked."""
        now = self.ground.now()
        person = await persons.ensure(tx, self.ground.vault, caller, now, wrote=True)
        if person.contact.state is not ContactState.ACTIVE:
            await self._reachable_again(tx, person.contact)
        return person

    async def _reachable_again(self, tx: Tx, contact: Contact) -> None:
        """Restocks that passed the person by while nobody was there look at the line again."""
        await contacts.set_state(tx, contact.id, ContactState.ACTIVE)
        await notices.hurry(tx, contact.id, self.ground.now())
        for product in (await self._lock_lines(tx, contact.person_id or 0)).values():
            await self.restocking.after_move(tx, product, self.ground.now())

    async def start(self, caller: Caller) -> Welcome:
        async with self.ground.write() as tx:
            known = await persons.at(tx, self.ground.vault, caller.address)
            await self.ensure(tx, caller)
        return Welcome(name=caller.name, is_new=known is None, languages=self.languages)

    async def language(self, caller: Caller) -> str:
        """The language code to answer in: the chosen one, else the platform's guess, else ""."""
        async with self.ground.read() as tx:
            person = await persons.at(tx, self.ground.vault, caller.address)
        if person is not None and (person.language_chosen or not caller.language):
            return person.language
        return caller.language

    async def set_language(self, caller: Caller, code: str) -> str:
        """Remember the language the person chose; unknown codes leave it. Returns the language."""
        if code not in self.languages:
            return await self.language(caller)
        async with self.ground.write() as tx:
            person = await self.ensure(tx, caller)
            await persons.choose_language(tx, person.id, code)
        return code

    async def my_data(self, caller: Caller) -> MyData:
        """All that is kept about the person, as JSON for a file."""
        async with self.ground.write() as tx:
            person = await self.ensure(tx, caller)
        async with self.ground.read() as tx:
            rows = await subscriptions.all_of_person(tx, person.id)
            kept = Kept(
                person=person,
                contacts=await persons.contacts_of(tx, self.ground.vault, person.id),
                subscriptions=rows,
                products=await products.by_ids(tx, {row.product_id for row in rows}),
                told=await history.of_person(tx, person.id),
            )
        live = sum(row.state is not SubscriptionState.ENDED for row in rows)
        return MyData(document=kept.as_json(), subscriptions=live, since=person.created_at)

    async def number(self, caller: Caller) -> int:
        """The person's number, to bind a question to it; a person made anew has another one."""
        async with self.ground.write() as tx:
            return (await self.ensure(tx, caller)).id

    async def is_number(self, caller: Caller, number: int) -> bool:
        """Whether the caller still is the person that was asked."""
        async with self.ground.read() as tx:
            person = await persons.at(tx, self.ground.vault, caller.address)
        return person is not None and person.id == number

    async def forget(self, caller: Caller) -> int:
        """Erase the person: all their contacts go, their subscriptions end, unsent notices are
        dropped.

        Returns how many live subscriptions that ended.
        """
        now = self.ground.now()
        async with self.ground.write() as tx:
            person = await self._locked(tx, caller.address)
            if person is None:
                return 0
            for contact in await persons.contacts_of(tx, self.ground.vault, person.id):
                way, value = contact.address.way, contact.address.value
                await inbox.forget_sender(tx, self.ground.vault, way, value, now)
            lines = await self._lock_lines(tx, person.id)
            await notices.drop_of_person(tx, person.id, SettleReason.FORGOTTEN, now)
            ended = await subscriptions.end_all(tx, [person.id], EndReason.FORGOTTEN, now)
            await persons.delete_all(tx, [person.id])
            for product_id in lines:
                await self.restocking.advance(tx, product_id, now)
        return ended

    async def _locked(self, tx: Tx, address: Address) -> Person | None:
        """The person at this address, locked; None when there is none (any more)."""
        while (person := await persons.at(tx, self.ground.vault, address)) is not None:
            await persons.lock(tx, [person.id])
            again = await persons.at(tx, self.ground.vault, address)
            if again is None or again.id == person.id:
                return again
        return None

    async def _lock_lines(self, tx: Tx, person_id: int) -> dict[int, Product]:
        """The SKUs that the person waits for, locked: who is behind them in a line goes on."""
        waits = await subscriptions.of_person(tx, person_id)
        return await products.lock_all(tx, {one.product_id for one in waits})

    async def blocked(self, address: Address) -> None:
        """The person blocked the bot: nothing is sent there, the places in line are kept."""
        async with self.ground.write() as tx:
            contact = await contacts.find(tx, self.ground.vault, address)
            if contact is None:
                return
            if contact.person_id is not None:
                await persons.touch(tx, contact.person_id, self.ground.now())
            await contacts.set_state(tx, contact.id, ContactState.BLOCKED)

    async def came_back(self, address: Address) -> None:
        """The person lifted the block, or the bot is in the group again: places in line were kept,
        and what was put off goes now."""
        async with self.ground.write() as tx:
            await self._locked(tx, address)
            contact = await contacts.find(tx, self.ground.vault, address)
            if contact is not None and contact.state is not ContactState.ACTIVE:
                await self._reachable_again(tx, contact)

    async def moved(self, old: Address, new: Address) -> None:
        """A group became a supergroup: follow it, with all that is routed there."""
        async with self.ground.write() as tx:
            contact = await contacts.find(tx, self.ground.vault, old)
            if contact is not None:
                await contacts.move_address(tx, self.ground.vault, contact.id, new)

    async def role(self, tx: Tx, caller: Caller) -> Person | None:
        """The caller as a person if known, without making one: strangers leave no trace."""
        return await persons.at(tx, self.ground.vault, caller.address)

    async def is_staff(self, caller: Caller) -> bool:
        async with self.ground.read() as tx:
            person = await self.role(tx, caller)
        return person is not None and person.role is not None

    async def add_admins(self, addresses: tuple[Address, ...]) -> None:
        """ADMINS of the settings: added at each start, never removed by it."""
        vault, now = self.ground.vault, self.ground.now()
        async with self.ground.write() as tx:
            known = [await persons.at(tx, vault, address) for address in addresses]
            await persons.lock(tx, [person.id for person in known if person], staff=True)
            for address in addresses:
                person = await persons.ensure(tx, vault, Caller(address), now, wrote=False)
                await persons.set_role(tx, person.id, Role.ADMIN)

    async def rotate_keys(self) -> int:
        """Seal everything that another key than the first sealed anew; returns how much it was."""
        rotated = 0
        for store in (contacts.rotate, inbox.rotate):
            while True:
                async with self.ground.write() as tx:
                    count = await store(tx, self.ground.vault, ROTATED_AT_ONCE)
                rotated += count
                if count < ROTATED_AT_ONCE:
                    break
        return rotated
