"""Promise 1: a restock is told in the order of the line, once each, while there is stock."""

import asyncio
from collections.abc import Sequence

from bot.domain.customers import InStockAlready, Subscribed
from bot.domain.delivery import Look, Step, next_step
from bot.domain.staff import Undone
from bot.domain.telling import RestockOver, RestockTold, SoldOut
from tests.support.shop import Shop, customer


def told(news: Sequence[tuple[str, object]]) -> list[str]:
    return [who for who, data in news if isinstance(data, RestockTold)]


async def wait_for(shop: Shop, sku: str, *numbers: int) -> None:
    for number in numbers:
        assert isinstance(await shop.notify(number, sku), Subscribed)


async def test_a_restock_is_told_in_the_order_of_the_line(shop: Shop) -> None:
    await shop.product("MUG")
    await wait_for(shop, "MUG", 3, 1, 2)
    moved = await shop.moved("MUG +5 delivery")
    assert moved.told == 3
    assert told(await shop.deliver()) == ["3", "1", "2"]


async def test_nobody_is_told_twice_in_one_restock(shop: Shop) -> None:
    await shop.product("MUG")
    await wait_for(shop, "MUG", 1, 2)
    await shop.moved("MUG +5")
    await shop.deliver()
    await shop.moved("MUG +5")
    await shop.moved("MUG -2 sold")
    assert told(await shop.deliver()) == []


async def test_each_restock_tells_again_who_did_not_say_bought(shop: Shop) -> None:
    await shop.product("MUG")
    await wait_for(shop, "MUG", 1, 2, 3)
    await shop.moved("MUG +5")
    await shop.deliver()
    first = (await shop.rows("subscription"))[0]
    await shop.services.subscribing.change(customer(1), first.id, "bought")
    await shop.moved("MUG =0")
    await shop.deliver()
    await shop.moved("MUG +5")
    assert told(await shop.deliver()) == ["2", "3"]


async def test_a_chunk_is_no_larger_than_what_is_left(shop: Shop) -> None:
    await shop.product("MUG")
    await wait_for(shop, "MUG", 1, 2, 3, 4, 5)
    await shop.moved("MUG +2")
    queued = [row for row in await shop.rows("notice") if row.state == "queued"]
    assert len(queued) == 2


async def test_who_was_not_reached_before_it_was_gone_keeps_the_place(shop: Shop) -> None:
    await shop.product("MUG")
    await wait_for(shop, "MUG", 1, 2, 3)
    await shop.moved("MUG +1")
    (first,) = await shop.claim()
    await shop._tell(first)
    await shop.moved("MUG -1 sold")
    news = await shop.deliver()
    assert told(news) == []
    assert [(who, data.place) for who, data in news if isinstance(data, RestockOver)] == [("1", 1)]
    states = [(row.state, row.armed) for row in await shop.rows("subscription")]
    assert states == [("waiting", True)] * 3
    await shop.moved("MUG +9")
    assert told(await shop.deliver()) == ["1", "2", "3"]


async def test_a_notice_on_the_wire_when_it_sells_out_is_corrected(shop: Shop) -> None:
    await shop.product("MUG")
    await wait_for(shop, "MUG", 1)
    await shop.moved("MUG +1")
    (notice,) = await shop.claim()
    composed = await shop.services.composing.compose(notice)
    await shop.moved("MUG -1 sold")
    await shop.arrive(notice, composed)  # type: ignore[arg-type]
    news = await shop.deliver()
    assert [type(data) for _, data in news] == [RestockOver]
    assert (await shop.rows("subscription"))[0].state == "waiting"


async def test_undoing_the_receipt_withdraws_the_restock(shop: Shop) -> None:
    await shop.product("MUG")
    await wait_for(shop, "MUG", 1, 2)
    await shop.moved("MUG +1")
    (first,) = await shop.claim()
    await shop._tell(first)
    undone = await shop.stock("undo")
    assert isinstance(undone, Undone)
    assert undone.restock_closed
    news = await shop.deliver()
    assert [(who, data.withdrawn) for who, data in news if isinstance(data, RestockOver)] == [
        ("1", True)
    ]
    assert told(news) == []


