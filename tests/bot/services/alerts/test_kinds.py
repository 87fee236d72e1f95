"""Kinds of rules live side by side: none ends, hides or counts the alerts of another.

`crowd` is about the whole shop and `expiry` about a lot of a SKU wherever it lies: tests/kinds.
"""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update

from bot.app.rules import RULES, faces_of, kinds_of
from bot.app.ways import KNOWN
from bot.domain.alerts import (
    About,
    AlertState,
    AlertView,
    Decision,
    Measure,
    Severity,
    Step,
    raised,
)
from bot.domain.bulk import Staged
from bot.domain.forms import SlackBlocks
from bot.domain.rules import quantity
from bot.domain.rules.kind import RuleState
from bot.domain.sources import CLI
from bot.domain.staff import Acknowledged, Card, LowList, StaffWhy
from bot.domain.telling import AlertTold, DailyDigest
from bot.domain.ways import SLACK
from bot.formats import csv_in
from bot.render import slack, slack_why, telegram
from bot.render.catalogue import Texts
from bot.render.view import RenderContext
from bot.render.voice import STYLES, View, speak
from bot.services.bundle import Options
from handlers.verbs.pressed import ACKNOWLEDGE
from storage import alerts, products
from storage.database import Database
from storage.rules import stored
from storage.tables import product, rule
from storage.vault import Vault
from tests.kinds import CROWD, EXPIRY
from tests.kinds.crowd.rule import Waiting
from tests.support.clock import Clock
from tests.support.shop import ADMIN, CLERK, Shop, customer

ROWS = (*RULES, CROWD, EXPIRY)


@pytest.fixture
async def shop(database: Database, vault: Vault, clock: Clock) -> Shop:
    """A shop whose bot has two kinds more."""
    options = Options(admins=(ADMIN.address,), rules=kinds_of(ROWS))
    shop = await Shop.open(database, vault, clock, options)
    await shop.alert_channel()
    return shop


@pytest.fixture
def view(clock: Clock) -> View:
    return View(Texts(), RenderContext("Shop", "", ZoneInfo("UTC"), clock, KNOWN), faces_of(ROWS))


async def said(shop: Shop) -> list[AlertView]:
    """The alerts of the messages that were posted or edited since."""
    await shop.judge()
    told = [data for _, data in await shop.deliver(SLACK) if isinstance(data, AlertTold)]
    return [alert for data in told for alert in data.alerts]


async def kinds_open(shop: Shop) -> list[tuple[str, str]]:
    rows = await shop.rows("alert")
    return [(row.kind, row.state) for row in rows if row.resolved_at is None]


async def tea(shop: Shop, on_hand: int, *, days: int | None = None) -> None:
    """TEA with a point of 5 and, if `days`, a last day in so many."""
    last_day = shop.clock().date() + timedelta(days=days or 0)
    attributes = {} if days is None else {"last_day": last_day.isoformat()}
    await shop.product("TEA", attributes=attributes)
    await shop.stock("threshold TEA 5")
    await shop.stock(f"TEA ={on_hand}")


async def wait(shop: Shop, *numbers: int) -> None:
    for number in numbers:
        await shop.notify(number, "MUG")


def read(view: View, data: AlertTold) -> list[str]:
    """The message on each platform, with all that belongs to it."""
    return [str(slack.notice(view, "en", data)), str(telegram.notice(view, "en", data))]


async def test_an_alert_of_another_kind_on_a_healthy_sku_stays_open(shop: Shop) -> None:
    await tea(shop, 50, days=3)
    assert [alert.kind for alert in await said(shop)] == ["expiry"]
    await shop.stock("TEA -1 sold")
    await shop.judge()
    assert await kinds_open(shop) == [("expiry", "firing")]


async def test_it_does_not_swallow_the_low_stock_alert_of_a_sold_out_sku(shop: Shop) -> None:
    await tea(shop, 50, days=3)
    await said(shop)
    await shop.stock("TEA =0")
    (low,) = await said(shop)
    assert (low.kind, low.severity) == (quantity.KIND, Severity.OUT)
    assert await kinds_open(shop) == [("expiry", "firing"), ("quantity", "firing")]
    await shop.stock("TEA =50")
    await shop.judge()
    assert await kinds_open(shop) == [("expiry", "firing")]


async def test_a_kind_that_this_version_does_not_know_keeps_its_alerts(
    shop: Shop, database: Database, vault: Vault, clock: Clock
) -> None:
    await tea(shop, 50, days=3)
    await said(shop)
    without = await Shop.open(database, vault, clock)
    await without.stock("TEA =0")
    assert [alert.kind for alert in await said(without)] == ["quantity"]
    assert await kinds_open(shop) == [("expiry", "firing"), ("quantity", "firing")]
    assert isinstance(await without.stock("why TEA"), StaffWhy)


