"""Living messages: what told of a restock stays true, within its budget, behind everything else."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.app.ways import KNOWN
from bot.domain.bulk import Staged
from bot.domain.customers import CustomerWhy
from bot.domain.living import LAST_TOLD, MOST_EDITS, Says
from bot.domain.notices import Lane
from bot.domain.restocking import Restock
from bot.domain.sources import CLI
from bot.domain.staff import Undone
from bot.domain.subscriptions import SubscriptionState
from bot.domain.telling import NoticeData, RestockAnswered, RestockChanged, RestockOver, RestockTold
from bot.formats.csv_in import read
from bot.services.line.living import PIECE, Living, _edit
from storage import living, notices
from storage.database import Database
from storage.vault import Vault
from tests.bench.living import told as many_told
from tests.support.clock import Clock
from tests.support.shop import CLERK, Shop, customer

MINUTE = 60.0


@pytest.fixture
async def shop(database: Database, vault: Vault, clock: Clock) -> Shop:
    """Two customers were told of twenty mugs, a while ago."""
    shop = await Shop.open(database, vault, clock)
    await shop.product("MUG")
    await shop.notify(1, "MUG")
    await shop.notify(2, "MUG")
    await shop.moved("MUG +20")
    assert [type(data) for _, data in await shop.deliver()] == [RestockTold, RestockTold]
    clock.forward(seconds=MINUTE)
    return shop


def changes(news: Sequence[tuple[str, NoticeData]]) -> list[tuple[str, str]]:
    """Whose message changed, and to what."""
    return [(who, what(data)) for who, data in news]


def what(data: NoticeData) -> str:
    match data:
        case RestockChanged():
            return "more" if data.more else f"few {data.stock.available}"
        case RestockOver():
            return "withdrawn" if data.withdrawn else "not sold" if data.not_sold else "over"
    return type(data).__name__


async def living_notices(shop: Shop, state: str = "queued") -> list[Any]:
    return [
        row
        for row in await shop.rows("notice")
        if row.lane == int(Lane.LIVING) and row.state == state
    ]


async def press(shop: Shop, number: int, verb: str) -> None:
    (mine,) = [
        row
        for row in await shop.rows("subscription")
        if row.person_id == (await shop.person(customer(number))).id
    ]
    await shop.services.subscribing.change(customer(number), mine.id, verb)


async def test_the_message_says_when_few_are_left_and_when_it_is_gone(shop: Shop) -> None:
    await shop.moved("MUG =6")
    assert await shop.deliver() == []
    await shop.moved("MUG -1 sold")
    assert changes(await shop.deliver()) == [("1", "few 5"), ("2", "few 5")]
    await shop.moved("MUG -1 sold")
    assert await shop.deliver() == []
    closed = shop.clock.forward(minutes=5)
    await shop.moved("MUG =0")
    shop.clock.forward(minutes=30)
    news = await shop.deliver()
    assert changes(news) == [("1", "over"), ("2", "over")]
    assert [(data.place, data.at) for _, data in news if isinstance(data, RestockOver)] == [
        (1, closed), (2, closed),
    ]  # fmt: skip
    assert await living_notices(shop) == []


async def test_who_is_told_that_few_are_left_needs_no_edit_for_that(shop: Shop) -> None:
    await shop.notify(3, "MUG", 30)
    await shop.moved("MUG =4")
    assert changes(await shop.deliver()) == [("1", "few 4"), ("2", "few 4")]
    await shop.services.subscribing.change(customer(3), 3, "remove")
    await shop.moved("MUG =0")
    await shop.deliver()
    await shop.moved("MUG +3")
    await shop.deliver()
    shop.clock.forward(seconds=MINUTE)
    await shop.moved("MUG -1 sold")
    assert await shop.deliver() == []


async def test_more_is_news_only_to_who_read_that_few_are_left(shop: Shop) -> None:
    await shop.moved("MUG +50")
    assert await shop.deliver() == []
    await shop.moved("MUG =5")
    await shop.deliver()
    shop.clock.forward(seconds=MINUTE)
    await shop.moved("MUG =10")  # around the level nothing changes
    assert await shop.deliver() == []
    await shop.moved("MUG =11")
    assert changes(await shop.deliver()) == [("1", "more"), ("2", "more")]


async def test_a_message_that_has_just_come_is_left_alone_for_a_minute(shop: Shop) -> None:
    await shop.moved("MUG =0")
    await shop.deliver()
    await shop.moved("MUG =20")
    await shop.deliver()
    shop.clock.forward(seconds=10)
    await shop.moved("MUG =5")
    assert await shop.deliver() == []
    await shop.moved("MUG =2")  # merged: what is said is what is true then
    shop.clock.forward(seconds=50)
    assert changes(await shop.deliver()) == [("1", "few 2"), ("2", "few 2")]


async def test_an_edit_that_waits_does_not_hold_up_that_it_is_gone(shop: Shop) -> None:
    await shop.moved("MUG =0")
    await shop.deliver()
    await shop.moved("MUG =20")
    await shop.deliver()
    await shop.moved("MUG =5")
    await shop.moved("MUG =0")
    assert changes(await shop.deliver()) == [("1", "over"), ("2", "over")]


async def test_an_edit_that_is_no_longer_true_is_not_made(shop: Shop) -> None:
    await shop.moved("MUG =5")
    await shop.moved("MUG =20")
    assert await shop.deliver() == []
    assert {row.reason for row in await living_notices(shop, "dropped")} == {"superseded"}


async def flap(shop: Shop, low: int, high: int, seconds: float, times: int) -> list[int]:
    """So often few, then enough again; how often each message was edited meanwhile."""
    edits = {"1": 0, "2": 0}
    for _ in range(times):
        for level in (low, high):
            await shop.moved(f"MUG ={level}")
            shop.clock.forward(seconds=seconds)
            for who, _data in await shop.deliver():
                edits[who] += 1
    return sorted(edits.values())


@pytest.mark.parametrize(("times", "seconds"), [(100, 0.5), (20, 40)])
async def test_however_many_flaps_are_two_edits_and_the_end_is_still_told(
    shop: Shop, times: int, seconds: float
) -> None:
    assert max(await flap(shop, 4, 20, seconds, times)) <= MOST_EDITS - 1
    await shop.moved("MUG =0")
    assert changes(await shop.deliver()) == [("1", "over"), ("2", "over")]


async def test_sale_and_return_around_the_level_are_one_edit(shop: Shop) -> None:
    assert await flap(shop, 5, 6, 40, times=20) == [1, 1]


class EveryMove(Living):
    """A mistake: as if an edit cost nothing."""

    async def look(
        self, tx: AsyncConnection, restock: Restock, available: int, now: datetime
    ) -> int:
        rows = [
            row for says in Says for row in await living.last_told(tx, restock.id, says, LAST_TOLD)
        ]
        edits = [
            replace(
                _edit(restock, row.subject, row.contact_id, row.subscription_id, f"{now}{row}"),
                due_at=now,
            )
            for row in rows
        ]
        return len(await notices.queue(tx, edits, now)) + available

    def say(self, *given: Any) -> RestockChanged:
        *_, item, stock, now = given
        return RestockChanged(stock, item.id, 1, now)


async def test_a_storm_of_edits_is_found(shop: Shop) -> None:
    shop.services.restocking.living = EveryMove(KNOWN)
    assert max(await flap(shop, 5, 6, 40, times=MOST_EDITS)) > MOST_EDITS


async def test_only_the_last_told_hear_that_few_are_left(
    database: Database, vault: Vault, clock: Clock
) -> None:
    shop = await Shop.open(database, vault, clock)
    await many_told(shop, LAST_TOLD + 50)
    clock.forward(seconds=MINUTE)
    for level in (5, 20, 4, 3):  # whatever crosses the level how often
        await shop.moved(f"MUG ={level}")
    queued = await living_notices(shop)
    assert {row.subscription_id for row in queued} == set(range(51, LAST_TOLD + 51))
    assert len(queued) == LAST_TOLD


async def test_a_restock_told_to_many_ends_piece_by_piece_and_in_order(
    database: Database, vault: Vault, clock: Clock
) -> None:
    shop = await Shop.open(database, vault, clock)
    people = 2 * PIECE + 200
    await many_told(shop, people)
    await shop.moved("MUG =0")
    assert len(await living_notices(shop)) == PIECE
    steps = 0
    while await shop.services.endings.step():
        steps += 1
    queued = await living_notices(shop)
    assert [row.subscription_id for row in queued] == list(range(1, people + 1))
    assert {row.state for row in await shop.rows("subscription")} == {"waiting"}
    assert steps == 3  # two pieces, and the look that finds no third


async def test_a_restock_that_opens_while_the_last_one_still_ends_tells_the_line_in_order(
    database: Database, vault: Vault, clock: Clock
) -> None:
    shop = await Shop.open(database, vault, clock)
    await many_told(shop, PIECE + 10)
    await shop.notify(1, "MUG", 30)
    await shop.moved("MUG =0")
    await shop.moved(f"MUG ={PIECE + 1}")
    assert {row.state for row in await shop.rows("subscription")} == {"waiting"}
    told = [row.subscription_id for row in await shop.rows("notice") if row.state == "queued"
            and row.lane == int(Lane.RESTOCK)]  # fmt: skip
    assert told == list(range(1, PIECE + 1))
    while await shop.services.endings.step():
        pass
    assert len(await living_notices(shop)) == PIECE + 10


@pytest.mark.parametrize("verb", ["bought", "no_thanks", "remove"])
async def test_what_a_customer_answered_stays_on_the_message(shop: Shop, verb: str) -> None:
    await shop.moved("MUG =5")  # an edit is queued already
    await press(shop, 1, verb)
    assert changes(await shop.deliver()) == [("2", "few 5")]
    await shop.moved("MUG =0")
    assert changes(await shop.deliver()) == [("2", "over")]


async def test_an_edit_that_overtook_the_answer_is_put_right(shop: Shop) -> None:
    await shop.moved("MUG =5")
    first = (await shop.claim())[0]
    composed = await shop.services.composing.compose(first)
    await press(shop, 1, "bought")
    await shop.arrive(first, composed)  # type: ignore[arg-type]
    news = [data for who, data in await shop.deliver() if who == "1"]
    assert [type(data) for data in news] == [RestockAnswered]


class Deaf(Living):
    """A mistake: what a customer answered is not looked at."""

    def say(self, edit: Any, restock: Any, message: Any, item: Any, *rest: Any) -> Any:
        told = replace(item, state=SubscriptionState.TOLD)
        return super().say(edit, restock, message, told, *rest)

    async def answered(self, *_given: Any) -> None:
        return None


async def test_an_edit_over_an_answer_is_found(shop: Shop) -> None:
    shop.services.restocking.living = Deaf(KNOWN)
    await shop.moved("MUG =5")
    await press(shop, 1, "bought")
    assert ("1", "few 5") in changes(await shop.deliver())


async def test_who_took_the_answer_back_sees_the_message_live_again(shop: Shop) -> None:
    await press(shop, 1, "no_thanks")
    await press(shop, 1, "undo")
    await shop.moved("MUG =5")
    assert changes(await shop.deliver()) == [("1", "few 5"), ("2", "few 5")]
    await shop.moved("MUG =0")
    assert {("1", "over"), ("2", "over")} <= set(changes(await shop.deliver()))


async def test_who_paused_sees_no_edit_but_the_end(shop: Shop) -> None:
    await press(shop, 1, "pause")
    await shop.moved("MUG =5")
    assert changes(await shop.deliver()) == [("2", "few 5")]
    await shop.moved("MUG =0")
    assert changes(await shop.deliver()) == [("1", "over"), ("2", "over")]


async def test_an_import_changes_messages_as_staff_do(shop: Shop) -> None:
    for quantity, said in ((5, "few 5"), (0, "over")):
        data = f"sku,quantity\nMUG,{quantity}\n".encode()
        staged = await shop.services.bulk.stage(read(data), CLI, f"file {quantity}")
        assert isinstance(staged, Staged)
        await shop.services.bulk.apply(staged.batch_id)
        assert changes(await shop.deliver()) == [("1", said), ("2", said)]


async def test_undo_changes_messages_as_the_move_did(shop: Shop) -> None:
    await shop.stock("MUG -16 sold", CLERK)
    await shop.deliver()
    shop.clock.forward(seconds=MINUTE)
    assert isinstance(await shop.stock("undo", CLERK), Undone)
    assert changes(await shop.deliver()) == [("1", "more"), ("2", "more")]
    assert isinstance(await shop.stock("undo"), Undone)  # the arrival itself
    assert changes(await shop.deliver()) == [("1", "withdrawn"), ("2", "withdrawn")]


async def test_a_product_that_is_no_longer_sold_is_not_called_sold_out(shop: Shop) -> None:
    staged = await shop.services.bulk.stage(
        read(b"sku,quantity,active\nMUG,19,no\n"), CLI, "out of sale"
    )
    assert isinstance(staged, Staged)
    await shop.services.bulk.apply(staged.batch_id)
    assert changes(await shop.deliver()) == [("1", "not sold"), ("2", "not sold")]


async def test_everything_else_goes_first(shop: Shop) -> None:
    await shop.product("PEN")
    await shop.notify(3, "PEN")
    await shop.moved("MUG =5")
    shop.clock.forward(seconds=1)
    await shop.moved("PEN +9")
    assert [item.lane for item in await shop.claim(limit=2)] == [Lane.RESTOCK, Lane.LIVING]
    assert max(Lane) is Lane.LIVING


async def test_a_message_that_left_before_few_were_left_is_found_by_the_sweep(
    database: Database, vault: Vault, clock: Clock
) -> None:
    shop = await Shop.open(database, vault, clock)
    await shop.product("MUG")
    await shop.notify(1, "MUG")
    await shop.moved("MUG +20")
    (notice,) = await shop.claim()
    composed = await shop.services.composing.compose(notice)
    await shop.moved("MUG =5")
    await shop.arrive(notice, composed)  # type: ignore[arg-type]
    clock.forward(seconds=MINUTE)
    assert await shop.deliver() == []
    await shop.services.upkeep.sweep_restocks()
    assert changes(await shop.deliver()) == [("1", "few 5")]


async def test_why_tells_what_the_message_says_since_when(shop: Shop) -> None:
    await shop.moved("MUG =0")
    await shop.deliver()
    why = await shop.services.shelf.why(customer(1), "MUG")
    assert isinstance(why, CustomerWhy)
    (fact,) = why.told
    assert (fact.kind, fact.says, fact.edited_at) == ("restock", "over", shop.clock())


async def test_an_edit_of_an_older_version_is_still_made(shop: Shop) -> None:
    """It noted neither what a message says nor that the restock ended."""
    async with shop.database.write() as tx:
        await tx.exec_driver_sql("UPDATE message SET says = ''")
    await shop.moved("MUG =5")
    assert await shop.deliver() == []
    await shop.moved("MUG =0")
    assert changes(await shop.deliver()) == [("1", "over"), ("2", "over")]
