"""Low stock, in SQL. bot/domain/rules/quantity.py decides; a test holds both together."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, and_, case, cast, exists, func, literal, or_, select, type_coerce
from sqlalchemy.sql.elements import ColumnElement

from bot.domain.rules.quantity import KIND, Facts, Terms
from bot.domain.stock import Product
from storage import positions
from storage.positions import AVAILABLE
from storage.rules.queries import NOW, Queries, term, values
from storage.tables import OPEN_ALERT, alert, dirty, position, product
from storage.tx import Tx
from storage.types import EPOCH, microseconds

DAY_US = microseconds(EPOCH + timedelta(days=1))
# domain.rules.quantity.terms_at
POINT = func.coalesce(position.c.reorder_point, term(KIND, "point"))
CLEAR = func.coalesce(position.c.clear_level, term(KIND, "clear"))


def _projected() -> ColumnElement[int]:
    """domain.stock.Position.projected."""
    due = type_coerce(position.c.incoming_due, BigInteger)
    lead_time = cast(product.c.lead_time_days, BigInteger) * literal(DAY_US, BigInteger)
    in_time = due <= NOW + lead_time  # null: not in time
    return AVAILABLE + case((in_time, position.c.incoming), else_=0)


def _level() -> ColumnElement[int]:
    """domain.rules.quantity.Terms.level, where there is a point."""
    margin = (POINT * 15 + 99) // 100
    default = POINT + case((margin < 1, 1), else_=margin)
    return case((CLEAR > POINT, CLEAR), else_=default)


LOW = and_(product.c.active, POINT > 0, _projected() <= POINT)
LEVEL = _level()
# As alerts are ordered by `present` and `margin`: domain.rules.quantity.severity_of, then what
# lacks most.
GRAVE = case((AVAILABLE <= 0, 0), (AVAILABLE * 5 <= POINT, 1), else_=2)
WORST_FIRST = (GRAVE, AVAILABLE - POINT, position.c.product_id, position.c.location_id)
MINE = and_(
    alert.c.kind == KIND,
    alert.c.product_id == position.c.product_id,
    alert.c.location_id == position.c.location_id,
    OPEN_ALERT,
)
OVER = or_(
    func.coalesce(POINT, 0) <= 0,
    LEVEL <= AVAILABLE,
    ~product.c.active,
    alert.c.margin != AVAILABLE - POINT,  # its message shows another number
)
MARKED = exists().where(dirty.c.product_id == position.c.product_id)
UNANNOUNCED = (
    select(position.c.product_id)
    .select_from(position.join(product).outerjoin(alert, MINE))
    .where(or_(and_(LOW, alert.c.id.is_(None)), and_(alert.c.id.is_not(None), OVER)), ~MARKED)
    .distinct()
)
COUNT_LOW = select(func.count()).select_from(position.join(product)).where(LOW)
LOW_POSITIONS = (
    select(position.c.product_id, position.c.location_id)
    .select_from(position.join(product))
    .where(LOW)
    .order_by(*WORST_FIRST)
)


class Quantity(Queries[Terms, Facts]):
    def is_candidate(self, product_id: ColumnElement[int]) -> ColumnElement[bool]:
        return exists().where(position.c.product_id == product_id, product.c.id == product_id, LOW)

    async def of_products(
        self, tx: Tx, terms: Terms, products: Mapping[int, Product], now: datetime
    ) -> Sequence[Facts]:
        del now
        places = await positions.for_products(tx, products)
        return [
            Facts(products[key], place, terms) for key, found in places.items() for place in found
        ]

    async def unannounced(self, tx: Tx, terms: Terms, now: datetime, limit: int) -> Sequence[int]:
        given = values(KIND, terms.as_json(), now)
        rows = await tx.execute(UNANNOUNCED.limit(limit), given)
        return [int(row.product_id) for row in rows.all()]


async def count_low(tx: Tx, terms: Terms, now: datetime, location_id: int | None = None) -> int:
    given = values(KIND, terms.as_json(), now)
    return int((await tx.execute(COUNT_LOW.where(*_at(location_id)), given)).scalar_one())


async def low_positions(
    tx: Tx, terms: Terms, now: datetime, limit: int, location_id: int | None = None
) -> Sequence[tuple[int, int]]:
    """(product id, location id) of what is low, the worst first."""
    statement = LOW_POSITIONS.where(*_at(location_id)).limit(limit)
    rows = await tx.execute(statement, values(KIND, terms.as_json(), now))
    return [(int(row.product_id), int(row.location_id)) for row in rows.all()]


def _at(location_id: int | None) -> tuple[ColumnElement[bool], ...]:
    return () if location_id is None else (position.c.location_id == location_id,)
