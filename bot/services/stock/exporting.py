"""Writing the whole stock as a file that importing again would not change anything with."""

from collections.abc import AsyncIterator

from bot.formats import csv_out
from storage import positions, products
from storage.database import Database

PIECE = 1_000  # products read at once


class Exporting:
    def __init__(self, database: Database) -> None:
        self.database = database

    async def csv(self) -> AsyncIterator[str]:
        """The file in pieces: our columns, then one for each attribute that any product has."""
        async with self.database.read() as tx:
            names: set[str] = set()
            after = 0
            while found := await products.page(tx, after, PIECE):
                # Twice through all products, because the header names every attribute and comes
                # first; to keep them in memory instead would be a big shop's whole stock.
                names.update(name for item in found for name, _ in item.attributes)
                after = found[-1].id
            attributes = sorted(names)
            yield csv_out.header(attributes)
            after = 0
            while found := await products.page(tx, after, PIECE):
                held = await positions.for_products(tx, [item.id for item in found])
                yield csv_out.body([(item, held[item.id]) for item in found], attributes)
                after = found[-1].id
