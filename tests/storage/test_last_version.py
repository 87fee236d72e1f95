"""A shop that ran the version before: everything it held is there after the update, and goes on.

shop_of_0006.json is the whole database of a small shop, written by that version itself: customers
in several lines (told, waiting, paused, watching, blocked, gone), staff in Slack and Telegram,
alerts in every state with their messages, a restock that is being told with one message in doubt.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime

import pytest

from bot.domain.alerts import Severity
from bot.domain.contacts import Role
from bot.domain.customers import SubscriptionList
from bot.domain.rules.kind import RuleState
from bot.domain.rules.quantity import NO_TERMS, RULE, Quantities, severity_of
from bot.domain.telling import AlertTold, RestockTold
from bot.domain.ways import SLACK, TELEGRAM
from storage.database import Database
from storage.migrate import migrate
from storage.rules import stored
from tests.support.clock import Clock
from tests.support.earlier import Earlier
from tests.support.shop import ADMIN, Shop, customer

MADE_AT = datetime(2026, 3, 2, 9, 20, tzinfo=UTC)


@pytest.fixture
async def shop(empty_url: str) -> AsyncIterator[Shop]:
    """The shop of the version before, migrated, on each engine."""
    earlier = Earlier.read("shop_of_0006.json")
    async with AsyncExitStack() as stack:
        database = Database(empty_url)
        stack.push_async_callback(database.close)
        await earlier.put_into(database)
        await migrate(database)
        shop = await Shop.open(database, earlier.vault(), Clock(MADE_AT))
        await shop.alert_channel()
        yield shop


async def lines(shop: Shop, number: int) -> dict[str, tuple[str, int]]:
    found = await shop.services.subscribing.list(customer(number))
    assert isinstance(found, SubscriptionList)
    return {item.product.sku: (item.state.value, item.place) for item in found.subscriptions}


async def test_everybody_keeps_the_place(shop: Shop) -> None:
    assert await lines(shop, 1) == {
        "MUG-BLUE": ("told", 0), "TEA-PUER": ("waiting", 2), "CANDLE": ("waiting", 1)
    }  # fmt: skip
    assert await lines(shop, 2) == {"MUG-BLUE": ("waiting", 1), "TEA-PUER": ("waiting", 1)}
    assert await lines(shop, 3) == {"MUG-BLUE": ("paused", 0)}
    assert await lines(shop, 4) == {"MUG-BLUE": ("waiting", 2)}
    assert await lines(shop, 5) == {"MUG-BLUE": ("waiting", 3)}


async def test_staff_keep_their_roles(shop: Shop) -> None:
    found = await shop.stock("role", ADMIN)
    assert dict(found.members) == {
        "slack:U0ADMIN": Role.ADMIN,
        "slack:U0MANAGER": Role.MANAGER,
        "telegram:900": Role.MANAGER,
        "slack:U0CLERK": Role.CLERK,
        "slack:U0VIEWER": Role.VIEWER,
    }


async def test_the_restock_goes_on_where_it_was(shop: Shop) -> None:
    """Who was told is not told again, what was in doubt is marked, who blocked the bot waits."""
    told = [(to, data) for to, data in await shop.deliver() if isinstance(data, RestockTold)]
    assert [(to, data.repeated) for to, data in told] == [
        ("2", True), ("4", False), ("5", False), ("900", False)
    ]  # fmt: skip
    assert (await lines(shop, 2))["MUG-BLUE"] == ("told", 0)
    await shop.services.people.came_back(customer(6).address)
    assert [to for to, _ in await shop.deliver()] == ["6"]


async def test_open_alerts_stay_with_their_message_and_who_looks_after_them(shop: Shop) -> None:
    card = await shop.stock("MUG-GREEN@back")
    (alert,) = card.alerts
    assert (alert.state, alert.acknowledged_by) == ("acknowledged", "slack:U0CLERK")
    messages = await shop.rows("message")
    assert len(messages) == len(Earlier.read("shop_of_0006.json").tables["message"])
    before = {(row.subject, row.ref) for row in messages}
    await shop.deliver(SLACK)
    assert before <= {(row.subject, row.ref) for row in await shop.rows("message")}


async def test_every_alert_keeps_what_it_was(shop: Shop) -> None:
    """Open or over: numbers, severity that was told, message, acknowledgement and version."""
    kept = {row.id: row for row in await shop.rows("alert")}
    before = Earlier.read("shop_of_0006.json").tables["alert"]
    assert kept.keys() == {old["id"] for old in before}
    same = ("product_id", "location_id", "state", "severity", "subject", "batch_id", "version")
    for old in before:
        row = kept[old["id"]]
        assert [getattr(row, name) for name in same] == [old[name] for name in same]
        assert (row.acknowledged_at is None) == (old["acknowledged_at"] is None)
        assert (row.resolved_at is None) == (old["resolved_at"] is None)
        assert row.fingerprint == f"quantity:{old['product_id']}:{old['location_id']}:"
        assert (row.kind, row.lot) == ("quantity", "")
        assert Quantities.of_json(row.numbers) == Quantities(
            old["available"], old["projected"], old["point"], old["clear_level"]
        )
        assert row.margin == Quantities.of_json(row.numbers).margin
        assert Severity(row.present) is severity_of(old["available"], old["point"])
    assert {row.resolved_at is None for row in kept.values()} == {True, False}


async def test_the_shop_wide_rule_is_there_and_every_alert_is_its(shop: Shop) -> None:
    async with shop.database.read() as tx:
        (rule,) = (await stored.known(tx)).values()
        assert await stored.terms_of(tx, RULE) == NO_TERMS
    assert (rule.kind, rule.state) == ("quantity", RuleState.ON)
    assert {row.rule_id for row in await shop.rows("alert")} == {rule.id}


async def test_alerts_go_on_in_their_old_messages(shop: Shop) -> None:
    await shop.deliver(SLACK)
    await shop.stock("TEA-CHAI =0")
    await shop.judge()
    said = [data for _, data in await shop.deliver(SLACK) if isinstance(data, AlertTold)]
    (rises,) = [data for data in said if not data.alerts[0].superseded]
    (alert,) = rises.alerts
    assert alert.product is not None
    assert (alert.product.sku, alert.severity.word) == ("TEA-CHAI", "out")
    await shop.stock("TEA-CHAI =50")
    await shop.judge()
    await shop.deliver(SLACK)
    assert not (await shop.stock("TEA-CHAI")).alerts


async def test_what_waits_is_told_and_nothing_else(shop: Shop) -> None:
    """The notices that were open at the update, and no new alert for what was known."""
    before = len(await shop.rows("alert"))
    await shop.judge()
    await shop.deliver(SLACK)
    await shop.deliver(TELEGRAM)
    assert len(await shop.rows("alert")) == before
    assert {row.state for row in await shop.rows("notice")} <= {"sent", "dropped"}
