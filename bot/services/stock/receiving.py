"""What a source of stock reports by itself: moves that happened, with no member behind them."""

from dataclasses import dataclass

from bot.domain.codes import sku_key
from bot.domain.movekinds import kind_of
from bot.domain.sources import Source
from bot.domain.stock import Move, NotBooked, Product
from bot.services.ground import Ground
from bot.services.stock.ledger import BelowZeroError, Change, Ledger
from bot.services.stock.placing import place_of
from storage import moves, products
from storage.tx import Tx


@dataclass(frozen=True, slots=True)
class Reported:
    """A move as a source tells it. `quantity` is signed; `location` "": the only one there is.

    `key` is the source's own name for it: told again, it is the same move.
    """

    source: Source
    key: str
    sku: str
    quantity: int
    location: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Receiving:
    ground: Ground
    ledger: Ledger

    async def book(self, told: Reported) -> Move | NotBooked:
        """The move as it stands in the ledger, or why it does not; one transaction."""
        async with self.ground.write() as tx:
            product = await self._product(tx, told.sku)
            if product is None:
                return NotBooked.NO_SUCH_SKU
            key = f"{told.source}:{told.key}"
            if (earlier := await moves.by_key(tx, key)) is not None:
                return earlier
            return await self._apply(tx, told, product, key)

    async def _product(self, tx: Tx, sku: str) -> Product | None:
        found = await products.by_key(tx, sku_key(sku))
        return await products.lock(tx, found.id) if found else None

    async def _apply(self, tx: Tx, told: Reported, product: Product, key: str) -> Move | NotBooked:
        place = await place_of(tx, product, told.location)
        if place is None:
            return NotBooked.NO_SUCH_LOCATION
        now = self.ground.now()
        change = Change(
            product=product,
            location_id=place.id,
            quantity=told.quantity,
            kind=kind_of(told.quantity, told.reason),
            reason=told.reason,
            actor_id=None,
            source=told.source,
            key=key,
        )
        before = await self.ledger.take(tx, product.id, place.id, now)
        try:
            return (await self.ledger.apply(tx, change, before, now)).move
        except BelowZeroError:
            return NotBooked.BELOW_ZERO
