"""A small shop for tests of the services: products, customers, staff, and what they were sent."""

from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import insert, select

from bot.app.rules import RULES, kinds_of
from bot.app.ways import KNOWN
from bot.domain import sources
from bot.domain.codes import short_id, sku_key
from bot.domain.contacts import Address, Caller, ContactKind, ContactState, Person, Role
from bot.domain.living import says
from bot.domain.notices import Claimed
from bot.domain.sources import Source
from bot.domain.staff import Acting, Card, Moved
from bot.domain.telling import NoticeData
from bot.domain.ways import SLACK, TELEGRAM, WayName
from bot.services.bundle import Options, Services, build_services
from bot.services.outbox.composing import Composed, Drop
from handlers.verbs.act import Act, do
from handlers.verbs.table import Verbs
from storage import contacts, moves, persons, positions
from storage.database import Database
from storage.tables import metadata, product
from storage.vault import Vault
from tests.support.clock import Clock
from tests.support.people import put_people


def customer(number: int, language: str = "") -> Caller:
    return Caller(Address(TELEGRAM, str(number)), f"Customer {number}", language)


CLERK = Caller(Address(SLACK, "U0CLERK"))
MANAGER = Caller(Address(SLACK, "U0MANAGER"))
ADMIN = Caller(Address(SLACK, "U0ADMIN"))
VIEWER = Caller(Address(SLACK, "U0VIEWER"))
STRANGER = Caller(Address(SLACK, "U0STRANGER"))
ROLES = {ADMIN: Role.ADMIN, CLERK: Role.CLERK, MANAGER: Role.MANAGER, VIEWER: Role.VIEWER}


@dataclass
class Shop:
    """`said` collects (address, data) of each notice that `deliver` put through."""

    database: Database
    vault: Vault
    clock: Clock
    services: Services
    said: list[tuple[str, NoticeData]] = field(default_factory=list)
    _keys: int = 0

    @classmethod
    async def open(
        cls, database: Database, vault: Vault, clock: Clock, options: Options | None = None
    ) -> "Shop":
        options = options or Options(admins=(ADMIN.address,))
        options = replace(options, rules=options.rules or kinds_of(RULES))
        shop = cls(database, vault, clock, build_services(database, vault, clock, KNOWN, options))
        async with database.write() as tx:
            new = [one for one in ROLES if not await persons.at(tx, vault, one.address)]
            await put_people(tx, [shop._member(one) for one in new])
        return shop

    def _member(self, caller: Caller) -> dict[str, Any]:
        address, now = caller.address, self.clock()
        return {
            "way": address.way,
            "kind": ContactKind.PERSON.value,
            "address_index": self.vault.index(address.way, address.value),
            "address": self.vault.seal(address.value),
            "state": ContactState.ACTIVE.value,
            "role": ROLES[caller].word,
            "created_at": now,
            "seen_at": now,
        }

    def key(self) -> str:
        """An arrival key that was not there before."""
        self._keys += 1
        return f"test:{self._keys}"

    async def product(self, sku: str, name: str = "", **columns: Any) -> int:
        now = self.clock()
        values = {
            "sku": sku,
            "sku_key": sku_key(sku),
            "short_id": short_id(sku_key(sku)),
            "name": name or sku.title(),
            "created_at": now,
            "updated_at": now,
            "attributes": {},
        } | columns
        async with self.database.write() as tx:
            product_id: int = (
                await tx.execute(insert(product).values(values).returning(product.c.id))
            ).scalar_one()
            place = await positions.ensure_location(tx, "main")
            await moves.ensure_position(tx, product_id, place.id, now)
        return product_id

    async def stock(self, text: str, caller: Caller = MANAGER, key: str = "") -> Any:
        """What staff type after `/stock`."""
        verb, request = Verbs().understand(text)
        return await self.do(verb, request, caller, key)

    async def do(
        self,
        act: Act[Any],
        request: object,
        caller: Caller = MANAGER,
        key: str = "",
        source: Source = sources.SLACK,
    ) -> Any:
        """What staff type, press or submit."""
        acting = Acting(caller, source, key or self.key())
        return (await do(self.services, act, request, acting)).result

    async def moved(self, text: str) -> Moved:
        answer = await self.stock(text)
        assert isinstance(answer, Moved), answer
        return answer

    async def on_hand(self, sku: str) -> int:
        """Over all locations, as the card says it."""
        card = await self.stock(sku)
        assert isinstance(card, Card), card
        return sum(place.on_hand for place in card.positions)

    async def notify(self, number: int, sku: str, quantity: int = 1, key: str = "") -> Any:
        subscribing = self.services.subscribing
        return await subscribing.notify(customer(number), sku, quantity, key or self.key())

    async def claim(self, way: WayName = TELEGRAM, limit: int = 1000) -> list[Claimed]:
        return await self.services.settling.claim(way, limit)

    async def deliver(self, way: WayName = TELEGRAM) -> list[tuple[str, NoticeData]]:
        """Tell everything that is due, as the worker would on a perfect line; returns the news."""
        before = len(self.said)
        while claimed := await self.claim(way):
            for item in claimed:
                await self._tell(item)
        return self.said[before:]

    async def _tell(self, item: Claimed) -> None:
        composed = await self.services.composing.compose(item)
        if isinstance(composed, Drop):
            await self.services.settling.dropped(item, composed)
            return
        self.said.append((composed.contact.address.value, composed.data))
        await self.arrive(item, composed)

    async def arrive(self, item: Claimed, composed: Composed) -> None:
        if composed.message is None:
            settling, ref = self.services.settling, f"m{item.id}"
            await settling.sent(item, composed.contact, ref, "shown", says(composed.data))
        else:
            message_id = composed.message.id
            await self.services.settling.edited(
                item, message_id, "shown", changed=True, says=says(composed.data)
            )

    async def alert_channel(self, name: str = "C0ALERTS") -> None:
        address = Address(SLACK, name)
        await self.services.routes.follow_settings((address,))

    async def judge(self) -> None:
        while await self.services.alerting.judge_dirty():
            pass

    async def rows(self, table: str) -> list[Any]:
        named = metadata.tables[table]
        async with self.database.read() as tx:
            return list((await tx.execute(select(named).order_by(named.c.id))).all())

    async def person(self, caller: Caller) -> Person:
        async with self.database.read() as tx:
            found = await persons.at(tx, self.vault, caller.address)
        assert found is not None
        return found

    async def contact_id(self, caller: Caller) -> int:
        async with self.database.read() as tx:
            found = await contacts.find(tx, self.vault, caller.address)
        assert found is not None
        return found.id
