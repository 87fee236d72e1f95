"""SQL selects candidates, the pure function decides: both agree on every position."""

from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.alerts import Reason, effective_clear_level, judge
from storage import alerts, positions, products
from storage.database import Database
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


@given(st.lists(rows, min_size=1, max_size=8))
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
async def test_the_low_list_and_the_clear_level_agree_with_the_rules(
    database: Database, vault: Vault, clock: Clock, drawn: list[dict[str, Any]]
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
        low = {p for p, _ in await alerts.low_positions(tx, now, 1000)}
        named = await products.by_ids(tx, ids)
        places = await positions.for_products(tx, ids)
        clear: dict[int, int] = dict(
            (await tx.execute(select(position.c.product_id, alerts.effective_clear()))).all()
        )
    for product_id in ids:
        (place,) = places[product_id]
        decision = judge(named[product_id], place, None, now)
        assert (product_id in low) == (decision.reason is Reason.FIRES)
        if place.reorder_point:
            assert clear[product_id] == effective_clear_level(place)


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
