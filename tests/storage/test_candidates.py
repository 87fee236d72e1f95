"""SQL selects candidates, the pure function decides: both agree on every position."""

from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.alerts import Step
from bot.domain.rules.quantity import KIND, Terms, judge, measure
from storage import products
from storage.database import Database
from storage.rules import quantity, queries
from storage.tables import position, product
from storage.vault import Vault
from tests.support.clock import Clock
from tests.support.shop import Shop

small = st.integers(-5, 60)
levels = st.one_of(st.none(), st.integers(0, 60))
rows = st.fixed_dictionaries(
    {
        "on_hand": small,
        "reserved": st.integers(0, 5),
        "unsellable": st.integers(0, 5),
        "incoming": st.integers(0, 60),
        "incoming_days": st.one_of(st.none(), st.integers(-3, 12)),
        "reorder_point": levels,
        "clear_level": levels,
        "lead_time_days": st.one_of(st.none(), st.integers(0, 10)),
        "active": st.booleans(),
    }
)


terms = st.builds(Terms, levels, levels)


@given(st.lists(rows, min_size=1, max_size=8), terms)
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
async def test_sql_and_the_rule_agree_on_who_is_low_and_who_is_worst(
    database: Database, vault: Vault, clock: Clock, drawn: list[dict[str, Any]], shop_wide: Terms
) -> None:
    shop = Shop(database, vault, clock, services=None)  # type: ignore[arg-type]  # storage only
    async with database.write() as tx:
        await tx.execute(delete(position))
        await tx.execute(delete(product))
    ids = [await shop.product(f"SKU{n}") for n in range(len(drawn))]
    async with database.write() as tx:
        for product_id, values in zip(ids, drawn, strict=True):
            await _write(tx, product_id, dict(values), clock)
        now = clock()
        low = [p for p, _ in await quantity.low_positions(tx, shop_wide, now, 1000)]
        assert await quantity.count_low(tx, shop_wide, now) == len(low)
        facts = await quantity.Quantity().of_products(
            tx, shop_wide, await products.by_ids(tx, ids), now
        )
        given_terms = queries.values(KIND, shop_wide.as_json(), now)
        found = await tx.execute(select(position.c.product_id, quantity.LEVEL), given_terms)
        level: dict[int, int] = dict(found.all())
    order = []
    for item in facts:
        decision = judge(item, None, now)
        if decision.step is Step.FIRES:
            assert decision.severity is not None
            order.append((-decision.severity, measure(item, None, now).margin, item.product.id))
        if item.terms.point:
            assert level[item.product.id] == item.terms.level
    assert low == [product_id for *_, product_id in sorted(order)]


async def _write(
    tx: AsyncConnection, product_id: int, values: dict[str, Any], clock: Clock
) -> None:
    days = values.pop("incoming_days")
    lead, active = values.pop("lead_time_days"), values.pop("active")
    values["incoming_due"] = None if days is None else clock() + timedelta(days=days)
    await tx.execute(
        update(product).where(product.c.id == product_id).values(lead_time_days=lead, active=active)
    )
    await tx.execute(update(position).where(position.c.product_id == product_id).values(values))
