"""Which SKU and which place a write means."""

from dataclasses import dataclass

from bot.domain.places import MAIN
from bot.domain.staff import StaffNotFound, WhichLocation
from bot.domain.stock import Product
from bot.services.staff.looking import Looking
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
        place = await self._place(tx, product, location)
        return place if isinstance(place, WhichLocation) else (product, place)

    async def _place(self, tx: Tx, product: Product, named: str) -> int | WhichLocation:
        """The location a write means: the named one, else the only one, else `main`."""
        places = (await positions.for_products(tx, [product.id]))[product.id]
        if named:
            found = await positions.find_location(tx, named)
            return WhichLocation(product, places, named) if found is None else found.id
        # Never guessed: a number booked at the wrong place is wrong twice.
        if len(places) > 1:
            return WhichLocation(product, places)
        if places:
            return places[0].location.id
        # A shop starts with no place at all, and its first write must not ask for one.
        return (await positions.ensure_location(tx, MAIN)).id
