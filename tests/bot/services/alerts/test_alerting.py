"""Promise 2: a stock problem is one message that stays true."""

import asyncio

import pytest

from bot.app.ways import KNOWN
from bot.domain.alerts import AlertState, AlertView, Severity
from bot.domain.bulk import Staged
from bot.domain.contacts import Address, Contact, ContactKind, ContactState
from bot.domain.rules.quantity import Quantities
from bot.domain.sources import CLI
from bot.domain.staff import Acknowledged, Refused, ThresholdSet
from bot.domain.telling import AlertTold, RestockOver, RestockTold
from bot.domain.ways import SLACK, TELEGRAM, WayName
from bot.formats import csv_in
from bot.services.alerts.showing import who_is
from handlers.verbs.pressed import ACKNOWLEDGE
from tests.support.shop import CLERK, STRANGER, VIEWER, Shop

TEN_LEFT = Quantities(available=10, projected=10, point=10, clear=12)


async def low_shop(shop: Shop, on_hand: int = 20, point: int = 10) -> None:
    await shop.alert_channel()
    await shop.product("TEA")
    await shop.moved(f"TEA +{on_hand}")
    assert isinstance(await shop.stock(f"threshold TEA {point}"), ThresholdSet)
    await shop.judge()


async def said(shop: Shop) -> list[AlertTold]:
    await shop.judge()
    news = await shop.deliver(SLACK)
    return [data for _, data in news if isinstance(data, AlertTold)]


def sku(alert: AlertView) -> str:
    assert alert.product is not None
    return alert.product.sku


async def messages(shop: Shop) -> int:
    async with shop.database.read() as tx:
        return int((await tx.exec_driver_sql("SELECT count(*) FROM message")).scalar_one())


async def test_it_fires_at_the_point_and_not_above(shop: Shop) -> None:
    await low_shop(shop)
    await shop.moved("TEA -9 sold")
    assert await said(shop) == []
    await shop.moved("TEA -1 sold")
    (news,) = await said(shop)
    assert (news.alerts[0].severity, news.alerts[0].numbers) == (Severity.LOW, TEN_LEFT)


async def test_a_smaller_number_edits_the_one_message(shop: Shop) -> None:
    await low_shop(shop)
    for _ in range(3):
        await shop.moved("TEA -5 sold")
        await said(shop)
    assert await messages(shop) == 1


async def test_flapping_around_the_point_is_one_firing(shop: Shop) -> None:
    await low_shop(shop)
    await shop.moved("TEA =10")
    await said(shop)
    for _ in range(20):
        await shop.moved("TEA +1")
        await shop.judge()
        await shop.moved("TEA -1 sold")
        await shop.judge()
    await said(shop)
    assert await messages(shop) == 1
    assert len(await shop.rows("alert")) == 1


async def test_it_clears_at_the_clear_level_and_a_new_fall_is_a_new_message(shop: Shop) -> None:
    await low_shop(shop)
    await shop.moved("TEA =10")
    await said(shop)
    await shop.moved("TEA =11")
    (news,) = await said(shop)
    assert news.alerts[0].state is AlertState.RECOVERING
    await shop.moved("TEA =12")
    (news,) = await said(shop)
    assert news.alerts[0].state is AlertState.RESOLVED
    await shop.moved("TEA =5")
    await said(shop)
    assert len(await shop.rows("alert")) == 2
    assert await messages(shop) == 2


async def test_a_rise_in_severity_is_posted_anew_and_breaks_the_acknowledgement(
    shop: Shop,
) -> None:
    await low_shop(shop)
    await shop.moved("TEA =9")
    await said(shop)
    (row,) = await shop.rows("alert")
    await shop.do(ACKNOWLEDGE, row.id, CLERK)
    await said(shop)
    await shop.moved("TEA =0")
    news = await said(shop)
    assert {(item.alerts[0].superseded, item.alerts[0].state) for item in news} == {
        (True, AlertState.FIRING),
        (False, AlertState.FIRING),
    }
    assert news[0].alerts[0].severity is Severity.OUT
    assert await messages(shop) == 2


async def test_two_clicks_acknowledge_once_and_the_second_learns_who_was_first(shop: Shop) -> None:
    await low_shop(shop)
    await shop.moved("TEA =9")
    await shop.judge()
    (row,) = await shop.rows("alert")
    answers = await asyncio.gather(*(shop.do(ACKNOWLEDGE, row.id, CLERK) for _ in range(5)))
    assert sorted(answer.done for answer in answers) == [False] * 4 + [True]
    assert {answer.alert.acknowledged_by for answer in answers} == {"slack:U0CLERK"}


async def test_the_button_fails_closed(shop: Shop) -> None:
    await low_shop(shop)
    await shop.moved("TEA =9")
    await shop.judge()
    (row,) = await shop.rows("alert")
    for caller in (STRANGER, VIEWER):
        answer = await shop.do(ACKNOWLEDGE, row.id, caller)
        assert isinstance(answer, Refused)
    assert (await shop.rows("alert"))[0].acknowledged_at is None


async def test_over_before_it_was_told_is_not_told(shop: Shop) -> None:
    await low_shop(shop)
    await shop.moved("TEA =9")
    await shop.judge()
    await shop.moved("TEA =90")
    assert await said(shop) == []


