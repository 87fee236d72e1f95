"""A person with a contact in Telegram and one in Slack: one place in the line, told once."""

import pytest

from bot.domain.contacts import Address, Caller, ContactState
from bot.domain.customers import LimitReached, Subscribed, SubscriptionList
from bot.domain.notices import Claimed
from bot.domain.telling import RestockTold, SoldOut
from bot.domain.ways import SLACK, TELEGRAM
from bot.services.bundle import Options
from bot.services.customers.subscribing import Limits
from bot.services.outbox.composing import Composed
from storage import contacts
from tests.support.people import give_contact
from tests.support.shop import Shop, customer

MEI = customer(1)
MEI_IN_SLACK = Caller(Address(SLACK, "U0MEI"))


@pytest.fixture
async def mei(shop: Shop) -> Shop:
    """Customer 1 waits for MUG in the line of 1, 2; they last wrote from Slack."""
    await shop.product("MUG")
    await shop.notify(1, "MUG")
    await shop.notify(2, "MUG")
    shop.clock.forward(seconds=1)
    await shop.services.people.start(MEI_IN_SLACK)
    mei = (await shop.person(MEI)).id
    await give_contact(shop.database, mei, (await shop.person(MEI_IN_SLACK)).contact.id)
    return shop


async def told(shop: Shop) -> list[str]:
    news = [*await shop.deliver(SLACK), *await shop.deliver(TELEGRAM), *await shop.deliver(SLACK)]
    return [who for who, data in news if isinstance(data, RestockTold)]


async def test_a_restock_is_told_once_where_the_person_wrote_last(mei: Shop) -> None:
    await mei.moved("MUG +5")
    assert await told(mei) == ["U0MEI", "2"]
    assert [row.state for row in await mei.rows("subscription")] == ["told", "told"]


async def test_what_one_contact_asked_for_the_other_sees_and_changes(mei: Shop) -> None:
    subscribing = mei.services.subscribing
    found = await subscribing.list(MEI_IN_SLACK)
    assert isinstance(found, SubscriptionList)
    assert [one.product.sku for one in found.subscriptions] == ["MUG"]
    again = await subscribing.notify(MEI_IN_SLACK, "MUG", 1, mei.key())
    assert isinstance(again, Subscribed)
    assert again.already
    await subscribing.stop(MEI_IN_SLACK)
    assert (await subscribing.list(MEI)).subscriptions == ()


async def test_who_blocked_the_bot_on_one_way_is_told_on_the_other(mei: Shop) -> None:
    await mei.services.people.blocked(MEI_IN_SLACK.address)
    await mei.moved("MUG +5")
    assert await told(mei) == ["1", "2"]


async def test_a_message_that_waits_for_a_contact_that_is_blocked_meanwhile_goes_to_another(
    mei: Shop,
) -> None:
    await mei.moved("MUG +5")
    await mei.services.people.blocked(MEI_IN_SLACK.address)
    assert await told(mei) == ["1", "2"]
    assert len(await mei.rows("notice")) == 2


async def refuse(shop: Shop, item: Claimed) -> None:
    composed = await shop.services.composing.compose(item)
    assert isinstance(composed, Composed)
    await shop.services.settling.on_wire(item)
    await shop.services.settling.gone(item, composed.contact, ContactState.BLOCKED)


async def test_a_message_that_a_platform_refuses_as_blocked_goes_to_another_contact(
    mei: Shop,
) -> None:
    await mei.moved("MUG +5")
    (item,) = await mei.claim(SLACK)
    await refuse(mei, item)
    assert await told(mei) == ["1", "2"]
    assert [row.state for row in await mei.rows("subscription")] == ["told", "told"]


async def test_who_is_out_of_reach_everywhere_keeps_the_place(mei: Shop) -> None:
    await mei.moved("MUG +5")
    (item,) = await mei.claim(SLACK)
    await mei.services.people.blocked(MEI.address)
    await refuse(mei, item)
    assert await told(mei) == ["2"]
    assert [row.state for row in await mei.rows("subscription")] == ["waiting", "told"]
    await mei.services.people.came_back(MEI.address)
    assert await told(mei) == ["1"]


async def test_what_may_have_arrived_is_not_told_on_another_way_too(mei: Shop) -> None:
    await mei.moved("MUG +5")
    (item,) = await mei.claim(SLACK)
    await mei.services.settling.on_wire(item)
    await mei.services.settling.in_doubt(item)
    mei.clock.forward(seconds=60)
    (item,) = await mei.claim(SLACK)
    await refuse(mei, item)
    assert await told(mei) == ["2"]


async def test_that_it_is_gone_is_told_once(mei: Shop) -> None:
    await mei.product("TEA")
    await mei.moved("TEA +5")
    mei.clock.forward(seconds=1)
    tea = (await mei.rows("move"))[-1].product_id
    await mei.services.subscribing.watch(MEI, tea, 1, mei.key())
    await mei.moved("TEA -5")
    news = [*await mei.deliver(SLACK), *await mei.deliver(TELEGRAM)]
    assert [who for who, data in news if isinstance(data, SoldOut)] == ["1"]


async def test_an_old_wish_that_ends_is_told_once(mei: Shop) -> None:
    mei.clock.forward(days=366)
    assert await mei.services.upkeep.expire_subscriptions() == 2
    news = [*await mei.deliver(SLACK), *await mei.deliver(TELEGRAM)]
    assert [who for who, _ in news] == ["U0MEI", "2"]


async def test_forgetting_in_one_place_erases_the_person_in_all(mei: Shop) -> None:
    await mei.moved("MUG +5")
    assert await mei.services.people.forget(MEI_IN_SLACK) == 1
    async with mei.database.read() as tx:
        for caller in (MEI, MEI_IN_SLACK):
            assert await contacts.find(tx, mei.vault, caller.address) is None
    assert [row.person_id is None for row in await mei.rows("subscription")] == [True, False]
    assert await told(mei) == ["2"]


async def test_everything_that_is_kept_is_in_the_file_wherever_it_was_asked_for(mei: Shop) -> None:
    await mei.moved("MUG +5")
    await told(mei)
    one = (await mei.services.people.my_data(MEI)).document
    other = (await mei.services.people.my_data(MEI_IN_SLACK)).document
    assert one == other
    for word in ('"1"', '"U0MEI"', "Customer 1", '"MUG"', '"to": "slack"'):
        assert word in one


async def test_the_limit_is_the_persons(mei: Shop) -> None:
    options = Options(limits=Limits(per_person=1))
    limited = await Shop.open(mei.database, mei.vault, mei.clock, options)
    await mei.product("TEA")
    asked = await limited.services.subscribing.notify(MEI_IN_SLACK, "TEA", 1, mei.key())
    assert isinstance(asked, LimitReached)


async def test_who_still_uses_one_contact_is_not_erased_for_the_other(mei: Shop) -> None:
    """Retention goes by when anything was heard of the person."""
    await mei.services.people.blocked(MEI_IN_SLACK.address)
    mei.clock.forward(days=200)
    await mei.services.people.start(MEI)
    assert await mei.services.upkeep.forget_old() == 0
    assert (await mei.person(MEI_IN_SLACK)).id == (await mei.person(MEI)).id
