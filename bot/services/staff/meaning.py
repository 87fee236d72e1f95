"""Which SKU and which place a write means."""

from dataclasses import dataclass

from bot.domain.staff import StaffNotFound, WhichLocation
from bot.domain.stock import Product
from bot.services.staff.looking import Looking
from bot.services.stock.placing import place_of
from storage import positions, products
from storage.tx import Tx

NotMeant = StaffNotFound | WhichLocation


@dataclass(frozen=True, slots=True)
class Meaning:
    """Runs inside the caller's transaction."""

    looking: Looking

    async def of(self, tx: Tx, sku: str, location: str) -> tuple[Product, int] | NotMeant:
        """The SKU, locked, and the id of the location; what was typed is searched for otherwise."""
        found = await self.looking.find(tx, sku)
        product = await products.lock(tx, found.id) if found else None
        if product is None:
            return await self.looking.closest(tx, sku, can_write=True, was_write=True)
        place = await place_of(tx, product, location)
        if place is None:
            held = (await positions.for_products(tx, [product.id]))[product.id]
            return WhichLocation(product, held, location)
        return product, place.id