async def test_who_wants_more_than_there_is_waits_for_enough(shop: Shop) -> None:
    await shop.product("MUG")
    await shop.notify(1, "MUG", 10)
    await shop.notify(2, "MUG", 1)
    await shop.moved("MUG +5")
    assert told(await shop.deliver()) == ["2"]
    await shop.moved("MUG +5")
    assert told(await shop.deliver()) == ["1"]


async def test_who_waits_for_more_than_is_left_is_not_told_and_is_told_later(shop: Shop) -> None:
    await shop.product("MUG")
    await shop.notify(1, "MUG", 5)
    await shop.moved("MUG +5")
    await shop.moved("MUG -1 sold")
    assert told(await shop.deliver()) == []
    await shop.moved("MUG +1")
    assert told(await shop.deliver()) == ["1"]


async def test_an_item_in_stock_subscribes_nobody_by_itself(shop: Shop) -> None:
    await shop.product("MUG")
    await shop.moved("MUG +5")
    answer = await shop.notify(1, "MUG")
    assert isinstance(answer, InStockAlready)
    assert await shop.rows("subscription") == []


async def test_who_watches_hears_that_it_is_gone_and_then_that_it_is_back(shop: Shop) -> None:
    product_id = await shop.product("MUG")
    await shop.moved("MUG +5")
    watching = await shop.services.subscribing.watch(customer(1), product_id, 1, shop.key())
    assert isinstance(watching, Subscribed)
    await shop.moved("MUG +5")
    assert await shop.deliver() == []
    await shop.moved("MUG =0")
    assert [type(data) for _, data in await shop.deliver()] == [SoldOut]
    await shop.moved("MUG +1")
    assert told(await shop.deliver()) == ["1"]


async def test_the_paused_are_skipped_and_keep_the_place(shop: Shop) -> None:
    await shop.product("MUG")
    await wait_for(shop, "MUG", 1, 2)
    first = (await shop.rows("subscription"))[0]
    await shop.services.subscribing.change(customer(1), first.id, "pause")
    await shop.moved("MUG +5")
    assert told(await shop.deliver()) == ["2"]
    await shop.moved("MUG =0")
    await shop.deliver()
    resumed = await shop.services.subscribing.change(customer(1), first.id, "resume")
    assert resumed.subscription.place == 1  # type: ignore[union-attr]


async def test_who_blocked_the_bot_is_told_after_coming_back(shop: Shop) -> None:
    await shop.product("MUG")
    await wait_for(shop, "MUG", 1, 2)
    await shop.services.people.blocked(customer(1).address)
    await shop.moved("MUG +5")
    assert told(await shop.deliver()) == ["2"]
    await shop.services.people.came_back(customer(1).address)
    assert told(await shop.deliver()) == ["1"]


async def test_the_line_goes_on_behind_who_is_forgotten_while_told_by_a_dying_worker(
    shop: Shop,
) -> None:
    await shop.product("MUG")
    await wait_for(shop, "MUG", 1, 2)
    await shop.moved("MUG +1")
    await shop.claim()  # the first of the line is in the hands of a worker, which dies
    await shop.services.people.forget(customer(1))
    await shop.services.settling.release_orphans()
    assert told(await shop.deliver()) == ["2"]


async def test_the_line_goes_on_at_once_behind_who_is_forgotten_before_being_told(
    shop: Shop,
) -> None:
    await shop.product("MUG")
    await wait_for(shop, "MUG", 1, 2)
    await shop.moved("MUG +1")
    await shop.services.people.forget(customer(1))
    assert told(await shop.deliver()) == ["2"]


