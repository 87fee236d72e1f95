"""A lot nears its last day: as storage/rules/<kind>.py would ask it.

The last day stands in the SKU's attributes; a real kind would have a table.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import and_, exists, select
from sqlalchemy.sql.elements import ColumnElement

from bot.domain.stock import Product
from storage.rules.queries import Queries
from storage.tables import OPEN_ALERT, alert, dirty, product
from storage.tx import Tx
from tests.kinds.expiry.rule import KIND, Facts, Terms

LAST_DAY = product.c.attributes["last_day"].as_string()
ALERTED = exists().where(alert.c.product_id == product.c.id, alert.c.kind == KIND, OPEN_ALERT)
MARKED = exists().where(dirty.c.product_id == product.c.id)


class Expiry(Queries[Terms, Facts]):
    def is_candidate(self, product_id: ColumnElement[int]) -> ColumnElement[bool]:
        return exists().where(product.c.id == product_id, LAST_DAY.is_not(None))

    async def of_products(
        self, tx: Tx, terms: Terms, products: Mapping[int, Product], now: datetime
    ) -> Sequence[Facts]:
        del tx, now
        days = {item.id: dict(item.attributes).get("last_day") for item in products.values()}
        return [
            Facts(products[key], date.fromisoformat(day), terms) for key, day in days.items() if day
        ]

    async def unannounced(self, tx: Tx, terms: Terms, now: datetime, limit: int) -> Sequence[int]:
        until = (now.date() + timedelta(days=terms.days)).isoformat()
        due = and_(until >= LAST_DAY, ~ALERTED, ~MARKED)
        return list((await tx.execute(select(product.c.id).where(due).limit(limit))).scalars())
