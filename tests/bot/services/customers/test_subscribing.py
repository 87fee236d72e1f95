"""What customers do: subscribe, list, stop, come back, be forgotten."""

import json

import pytest

from bot.domain.codes import short_id
from bot.domain.customers import (
    Changed,
    Expired,
    InStockAlready,
    LimitReached,
    NotForSale,
    NotFound,
    Stopped,
    Subscribed,
)
from bot.services.bundle import Options
from bot.services.customers.subscribing import Limits
from storage import contacts
from storage.database import Database
from storage.vault import Vault
from tests.support.clock import Clock
from tests.support.shop import Shop, customer


@pytest.mark.parametrize(
    "typed", ["MUG-BLUE", "mug-blue", " Mug–Blue ", "ｍｕｇ－ｂｌｕｅ", "mug - blue"]
)
async def test_a_code_is_found_however_it_is_typed(shop: Shop, typed: str) -> None:
    await shop.product("Mug-Blue")
    assert isinstance(await shop.notify(1, typed), Subscribed)


async def test_subscribing_twice_says_so_and_keeps_the_place(shop: Shop) -> None:
    await shop.product("MUG")
    await shop.notify(1, "MUG")
    await shop.notify(2, "MUG")
    again = await shop.notify(1, "MUG", 3)
    assert isinstance(again, Subscribed)
    assert (again.already, again.quantity_changed, again.subscription.place) == (True, True, 1)
    assert len(await shop.rows("subscription")) == 2


async def test_the_same_update_again_gives_the_first_answer(shop: Shop) -> None:
    await shop.product("MUG")
    first = await shop.notify(1, "MUG", key="telegram:7")
    assert await shop.notify(1, "MUG", key="telegram:7") == first
    assert not first.already


async def test_a_link_subscribes_at_once_and_an_old_link_says_not_found(shop: Shop) -> None:
    await shop.product("MUG")
    subscribing = shop.services.subscribing
    answer = await subscribing.notify_short(customer(1), short_id("MUG"), shop.key())
    assert isinstance(answer, Subscribed)
    assert isinstance(await subscribing.notify_short(customer(1), "nothing", "k"), NotFound)


async def test_in_stock_is_said_with_what_is_left(shop: Shop) -> None:
    await shop.product("MUG")
    await shop.moved("MUG +3")
    answer = await shop.notify(1, "MUG")
    assert isinstance(answer, InStockAlready)
    assert (answer.stock.available, answer.stock.few) == (3, True)
    assert isinstance(await shop.notify(1, "MUG", 4), Subscribed)


async def test_what_is_no_longer_sold_is_not_subscribed(shop: Shop) -> None:
    await shop.product("MUG", active=False)
    assert isinstance(await shop.notify(1, "MUG"), NotForSale)


async def test_the_limit_per_person_is_friendly_and_holds(
    database: Database, vault: Vault, clock: Clock
) -> None:
    shop = await Shop.open(database, vault, clock, Options(limits=Limits(per_person=2)))
    for sku in ("A", "B", "C"):
        await shop.product(sku)
    answers = [await shop.notify(1, sku) for sku in ("A", "B", "C")]
    assert answers[2] == LimitReached(2)
    assert isinstance(await shop.notify(2, "C"), Subscribed)


async def test_only_the_owner_presses_the_buttons(shop: Shop) -> None:
    await shop.product("MUG")
    await shop.notify(1, "MUG")
    (row,) = await shop.rows("subscription")
    assert isinstance(
        await shop.services.subscribing.change(customer(2), row.id, "remove"), Expired
    )
    assert (await shop.rows("subscription"))[0].state == "waiting"


async def test_a_second_press_says_that_it_was_done(shop: Shop) -> None:
    await shop.product("MUG")
    await shop.notify(1, "MUG")
    (row,) = await shop.rows("subscription")
    change = shop.services.subscribing.change
    answers = [await change(customer(1), row.id, "remove") for _ in range(2)]
    assert [item.done for item in answers if isinstance(item, Changed)] == [True, False]


