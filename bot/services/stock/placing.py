"""Where a move takes place when a location is named, or none is."""

from bot.domain.places import MAIN
from bot.domain.stock import Location, Product
from storage import positions
from storage.tx import Tx


async def place_of(tx: Tx, product: Product, named: str) -> Location | None:
    """The named one, else the only one that the SKU lies in, else `main`.

    None: there is no such one, or the SKU lies in several and none was named.
    """
    if named:
        return await positions.find_location(tx, named)
    held = (await positions.for_products(tx, [product.id]))[product.id]
    # Never guessed: a number booked at the wrong place is wrong twice.
    if len(held) > 1:
        return None
    # A shop starts with no place at all, and its first write must not ask for one.
    return held[0].location if held else await positions.ensure_location(tx, MAIN)