async def test_the_mark_of_a_sku_that_is_not_low_stays_until_every_kind_has_seen_it(
    shop: Shop,
) -> None:
    """Nothing but the import announces it: one statement forgets the marks of all the others."""
    await tea(shop, 50)
    last_day = (shop.clock().date() + timedelta(days=2)).isoformat()
    text = f"sku,quantity,last_day\nTEA,60,{last_day}\nMUG,60,\n"
    staged = await shop.services.bulk.stage(csv_in.read(text.encode()), CLI, shop.key())
    assert isinstance(staged, Staged), staged
    await shop.services.bulk.apply(staged.batch_id)
    assert [alert.kind for alert in await said(shop)] == ["expiry"]


async def test_the_sweep_finds_what_only_time_has_changed(shop: Shop) -> None:
    await tea(shop, 50, days=9)
    assert await said(shop) == []
    shop.clock.forward(days=3)
    assert (await shop.services.upkeep.sweep()).alerts == 1
    (expires,) = await said(shop)
    assert (expires.kind, expires.location, expires.position) == ("expiry", None, None)
    assert (await shop.services.upkeep.sweep()).alerts == 0


async def test_an_alert_about_the_shop_lives_through_its_whole_life(shop: Shop) -> None:
    await shop.product("MUG")
    await wait(shop, 1, 2, 3, 4)
    assert (await shop.services.upkeep.sweep()).alerts == 1
    (fired,) = await said(shop)
    assert (fired.state, fired.numbers) == (AlertState.FIRING, Waiting(4, 3))
    assert (fired.product, fired.location) == (None, None)

    done = await shop.do(ACKNOWLEDGE, fired.id, CLERK)
    assert isinstance(done, Acknowledged)
    assert done.done
    (edited,) = await said(shop)
    assert (edited.state, edited.acknowledged_by) == (AlertState.ACKNOWLEDGED, "slack:U0CLERK")

    await wait(shop, 5, 6)
    await shop.services.upkeep.sweep()
    new, old = await said(shop)
    assert (old.superseded, new.superseded, new.severity) == (True, False, Severity.CRITICAL)
    assert (new.state, new.acknowledged_by) == (AlertState.FIRING, "")

    await stop(shop, 4, 5, 6)
    await shop.services.upkeep.sweep()
    (better,) = await said(shop)
    assert better.state is AlertState.RECOVERING

    await stop(shop, 3)
    await shop.services.upkeep.sweep()
    (over,) = await said(shop)
    assert over.state is AlertState.RESOLVED
    assert (await shop.services.upkeep.sweep()).alerts == 0
    assert len(await shop.rows("message")) == 2  # it fired, and it rose


async def stop(shop: Shop, *numbers: int) -> None:
    for number in numbers:
        await shop.services.subscribing.stop(customer(number), "MUG")


async def test_every_way_can_say_an_alert_without_product_and_location(
    shop: Shop, view: View
) -> None:
    await shop.product("MUG")
    await wait(shop, 1, 2, 3, 4)
    await shop.services.upkeep.sweep()
    (fired,) = await said(shop)
    for text in read(view, AlertTold((fired,), 1)):
        assert "🟡 Crowd at low: 4 wait" in text
        assert "4 waiting" in text
        assert "Acknowledge" in text
    for text in read(view, AlertTold((fired, fired), 2, summary=True)):
        assert "the line" in text


async def test_why_explains_every_kind_and_what_is_wrong_with_the_shop(
    shop: Shop, view: View
) -> None:
    await shop.product("MUG")
    await tea(shop, 3, days=3)
    await wait(shop, 1, 2, 3)
    await shop.services.upkeep.sweep()
    await said(shop)
    why = await shop.stock("why TEA")
    assert [(seen.kind, seen.judged.decision.reason) for seen in why.rules] == [
        ("quantity", "still_low"), ("expiry", "expires")
    ]  # fmt: skip
    await wait(shop, 4)
    await shop.services.upkeep.sweep()
    why = await shop.stock("why TEA")
    assert "crowd" in [seen.kind for seen in why.rules]
    text = str(slack_why.why(speak(view, "en", STYLES[SlackBlocks]), why))
    assert "3 days left" in text
    assert "too_many: 4 waiting" in text


async def test_what_counts_as_low_is_low_stock_only(shop: Shop) -> None:
    await tea(shop, 50, days=3)
    await shop.product("MUG")
    await wait(shop, 1, 2, 3, 4)
    await shop.services.upkeep.sweep()
    await said(shop)
    card, low = await shop.stock("TEA"), await shop.stock("low")
    assert isinstance(card, Card)
    assert isinstance(low, LowList)
    assert (card.alerts, low.rows, low.total) == ((), (), 0)
    digest = await digest_of(shop)
    assert (digest.low, digest.low_total) == ((), 0)