async def test_a_return_adds_stock_and_opens_a_restock(shop: Shop) -> None:
    await shop.product("MUG")
    await wait_for(shop, "MUG", 1)
    moved = await shop.moved("MUG +1 returned by a customer")
    assert (moved.move.kind, moved.position.on_hand) == ("return", 1)
    assert told(await shop.deliver()) == ["1"]


async def test_unsellable_places_do_not_open_a_restock(shop: Shop) -> None:
    await shop.product("MUG")
    await wait_for(shop, "MUG", 1)
    async with shop.database.write() as tx:
        await tx.exec_driver_sql("UPDATE location SET sellable = false")
    await shop.moved("MUG +5")
    assert await shop.deliver() == []


async def test_two_receipts_at_once_tell_each_customer_once(shop: Shop) -> None:
    await shop.product("MUG")
    await wait_for(shop, "MUG", *range(1, 21))
    await asyncio.gather(*(shop.moved("MUG +1") for _ in range(10)))
    assert told(await shop.deliver()) == [str(n) for n in range(1, 21)]


async def test_an_orphan_that_was_on_the_wire_is_repeated_marked_and_never_a_third_time(
    shop: Shop,
) -> None:
    await shop.product("MUG")
    await wait_for(shop, "MUG", 1)
    await shop.moved("MUG +5")
    settling = shop.services.settling
    (first,) = await shop.claim()
    await settling.on_wire(first)  # and the worker dies
    await settling.release_orphans()
    (again,) = await shop.claim()
    composed = await shop.services.composing.compose(again)
    assert composed.data.repeated  # type: ignore[union-attr]
    await settling.in_doubt(again)
    shop.clock.forward(seconds=600)
    (last,) = await shop.claim()
    step = next_step(shown=False, doubtful=last.doubtful, look=Look.CANNOT_TELL)
    assert step is Step.UNCERTAIN
    await settling.uncertain(last)
    shop.clock.forward(seconds=600)
    assert await shop.claim() == []
    assert (await shop.rows("subscription"))[0].state == "waiting"


async def test_an_orphan_that_never_was_on_the_wire_is_no_repeat(shop: Shop) -> None:
    await shop.product("MUG")
    await wait_for(shop, "MUG", 1)
    await shop.moved("MUG +5")
    for _ in range(5):
        await shop.claim()  # and the worker dies before its turn
        await shop.services.settling.release_orphans()
    assert [data.repeated for _, data in await shop.deliver()] == [False]  # type: ignore[union-attr]


async def test_what_may_have_arrived_is_not_told_as_new_in_the_same_restock(shop: Shop) -> None:
    await shop.product("MUG")
    await wait_for(shop, "MUG", 1)
    await shop.moved("MUG +1")
    (first,) = await shop.claim()
    await shop.services.settling.on_wire(first)
    await shop.services.people.blocked(customer(1).address)
    await shop.services.settling.release_orphans()
    await shop.deliver()
    await shop.services.people.came_back(customer(1).address)
    assert await shop.deliver() == []
    (row,) = [row for row in await shop.rows("notice") if row.kind == "restock"]
    assert row.state == "uncertain"


async def test_only_an_arrival_says_whom_it_reaches_and_counts_nobody_twice(shop: Shop) -> None:
    await shop.product("MUG")
    await wait_for(shop, "MUG", 1, 2, 3)
    assert (await shop.moved("MUG +5")).told == 3
    await shop.deliver()
    await wait_for(shop, "MUG")
    assert (await shop.moved("MUG -1 damaged")).told == 0
    assert (await shop.moved("MUG +5")).told == 0


async def test_why_tells_each_restock_once(shop: Shop) -> None:
    await shop.product("MUG")
    await wait_for(shop, "MUG", 1)
    for _ in range(2):
        await shop.moved("MUG +5")
        await shop.deliver()
        await shop.moved("MUG =0")
        await shop.deliver()
    why = await shop.services.shelf.why(customer(1), "MUG")
    assert [fact.kind for fact in why.told] == ["restock", "restock"]  # type: ignore[union-attr]
