"""Alerts and rules as people read them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.domain.alerts import Alert, AlertView
from bot.domain.contacts import Contact
from bot.domain.rules.kind import Explained, Judged
from bot.domain.stock import Location, Position, Product
from bot.domain.way import Ways
from bot.services.alerts.kinds import Rulebook, Ruled
from bot.services.ground import Ground
from storage import alerts, lines, persons, positions, products
from storage.tx import Tx


@dataclass(frozen=True, slots=True)
class Seen:
    """What views of several alerts need, read once."""

    products: Mapping[int, Product]
    positions: Mapping[int, tuple[Position, ...]]  # by product
    locations: Mapping[int, Location]
    waiting: Mapping[int, int]  # by product
    people: Mapping[int | None, Contact]


@dataclass(frozen=True, slots=True)
class Showing:
    ground: Ground
    book: Rulebook

    async def views(
        self, tx: Tx, found: Sequence[Alert], subject: str = ""
    ) -> tuple[AlertView, ...]:
        """The alerts in the message named `subject` (or anywhere), but for unknown kinds."""
        known = [item for item in found if self.book.knows(item)]
        seen = await self._see(tx, known)
        return tuple(self._view(item, seen, subject) for item in known)

    async def _see(self, tx: Tx, found: Sequence[Alert]) -> Seen:
        ids = [item.about.product_id for item in found if item.about.product_id is not None]
        here = await positions.for_products(tx, ids)
        places = {place.location.id: place.location for each in here.values() for place in each}
        if {item.about.location_id for item in found} - {None} - places.keys():
            places = {place.id: place for place in await positions.locations(tx)}
        return Seen(
            await products.by_ids(tx, ids),
            here,
            places,
            await lines.waiting_by_product(tx, ids),
            await persons.known_as(tx, self.ground.vault, {a.acknowledged_by for a in found}),
        )

    def _view(self, item: Alert, seen: Seen, subject: str) -> AlertView:
        product_id, place_id = item.about.product_id or 0, item.about.location_id or 0
        here = [p for p in seen.positions.get(product_id, ()) if p.location.id == place_id]
        by = seen.people.get(item.acknowledged_by)
        return AlertView(
            id=item.id,
            kind=item.kind,
            state=item.state,
            severity=item.present,
            numbers=self.book.numbers(item),
            opened_at=item.opened_at,
            product=seen.products.get(product_id),
            location=seen.locations.get(place_id),
            position=here[0] if here else None,
            lot=item.about.lot,
            waiting=seen.waiting.get(product_id, 0),
            acknowledged_by=who_is(by, self.ground.ways) if by else "",
            acknowledged_at=item.acknowledged_at,
            resolved_at=item.resolved_at,
            superseded=bool(subject) and item.subject != subject,
            version=item.version,
        )

    async def explain(self, tx: Tx, product: Product) -> tuple[Explained, ...]:
        """How each rule sees the SKU now, and what is wrong with the shop as a whole."""
        open_ones = await alerts.open_of_products(tx, [product.id])
        found: list[Explained] = []
        for one in await self.book.known(tx):
            found += await self._of_sku(tx, one, product, open_ones)
            found += await self._of_shop(tx, one)
        return tuple(found)

    async def _of_sku(
        self, tx: Tx, one: Ruled, product: Product, open_ones: Iterable[Alert]
    ) -> list[Explained]:
        mine = {a.fingerprint: a for a in open_ones if a.kind == one.kind.name}
        judged = await one.of_products(tx, {product.id: product}, mine, self.ground.now())
        return await self._explained(tx, one, judged, mine)

    async def _of_shop(self, tx: Tx, one: Ruled) -> list[Explained]:
        """Only where an alert is open: the rest is not what was asked."""
        mine = {a.fingerprint: a for a in await alerts.open_of_shop(tx, one.kind.name)}
        judged = await one.of_shop(tx, mine, self.ground.now()) if mine else ()
        found = await self._explained(tx, one, judged, mine)
        return [item for item in found if item.alert is not None]

    async def _explained(
        self, tx: Tx, one: Ruled, judged: Sequence[Judged], mine: Mapping[str, Alert]
    ) -> list[Explained]:
        kind = one.kind.name
        views = dict(zip(mine, await self.views(tx, list(mine.values())), strict=True))
        return [Explained(kind, item, views.get(item.about.fingerprint(kind))) for item in judged]


def who_is(member: Contact, ways: Ways) -> str:
    """How an alert names who looks after it: by an address where that becomes a mention, else by
    the name they have there. A name never passes for an address."""
    mentioned = ways.can_mention(member.address.way)
    named = bool(member.name) and ":" not in member.name
    return member.name if named and not mentioned else member.address.text
