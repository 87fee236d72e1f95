"""Contacts: who is asking, in which language, what is kept about them, and forgetting it."""

import json

from bot.domain.contacts import Address, Caller, Contact, ContactKind, ContactState, Role
from bot.domain.customers import MyData, Welcome
from bot.domain.notices import SettleReason
from bot.domain.subscriptions import EndReason
from bot.services.ground import Ground
from bot.services.line.restocking import Restocking
from storage import contacts, history, inbox, notices, products, subscriptions
from storage.tx import Tx

ROTATED_AT_ONCE = 500  # rows a transaction


class People:
    """Personal data live in contacts only; everything else knows a contact by its number."""

    def __init__(self, ground: Ground, languages: tuple[str, ...], restocking: Restocking) -> None:
        self.restocking = restocking
        self.ground = ground
        self.languages = languages

    async def ensure(self, tx: Tx, caller: Caller) -> Contact:
        """The contact of whoever asks, made on the first word; who writes is not blocked."""
        contact = await contacts.ensure(
            tx, self.ground.vault, caller, ContactKind.PERSON, self.ground.now()
        )
        if contact.state is not ContactState.ACTIVE:
            await self._reachable_again(tx, contact)
        return contact

    async def _reachable_again(self, tx: Tx, contact: Contact) -> None:
        """Restocks that passed the person by while nobody was there look at the line again."""
        await contacts.set_state(tx, contact.id, ContactState.ACTIVE)
        await notices.hurry(tx, contact.id, self.ground.now())
        for row in await subscriptions.of_contact(tx, contact.id):
            product = await products.lock(tx, row.product_id)
            if product is not None:
                await self.restocking.after_move(tx, product, self.ground.now())

    async def start(self, caller: Caller) -> Welcome:
        async with self.ground.write() as tx:
            known = await contacts.find(tx, self.ground.vault, caller.address)
            await self.ensure(tx, caller)
        return Welcome(name=caller.name, is_new=known is None, languages=self.languages)

    async def language(self, caller: Caller) -> str:
        """The language code to answer in: the chosen one, else the platform's guess, else ""."""
        async with self.ground.read() as tx:
            contact = await contacts.find(tx, self.ground.vault, caller.address)
        if contact is not None and (contact.language_chosen or not caller.language):
            return contact.language
        return caller.language

    async def set_language(self, caller: Caller, code: str) -> str:
        """Remember the language the person chose; unknown codes leave it. Returns the language."""
        if code not in self.languages:
            return await self.language(caller)
        async with self.ground.write() as tx:
            contact = await self.ensure(tx, caller)
            await contacts.set_language(tx, contact.id, code, chosen=True)
        return code

    async def my_data(self, caller: Caller) -> MyData:
        """All that is kept about the person, as JSON for a file."""
        async with self.ground.write() as tx:
            contact = await self.ensure(tx, caller)
        async with self.ground.read() as tx:
            rows = await subscriptions.all_of_contact(tx, contact.id)
            named = await products.by_ids(tx, {row.product_id for row in rows})
            told = await history.of_contact(tx, contact.id)
            created_at = await contacts.created_at(tx, contact.id)
        document = {
            "address": {"platform": contact.address.way, "id": contact.address.value},
            "name": contact.name,
            "language": contact.language,
            "state": contact.state,
            "role": contact.role.word if contact.role else None,
            "since": created_at.isoformat(),
            "subscriptions": [
                {
                    "sku": named[row.product_id].sku,
                    "quantity": row.quantity,
                    "state": row.state,
                    "reason": row.reason,
                    "created_at": row.created_at.isoformat(),
                    "updated_at": row.updated_at.isoformat(),
                }
                for row in rows
            ],
            "messages": [
                {
                    "kind": row.kind,
                    "state": row.state,
                    "reason": row.reason,
                    "created_at": row.created_at.isoformat(),
                }
                for row in told
            ],
        }
        text = json.dumps(document, ensure_ascii=False, indent=2)
        live = sum(row.state != "ended" for row in rows)
        return MyData(document=text, subscriptions=live, since=created_at)

    async def number(self, caller: Caller) -> int:
        """The contact's number, to bind a question to it; a contact made anew has another one."""
        async with self.ground.write() as tx:
            return (await self.ensure(tx, caller)).id

    async def is_number(self, caller: Caller, number: int) -> bool:
        """Whether the caller still is the contact that was asked."""
        async with self.ground.read() as tx:
            contact = await contacts.find(tx, self.ground.vault, caller.address)
        return contact is not None and contact.id == number

    async def forget(self, caller: Caller) -> int:
        """Erase the person: the contact goes, its subscriptions end, unsent notices are dropped.

        Returns how many live subscriptions that ended.
        """
        now = self.ground.now()
        async with self.ground.write() as tx:
            contact = await contacts.find(tx, self.ground.vault, caller.address)
            if contact is None:
                return 0
            await inbox.forget_sender(
                tx, self.ground.vault, caller.address.way, caller.address.value, now
            )
            lines = await self._lines_of(tx, contact.id)
            await notices.drop_of_contact(tx, contact.id, SettleReason.FORGOTTEN, now)
            ended = await subscriptions.end_all(tx, contact.id, EndReason.FORGOTTEN, now)
            await contacts.delete(tx, contact.id)
            for product_id in lines:
                await self.restocking.advance(tx, product_id, now)
        return ended

    async def _lines_of(self, tx: Tx, contact_id: int) -> list[int]:
        """The SKUs that the contact waits for, locked: who is behind them in a line goes on."""
        rows = await subscriptions.of_contact(tx, contact_id)
        lines = sorted({row.product_id for row in rows})
        for product_id in lines:
            await products.lock(tx, product_id)
        return lines

    async def blocked(self, address: Address) -> None:
        """The person blocked the bot: nothing is sent, the places in line are kept."""
        async with self.ground.write() as tx:
            contact = await contacts.find(tx, self.ground.vault, address)
            if contact is not None:
                await contacts.set_state(tx, contact.id, ContactState.BLOCKED)
                await contacts.touch(tx, contact.id, self.ground.now())

    async def came_back(self, address: Address) -> None:
        """The person lifted the block, or the bot is in the group again: places in line were kept,
        and what was put off goes now."""
        async with self.ground.write() as tx:
            contact = await contacts.find(tx, self.ground.vault, address)
            if contact is not None and contact.state is not ContactState.ACTIVE:
                await self._reachable_again(tx, contact)

    async def moved(self, old: Address, new: Address) -> None:
        """A group became a supergroup: follow it, with all that is routed there."""
        async with self.ground.write() as tx:
            contact = await contacts.find(tx, self.ground.vault, old)
            if contact is not None:
                await contacts.move_address(tx, self.ground.vault, contact.id, new)

    async def role(self, tx: Tx, caller: Caller) -> Contact | None:
        """The caller as a contact if known, without making one: strangers leave no trace."""
        return await contacts.find(tx, self.ground.vault, caller.address)

    async def is_staff(self, caller: Caller) -> bool:
        async with self.ground.read() as tx:
            member = await self.role(tx, caller)
        return member is not None and member.role is not None

    async def add_admins(self, addresses: tuple[Address, ...]) -> None:
        """ADMINS of the settings: added at each start, never removed by it."""
        async with self.ground.write() as tx:
            for address in addresses:
                caller = Caller(address)
                contact = await contacts.ensure(
                    tx, self.ground.vault, caller, ContactKind.PERSON, self.ground.now()
                )
                await contacts.set_role(tx, contact.id, Role.ADMIN)

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
