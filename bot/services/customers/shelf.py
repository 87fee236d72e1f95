"""What customers see: of a SKU, of their place in its line, and why they were told or not."""

from dataclasses import dataclass

from bot.domain.codes import sku_key
from bot.domain.contacts import Caller
from bot.domain.customers import Availability, CustomerWhy, Expired, NotFound
from bot.domain.stock import Product
from bot.domain.subscriptions import EndReason, StoredSubscription, Subscription, SubscriptionState
from bot.services.ground import Ground
from bot.services.line.restocking import Restocking
from bot.services.stock import searching
from storage import history, lines, persons, products, subscriptions
from storage.tx import Tx


@dataclass(frozen=True, slots=True)
class Shelf:
    """Only reads. What takes a transaction runs inside the caller's."""

    ground: Ground
    restocking: Restocking

    async def look(self, caller: Caller, words: str) -> Availability | NotFound:
        """/stock SKU for customers."""
        del caller  # anybody may look; nothing is kept of it
        async with self.ground.read() as tx:
            product = await products.by_key(tx, sku_key(words))
            if product is None or not product.active:
                return await self.not_found(tx, words)
            return await self.availability(tx, product)

    async def look_product(self, caller: Caller, product_id: int) -> Availability | Expired:
        del caller
        async with self.ground.read() as tx:
            product = await products.get(tx, product_id)
            if product is None or not product.active:
                return Expired()
            return await self.availability(tx, product)

    async def why(self, caller: Caller, words: str) -> CustomerWhy | NotFound:
        """/why SKU: the customer's own arithmetic."""
        async with self.ground.read() as tx:
            product = await products.by_key(tx, sku_key(words))
            if product is None:
                return await self.not_found(tx, words)
            return await self._why(tx, caller, product)

    async def why_product(self, caller: Caller, product_id: int) -> CustomerWhy | Expired:
        async with self.ground.read() as tx:
            product = await products.get(tx, product_id)
            return Expired() if product is None else await self._why(tx, caller, product)

    async def _why(self, tx: Tx, caller: Caller, product: Product) -> CustomerWhy:
        stock = await self.availability(tx, product)
        person = await persons.at(tx, self.ground.vault, caller.address)
        number = person.id if person else 0
        live = await subscriptions.live(tx, number, product.id)
        last = await subscriptions.newest(tx, number, product.id)
        told = await history.of_product_and_person(tx, product.id, number)
        return CustomerWhy(
            product=product,
            available=stock.available,
            in_stock=stock.in_stock,
            subscription=await self.view(tx, live) if live else None,
            ended=EndReason(last.reason) if last and not live and last.reason else None,
            told=told,
        )

    async def not_found(self, tx: Tx, words: str) -> NotFound:
        """The closest five by code and by name."""
        ids = await searching.find(tx, words, limit=5)
        found = await products.by_ids(tx, ids)
        closest = tuple([await self.availability(tx, item) for item in found.values()])
        return NotFound(query=words, closest=closest)

    async def availability(self, tx: Tx, product: Product) -> Availability:
        available = await self.restocking.available(tx, product.id)
        in_stock = self.restocking.in_stock(available)
        waiting = await lines.waiting_by_product(tx, [product.id])
        return Availability(
            product=product,
            available=max(0, available),
            in_stock=in_stock,
            few=in_stock and available <= self.restocking.living.few,
            waiting=waiting.get(product.id, 0),
        )

    async def view(self, tx: Tx, which: StoredSubscription | int) -> Subscription:
        """The subscription as the customer sees it."""
        row = await subscriptions.by_id(tx, which) if isinstance(which, int) else which
        if row is None:
            raise LookupError(f"subscription {which} vanished inside its own transaction")
        product = await products.get(tx, row.product_id)
        if product is None:
            raise LookupError(f"product {row.product_id} of a subscription is missing")
        waits = row.state is SubscriptionState.WAITING
        return Subscription(
            id=row.id,
            product=product,
            quantity=row.quantity,
            state=row.state,
            armed=row.armed,
            place=await lines.place(tx, product.id, row.id) if waits else 0,
            available=max(0, await self.restocking.available(tx, product.id)),
            created_at=row.created_at,
        )