async def test_stop_ends_all_and_undo_brings_all_back_to_their_places(shop: Shop) -> None:
    for sku in ("A", "B"):
        await shop.product(sku)
        await shop.notify(1, sku)
        await shop.notify(2, sku)
    stopped = await shop.services.subscribing.stop(customer(1))
    assert isinstance(stopped, Stopped)
    assert len(stopped.subscriptions) == 2
    back = await shop.services.subscribing.undo_stop(customer(1), stopped.subscriptions[0].id)
    assert [(item.product.sku, item.place) for item in back.subscriptions] == [("A", 1), ("B", 1)]


async def test_undo_of_a_stop_touches_nobody_else(shop: Shop) -> None:
    await shop.product("A")
    await shop.notify(1, "A")
    await shop.notify(2, "A")
    await shop.services.subscribing.stop(customer(1))
    (_, theirs) = await shop.rows("subscription")
    await shop.services.subscribing.stop(customer(2), "A")
    answer = await shop.services.subscribing.undo_stop(customer(1), theirs.id)
    assert answer.subscriptions == ()


async def test_forgetting_leaves_no_contact_and_the_line_goes_on(shop: Shop) -> None:
    await shop.product("MUG")
    await shop.notify(1, "MUG")
    await shop.notify(2, "MUG")
    assert await shop.services.people.forget(customer(1)) == 1
    async with shop.database.read() as tx:
        assert await contacts.find(tx, shop.vault, customer(1).address) is None
    await shop.moved("MUG +5")
    assert [who for who, _ in await shop.deliver()] == ["2"]


async def test_my_data_shows_all_that_is_kept(shop: Shop) -> None:
    await shop.product("MUG")
    await shop.notify(1, "MUG", 2)
    data = await shop.services.people.my_data(customer(1))
    document = json.loads(data.document)
    assert [one["id"] for one in document["contacts"]] == ["1"]
    assert document["subscriptions"][0]["sku"] == "MUG"
    assert data.subscriptions == 1


async def test_the_chosen_language_wins_over_the_platforms_guess(shop: Shop) -> None:
    people = shop.services.people
    await people.start(customer(1, "de"))
    assert await people.language(customer(1, "de")) == "de"
    await people.set_language(customer(1, "de"), "zh_CN")
    assert await people.language(customer(1, "de")) == "zh_CN"


async def test_a_year_without_a_word_ends_the_subscription_and_says_so_once(shop: Shop) -> None:
    await shop.product("MUG")
    await shop.notify(1, "MUG")
    shop.clock.forward(days=364)
    assert await shop.services.upkeep.expire_subscriptions() == 0
    shop.clock.forward(days=2)
    assert await shop.services.upkeep.expire_subscriptions() == 1
    assert await shop.services.upkeep.expire_subscriptions() == 0
    assert len(await shop.deliver()) == 1


async def test_people_whom_nothing_needs_are_forgotten_after_the_retention(shop: Shop) -> None:
    await shop.product("MUG")
    await shop.notify(1, "MUG")
    await shop.services.people.start(customer(2))
    shop.clock.forward(days=91)
    assert await shop.services.upkeep.forget_old() == 1
    async with shop.database.read() as tx:
        assert await contacts.find(tx, shop.vault, customer(1).address) is not None
        assert await contacts.find(tx, shop.vault, customer(2).address) is None


async def test_who_blocked_the_bot_keeps_the_place_for_the_retention_from_then_on(
    shop: Shop,
) -> None:
    await shop.product("MUG")
    await shop.notify(1, "MUG")
    shop.clock.forward(days=200)
    await shop.services.people.blocked(customer(1).address)
    shop.clock.forward(days=89)
    assert await shop.services.upkeep.forget_old() == 0
    shop.clock.forward(days=2)
    assert await shop.services.upkeep.forget_old() == 1


async def test_asking_again_without_a_number_keeps_the_wanted_quantity(shop: Shop) -> None:
    await shop.product("MUG")
    await shop.notify(1, "MUG", 3)
    again = await shop.services.subscribing.notify(customer(1), "MUG", None, shop.key())
    assert isinstance(again, Subscribed)
    assert (again.quantity_changed, again.subscription.quantity) == (False, 3)


async def test_who_watches_and_asks_again_hears_that_it_can_be_bought(shop: Shop) -> None:
    product_id = await shop.product("MUG")
    await shop.moved("MUG +5")
    await shop.services.subscribing.watch(customer(1), product_id, 1, shop.key())
    assert isinstance(await shop.notify(1, "MUG"), InStockAlready)