async def digest_of(shop: Shop) -> DailyDigest:
    async with shop.database.read() as tx:
        return await shop.services.reporting.digest(tx, shop.clock().date())


async def test_what_is_out_is_worse_than_what_lacks_more_everywhere(shop: Shop) -> None:
    """0 of 5 before 150 of 200: in /stock low, in the digest and in the summary of an import. A
    fifth of the point is critical, one more is not."""
    lines = ("MANY,150,200", "FEW,0,5", "SOME,1,30", "FIFTH,6,30", "MORE,7,30", "HALF,100,200")
    text = "\n".join(["sku,quantity,reorder_point", *lines])
    staged = await shop.services.bulk.stage(csv_in.read(text.encode()), CLI, shop.key())
    assert isinstance(staged, Staged)
    await shop.services.bulk.apply(staged.batch_id)
    worst_first = ["FEW", "SOME", "FIFTH", "HALF", "MANY", "MORE"]
    assert [sku(item) for item in await said(shop)] == worst_first
    assert [row.product.sku for row in (await shop.stock("low")).rows] == worst_first
    assert [sku(item) for item in (await digest_of(shop)).low] == worst_first


def sku(item: AlertView) -> str:
    assert item.product is not None
    return item.product.sku


async def test_a_rule_that_is_off_ends_what_it_raised_and_raises_nothing(shop: Shop) -> None:
    await tea(shop, 3, days=3)
    await shop.product("MUG")
    await wait(shop, 1, 2, 3, 4)
    await shop.services.upkeep.sweep()
    await said(shop)
    assert len(await kinds_open(shop)) == 3
    async with shop.database.write() as tx:
        await tx.execute(update(rule).values(state=RuleState.OFF.value))
    assert (await shop.services.upkeep.sweep()).alerts == 2  # the SKU with two, and the shop's
    await shop.judge()
    assert await kinds_open(shop) == []
    await shop.stock("TEA -1")
    await shop.judge()
    assert (await shop.services.upkeep.sweep()).alerts == 0
    assert await kinds_open(shop) == []


async def test_the_shop_s_terms_hold_where_a_position_has_none(shop: Shop) -> None:
    async with shop.database.write() as tx:
        await stored.begun(tx, {quantity.KIND: quantity.Terms().as_json()}, shop.clock())
        terms = quantity.Terms(point=8, clear=20).as_json()
        await tx.execute(update(rule).where(rule.c.kind == quantity.KIND).values(terms=terms))
    for code in ("TEA", "MUG", "HAT"):
        await shop.product(code)
        await shop.stock(f"{code} =4")
    await shop.stock("threshold MUG 2")
    await shop.stock("threshold HAT off")
    (low,) = await said(shop)
    assert (sku(low), low.numbers) == ("TEA", quantity.Quantities(4, 4, 8, 20))
    assert [row.product.sku for row in (await shop.stock("low")).rows] == ["TEA"]


async def test_one_alert_is_open_for_each_lot(shop: Shop) -> None:
    """The fingerprint has the lot: another last day is another alert, and the first one ends."""
    await tea(shop, 50, days=3)
    (first,) = await said(shop)
    later = (shop.clock().date() + timedelta(days=5)).isoformat()
    async with shop.database.write() as tx:
        await tx.execute(update(product).values(attributes={"last_day": later}))
    await shop.stock("TEA -1")
    over, second = sorted(await said(shop), key=lambda item: item.id)
    assert (over.id, over.state) == (first.id, AlertState.RESOLVED)
    assert (second.lot, second.state) == (later, AlertState.FIRING)


async def test_an_alert_of_low_stock_everywhere_is_said_listed_taken_and_ended(
    shop: Shop, view: View
) -> None:
    """No rule raises one today; it must not take the bot down when one does."""
    await tea(shop, 50)
    await shop.judge()
    async with shop.database.write() as tx:
        (tea_product,) = await products.page(tx, 0, 1)
        numbers = quantity.Quantities(3, 3, 5, 6)
        low = Decision(Step.FIRES, quantity.Reason.FIRES, Severity.LOW)
        rule_id = (await stored.known(tx))[quantity.KIND].id
        about, measure = About(tea_product.id), Measure(numbers.as_json())
        new = raised(rule_id, quantity.KIND, about, low, measure, shop.clock())
        await alerts.raise_all(tx, [new])
    digest = await digest_of(shop)
    assert [(sku(item), item.location) for item in digest.low] == [("TEA", None)]
    for text in read(view, AlertTold(digest.low, 1)):
        assert "all locations" in text
    taken = await shop.do(ACKNOWLEDGE, digest.low[0].id, CLERK)
    assert isinstance(taken, Acknowledged)
    await shop.stock("TEA -1")
    await shop.judge()
    assert await kinds_open(shop) == []
