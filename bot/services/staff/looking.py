"""What staff look up: cards, the low list, and why."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain.alerts import Alert
from bot.domain.codes import sku_key
from bot.domain.contacts import Role
from bot.domain.customers import Expired
from bot.domain.notices import NoticeState
from bot.domain.places import Places
from bot.domain.rules import quantity
from bot.domain.staff import (
    Acting,
    Card,
    LowList,
    LowRow,
    RestockFact,
    StaffNotFound,
    StaffWhy,
    WhichLocation,
)
from bot.domain.stock import Move, Product, available_to_customers
from bot.services.alerts.showing import Showing
from bot.services.ground import Ground
from bot.services.line.restocking import Restocking
from bot.services.people.members import Members
from bot.services.stock import searching
from storage import alerts, lines, moves, persons, positions, products, restocks
from storage.rules import quantity as low_stock
from storage.rules import stored
from storage.tx import Tx

LOW_ROWS = 40  # of /stock low: within Slack's 50 blocks
LAST_MOVES = 5


@dataclass(frozen=True, slots=True)
class Looking:
    """Reads only. What is asked for by somebody of staff raises NotAllowed."""

    ground: Ground
    members: Members
    showing: Showing
    restocking: Restocking

    async def card(self, acting: Acting, product_id: int) -> Card | Expired:
        """The card of a SKU, as it is now."""
        async with self.members.read(acting) as (tx, member):
            product = await products.get(tx, product_id)
            if product is None:
                return Expired()
            return await self.card_of(tx, product, can_write=member.may(Role.CLERK))

    async def show(
        self, acting: Acting, sku: str, words: str, location: str = ""
    ) -> Card | StaffNotFound | WhichLocation:
        """The card of the SKU `sku`, or else of `words`, or else a search for them."""
        async with self.members.read(acting) as (tx, member):
            can_write = member.may(Role.CLERK)
            product = await self.find(tx, sku, words)
            if product is not None:
                card = await self.card_of(tx, product, can_write=can_write)
                here = Places(position.location for position in card.positions)
                if location and here.find(location) is None:
                    return WhichLocation(product, card.positions, location)
                return card
            return await self.closest(tx, words, can_write=can_write)

    async def search(self, acting: Acting, words: str, *, was_write: bool) -> Card | StaffNotFound:
        """The SKU that `words` are the code of, or else the closest; never a write."""
        async with self.members.read(acting) as (tx, member):
            can_write = member.may(Role.CLERK)
            product = await self.find(tx, words)
            if product is not None:
                return await self.card_of(tx, product, can_write=can_write)
            return await self.closest(tx, words, can_write=can_write, was_write=was_write)

    async def find(self, tx: Tx, *codes: str) -> Product | None:
        """The SKU that one of these texts is the code of."""
        for code in codes:
            if code and (product := await products.by_key(tx, sku_key(code))) is not None:
                return product
        return None

    async def closest(
        self, tx: Tx, words: str, *, can_write: bool, was_write: bool = False
    ) -> StaffNotFound:
        """What these words may mean, at most five."""
        found = await products.by_ids(tx, await searching.find(tx, words, limit=5))
        cards = [await self.card_of(tx, item, can_write=can_write) for item in found.values()]
        return StaffNotFound(query=words, found=tuple(cards), was_write=was_write)

    async def card_of(self, tx: Tx, product: Product, *, can_write: bool) -> Card:
        low = await self._low_alerts(tx, [product.id])
        waiting = await lines.waiting_by_product(tx, [product.id])
        last = await moves.newest(tx, product.id, LAST_MOVES)
        return Card(
            product=product,
            positions=(await positions.for_products(tx, [product.id]))[product.id],
            waiting=waiting.get(product.id, 0),
            moves=await self.named(tx, last),
            can_write=can_write,
            alerts=await self.showing.views(tx, low),
            terms=await stored.terms_of(tx, quantity.RULE),
        )

    async def named(self, tx: Tx, entries: Sequence[Move]) -> tuple[Move, ...]:
        """The moves with who made them."""
        who = await persons.known_as(tx, self.ground.vault, {entry.actor_id for entry in entries})
        return tuple(
            replace(entry, actor=who[entry.actor_id].address.text if entry.actor_id in who else "")
            for entry in entries
        )

    async def low(self, acting: Acting, location: str = "") -> LowList:
        """At or under the point, the worst first."""
        now = self.ground.now()
        async with self.members.read(acting) as (tx, _):
            known = await positions.locations(tx)
            meant = Places(known).find(location)
            if location and meant is None:
                return LowList((), 0, location, tuple(place.code for place in known))
            place = meant.id if meant else None
            terms = await stored.terms_of(tx, quantity.RULE)
            found = await low_stock.low_positions(tx, terms, now, LOW_ROWS, place)
            total = await low_stock.count_low(tx, terms, now, place)
            return LowList(await self._low_rows(tx, found, terms, now), total)

    async def _low_alerts(self, tx: Tx, product_ids: Sequence[int]) -> list[Alert]:
        found = await alerts.open_of_products(tx, product_ids)
        return [alert for alert in found if alert.kind == quantity.KIND]

    async def _low_rows(
        self, tx: Tx, found: Sequence[tuple[int, int]], terms: quantity.Terms, now: datetime
    ) -> tuple[LowRow, ...]:
        ids = list(dict.fromkeys(product_id for product_id, _ in found))
        named = await products.by_ids(tx, ids)
        places = await positions.for_products(tx, ids)
        open_ones = await self._low_alerts(tx, ids)
        views = {
            alert.about: view
            for alert, view in zip(open_ones, await self.showing.views(tx, open_ones), strict=True)
        }
        listed = []
        for product_id, place_id in found:
            # The numbers are measured from the row itself, not from the alert's: that one shows
            # what it was when it was judged last.
            place = next(p for p in places[product_id] if p.location.id == place_id)
            facts = quantity.Facts(named[product_id], place, terms)
            numbers = quantity.measure(facts, None, now)
            listed.append(LowRow(facts.product, place, numbers, views.get(facts.about)))
        return tuple(listed)

    async def why(self, acting: Acting, sku: str) -> StaffWhy | StaffNotFound:
        """The arithmetic of the rules and of the line."""
        async with self.members.read(acting) as (tx, _):
            product = await self.find(tx, sku)
            if product is None:
                return await self.closest(tx, sku, can_write=False)
            return await self._why(tx, product)

    async def _why(self, tx: Tx, product: Product) -> StaffWhy:
        places = (await positions.for_products(tx, [product.id]))[product.id]
        sums = await moves.sums(tx, product.id)
        states = await lines.count_by_state(tx, product.id)
        available = available_to_customers(places)
        return StaffWhy(
            product=product,
            rules=await self.showing.explain(tx, product),
            sellable_available=available,
            out_level=self.restocking.out_level,
            in_stock=self.restocking.in_stock(available),
            waiting=states.get("waiting", 0),
            paused=states.get("paused", 0),
            told=states.get("told", 0),
            restock=await self._restock(tx, product.id),
            # A check that staff see: a position that is not its ledger's sum was changed past the
            # bot.
            ledger_sum_matches=all(sums.get(p.location.id, 0) == p.on_hand for p in places),
        )

    async def _restock(self, tx: Tx, product_id: int) -> RestockFact | None:
        newest = await restocks.newest(tx, product_id)
        if newest is None:
            return None
        counts = await restocks.counts(tx, newest.id)
        return RestockFact(
            opened_at=newest.opened_at,
            closed_at=newest.closed_at,
            told=counts.get(NoticeState.SENT, 0),
            queued=counts.get(NoticeState.QUEUED, 0) + counts.get(NoticeState.SENDING, 0),
            dropped=counts.get(NoticeState.DROPPED, 0),
            failed=counts.get(NoticeState.FAILED, 0) + counts.get(NoticeState.UNCERTAIN, 0),
        )