async def test_switching_the_rule_off_ends_the_alert(shop: Shop) -> None:
    await low_shop(shop)
    await shop.moved("TEA =9")
    await said(shop)
    await shop.stock("threshold TEA off")
    (news,) = await said(shop)
    assert news.alerts[0].state is AlertState.RESOLVED


async def test_the_sweep_finds_what_another_program_wrote(shop: Shop) -> None:
    await low_shop(shop)
    async with shop.database.write() as tx:
        await tx.exec_driver_sql("UPDATE position SET on_hand = 3")
    assert await said(shop) == []
    assert (await shop.services.upkeep.sweep()).alerts == 1
    assert len(await said(shop)) == 1
    assert (await shop.services.upkeep.sweep()).alerts == 0


async def test_the_sweep_finds_an_open_alert_whose_number_is_another(shop: Shop) -> None:
    await low_shop(shop)
    await shop.moved("TEA =9")
    await said(shop)
    async with shop.database.write() as tx:
        await tx.exec_driver_sql("UPDATE position SET on_hand = 8")
    assert (await shop.services.upkeep.sweep()).alerts == 1
    (news,) = await said(shop)
    assert news.alerts[0].numbers == Quantities(available=8, projected=8, point=10, clear=12)


async def test_an_acknowledgement_reaches_every_destination(shop: Shop) -> None:
    await low_shop(shop)
    await shop.moved("TEA =9")
    await said(shop)
    (row,) = await shop.rows("alert")
    answer = await shop.do(ACKNOWLEDGE, row.id, CLERK)
    assert isinstance(answer, Acknowledged)
    (news,) = await said(shop)
    assert news.alerts[0].acknowledged_by == "slack:U0CLERK"


async def test_the_message_shows_the_present_severity_and_a_fall_is_only_an_edit(
    shop: Shop,
) -> None:
    await low_shop(shop)
    await shop.moved("TEA =0")
    (news,) = await said(shop)
    assert news.alerts[0].severity is Severity.OUT
    await shop.moved("TEA =7")
    (news,) = await said(shop)
    assert news.alerts[0].severity is Severity.LOW
    await shop.moved("TEA =0")
    (news,) = await said(shop)
    assert news.alerts[0].severity is Severity.OUT
    assert await messages(shop) == 1


async def imported(shop: Shop, text: str) -> None:
    bulk = shop.services.bulk
    staged = await bulk.stage(csv_in.read(text.encode()), CLI, shop.key())
    assert isinstance(staged, Staged)
    await bulk.apply(staged.batch_id)


def stock_file(low: int, high: int = 2) -> str:
    rows = [f"LOW{n},1,10" for n in range(low)] + [f"HIGH{n},50,10" for n in range(high)]
    return "sku,quantity,reorder_point\n" + "\n".join(rows)


async def test_one_import_posts_one_summary_that_counts_them_all(shop: Shop) -> None:
    await shop.alert_channel()
    await imported(shop, stock_file(low=300))
    (news,) = await said(shop)
    assert (news.summary, news.total) == (True, 300)
    assert await messages(shop) == 1


async def test_an_import_with_one_low_sku_posts_it_like_any_other(shop: Shop) -> None:
    await shop.alert_channel()
    await imported(shop, stock_file(low=1))
    (news,) = await said(shop)
    assert (news.summary, sku(news.alerts[0])) == (False, "LOW0")


async def test_the_summary_stays_true_and_what_rises_leaves_it(shop: Shop) -> None:
    await shop.alert_channel()
    await imported(shop, stock_file(low=3))
    await said(shop)
    await shop.moved("LOW1 =40")
    (news,) = await said(shop)
    assert [item.state for item in news.alerts if sku(item) == "LOW1"] == [AlertState.RESOLVED]
    await shop.moved("LOW0 =0")
    edited, posted = sorted(await said(shop), key=lambda item: not item.summary)
    assert [a.superseded for a in edited.alerts if sku(a) == "LOW0"] == [True]
    assert (posted.summary, posted.alerts[0].severity) == (False, Severity.OUT)
    assert await messages(shop) == 2


async def test_an_import_that_changes_nothing_posts_nothing(shop: Shop) -> None:
    await shop.alert_channel()
    await imported(shop, stock_file(low=3))
    await said(shop)
    await imported(shop, stock_file(low=3))
    assert await said(shop) == []


async def test_an_import_is_a_restock_like_any_other(shop: Shop) -> None:
    await shop.product("LOW0")
    await shop.notify(1, "LOW0")
    await imported(shop, stock_file(low=1))
    assert [type(data) for _, data in await shop.deliver()] == [RestockTold]
    await imported(shop, "sku,quantity\nLOW0,0")
    assert [type(data) for _, data in await shop.deliver()] == [RestockOver]


@pytest.mark.parametrize(
    ("way", "name", "shown"),
    [
        (TELEGRAM, "Ann Lee", "Ann Lee"),
        (TELEGRAM, "", "telegram:7"),
        (TELEGRAM, "slack:U1", "telegram:7"),
        (SLACK, "ann", "slack:7"),
    ],
)
def test_staff_see_who_looks_after_an_alert_and_no_name_passes_for_an_address(
    way: WayName, name: str, shown: str
) -> None:
    member = Contact(
        id=1, person_id=1, address=Address(way, "7"), kind=ContactKind.PERSON, name=name,
        language="en", state=ContactState.ACTIVE, verified=True,
    )  # fmt: skip
    assert who_is(member, KNOWN) == shown
