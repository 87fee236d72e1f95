"""What a kind of rule asks the database. Each is a query over a set, never one for each thing."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Generic, TypeVar

from sqlalchemy import BigInteger, bindparam, false
from sqlalchemy.sql.elements import ColumnElement

from bot.domain.alerts import Stored
from bot.domain.rules.kind import Facts, Typed
from bot.domain.stock import Product
from storage.tx import Tx
from storage.types import microseconds

T = TypeVar("T", bound=Typed)
F = TypeVar("F", bound=Facts)
# When the statement runs, as Instant stores it.
NOW = bindparam("now", type_=BigInteger())


class Queries(Generic[T, F]):
    """A kind overrides what it needs: one about SKUs the first three, one about the shop the last.

    `terms` are those of the shop-wide rule.
    """

    def is_candidate(self, product_id: ColumnElement[int]) -> ColumnElement[bool]:
        """Whether a SKU that moved may fire an alert of this kind; open alerts are judged anyway.

        It may use NOW and, by `term`, what the terms say: the statement is built once.
        """
        del product_id
        return false()

    async def of_products(
        self, tx: Tx, terms: T, products: Mapping[int, Product], now: datetime
    ) -> Sequence[F]:
        """All there is to judge about these SKUs."""
        del tx, terms, products, now
        return ()

    async def unannounced(self, tx: Tx, terms: T, now: datetime, limit: int) -> Sequence[int]:
        """Unmarked SKUs whose alert should fire, change or end: the sweep's find."""
        del tx, terms, now, limit
        return ()

    async def of_shop(self, tx: Tx, terms: T, now: datetime) -> Sequence[F]:
        """All there is to judge that is about no SKU; asked at each sweep."""
        del tx, terms, now
        return ()


def term(kind: str, name: str) -> ColumnElement[int]:
    """A whole number of the shop-wide terms, for `is_candidate` and other statements."""
    return bindparam(f"{kind}_{name}", type_=BigInteger())


def values(kind: str, terms: Stored, now: datetime) -> dict[str, int | str | bool | None]:
    """What `NOW` and `term` stand for."""
    given = {f"{kind}_{name}": value for name, value in terms.items()}
    return {"now": microseconds(now)} | given
