"""A staff channel that cannot be reached, or moves, loses no alert and stops no other channel."""

import asyncio

import pytest

from bot.domain.contacts import Address, ContactState
from bot.domain.sending import Gone, Moved
from bot.domain.ways import TELEGRAM
from storage import contacts
from storage.database import Database
from storage.vault import Vault
from tests.bot.delivery.test_worker import Wire, drain, wire, worker_of
from tests.support.clock import Clock
from tests.support.shop import Shop

__all__ = ["wire"]  # a fixture

GROUP, OTHER = (Address(TELEGRAM, f"-{number}") for number in (555, 777))
SUPERGROUP = Address(TELEGRAM, "-100555")


@pytest.fixture
async def shop(sqlite_database: Database, vault: Vault, clock: Clock) -> Shop:
    shop = await Shop.open(sqlite_database, vault, clock)
    await alerts_go_to(shop, GROUP, OTHER)
    for sku in ("TEA", "MUG"):
        await shop.product(sku)
        await shop.moved(f"{sku} +20")
        await shop.stock(f"threshold {sku} 10")
    await shop.judge()
    return shop


async def alerts_go_to(shop: Shop, *channels: Address) -> None:
    """As at each start, from the settings."""
    await shop.services.routes.follow_settings(channels)


async def runs_low(shop: Shop, wire: Wire, sku: str) -> None:
    await shop.moved(f"{sku} =5")
    await shop.judge()
    await drain(shop, wire)


def told(wire: Wire, channel: Address, kind: str = "AlertTold") -> int:
    return wire.sent.count((channel.value, kind))


async def state(shop: Shop, channel: Address) -> ContactState:
    async with shop.database.read() as tx:
        contact = await contacts.find(tx, shop.vault, channel)
    assert contact is not None
    return contact.state


async def test_alerts_wait_for_the_bot_to_be_invited_and_the_other_channel_hears_why(
    shop: Shop, wire: Wire
) -> None:
    wire.trouble[GROUP.value] = [Gone(ContactState.GONE)] * 6
    await runs_low(shop, wire, "TEA")
    await runs_low(shop, wire, "MUG")
    assert (told(wire, GROUP), told(wire, OTHER)) == (0, 2)
    assert told(wire, OTHER, "Fault") == 1  # once, not for each alert
    assert await state(shop, GROUP) is ContactState.GONE
    for _ in range(10):
        shop.clock.forward(minutes=5)
        await drain(shop, wire)
    assert (told(wire, GROUP), told(wire, OTHER)) == (2, 2)
    assert await state(shop, GROUP) is ContactState.ACTIVE


async def test_the_first_that_arrives_brings_the_others_at_once(shop: Shop, wire: Wire) -> None:
    wire.trouble[GROUP.value] = [Gone(ContactState.GONE)] * 8
    await runs_low(shop, wire, "TEA")
    await runs_low(shop, wire, "MUG")
    while not told(wire, GROUP):
        shop.clock.forward(seconds=1)
        await drain(shop, wire)
    assert told(wire, GROUP) == 2


async def test_health_names_it_and_does_not_say_that_all_is_well(shop: Shop, wire: Wire) -> None:
    wire.trouble[GROUP.value] = [Gone(ContactState.GONE)]
    await runs_low(shop, wire, "TEA")
    card = await shop.stock("health")
    assert [fault.what for fault in card.told] == ["fault.channel"]
    assert not card.well


async def test_a_group_that_the_bot_is_in_again_has_what_was_put_off_at_once(
    shop: Shop, wire: Wire
) -> None:
    wire.trouble[GROUP.value] = [Gone(ContactState.BLOCKED)]
    await runs_low(shop, wire, "TEA")
    await shop.services.people.came_back(GROUP)
    await drain(shop, wire)
    assert told(wire, GROUP) == 1


async def test_a_group_that_became_a_supergroup_is_followed_after_every_start(
    shop: Shop, wire: Wire
) -> None:
    wire.trouble[GROUP.value] = [Moved(SUPERGROUP.value)]
    await runs_low(shop, wire, "TEA")
    await alerts_go_to(shop, GROUP, OTHER)  # a restart; the settings are as they were
    wire.trouble[GROUP.value] = [Moved(SUPERGROUP.value)]
    await runs_low(shop, wire, "MUG")
    await shop.moved("TEA =0")  # graver: posted anew
    await shop.judge()
    await drain(shop, wire)
    assert (told(wire, SUPERGROUP), told(wire, OTHER)) == (3, 3)


async def test_both_ids_of_one_group_in_the_settings_are_one_channel(
    shop: Shop, wire: Wire
) -> None:
    await alerts_go_to(shop, GROUP, SUPERGROUP)
    wire.trouble[GROUP.value] = [Moved(SUPERGROUP.value)]
    await runs_low(shop, wire, "TEA")
    await runs_low(shop, wire, "MUG")
    assert told(wire, SUPERGROUP) == 2


async def test_a_stop_keeps_the_order_of_the_line(
    sqlite_database: Database, vault: Vault, clock: Clock, wire: Wire
) -> None:
    shop = await Shop.open(sqlite_database, vault, clock)
    await shop.product("MUG")
    for number in range(1, 6):
        await shop.notify(number, "MUG")
    await shop.moved("MUG +5")
    held = await shop.claim(limit=2)
    clock.forward(seconds=1)
    await shop.services.settling.release(held)  # what was not on the wire at a stop
    order = [item.subscription_id for item in await shop.claim(limit=5)]
    assert order == sorted(item for item in order if item)


async def test_on_the_wire_the_line_is_in_order(
    sqlite_database: Database, vault: Vault, clock: Clock, wire: Wire
) -> None:
    shop = await Shop.open(sqlite_database, vault, clock)
    await shop.product("MUG")
    people = [str(number) for number in range(1, 31)]
    for number in people:
        await shop.notify(int(number), "MUG")
    worker, stop = worker_of(shop, wire), asyncio.Event()
    running = asyncio.create_task(worker.run(stop))
    await shop.moved("MUG +30")
    worker.bell.ring()
    async with asyncio.timeout(30):
        await wire.until(lambda sees: len(sees.sent) == len(people))
    stop.set()
    await running
    assert wire.told == people
