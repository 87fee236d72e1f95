"""A clock that is wrong, and put right: nothing is late for it, nothing ended by it."""

from datetime import timedelta

import pytest

from bot.domain.timekeeping import ClockReason
from bot.services.own_health.timekeeping import Timekeeping
from storage.database import Database
from storage.vault import Vault
from tests.support.clock import Clock
from tests.support.shop import Shop, customer


class Passed:
    """The time that passes, which nobody can set."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


class Watched:
    """A shop whose clock is watched; `on` lets time pass, `set` only sets the clock."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.passed = Passed()
        self.start()

    def start(self) -> None:
        """Another process begins on the same database."""
        ground, routes = self.shop.services.ground, self.shop.services.routes
        self.timekeeping = Timekeeping(ground, routes, self.passed)
        object.__setattr__(self.shop.services.upkeep, "timekeeping", self.timekeeping)

    def on(self, seconds: float) -> None:
        self.passed.seconds += seconds
        self.shop.clock.forward(seconds=seconds)

    def set(self, **by: float) -> None:
        """Before anybody looks."""
        self.shop.clock.forward(**by)

    async def seen(self, **by: float) -> ClockReason:
        """Within a second a step is seen."""
        self.set(**by)
        return await self.timekeeping.look()

    async def told(self) -> int:
        """Messages to staff about the clock."""
        rows = await self.shop.rows("notice")
        return sum(row.payload.get("what") == "fault.clock" for row in rows)


@pytest.fixture
async def watched(database: Database, vault: Vault, clock: Clock) -> Watched:
    shop = await Shop.open(database, vault, clock)
    watched = Watched(shop)
    await watched.timekeeping.begin()
    return watched


async def test_a_restock_of_a_clock_that_was_ahead_is_told_when_the_clock_is_right_again(
    watched: Watched,
) -> None:
    shop = watched.shop
    await shop.product("MUG")
    await shop.notify(1, "MUG")
    await watched.seen(hours=1)
    await shop.stock("MUG +5")
    watched.set(hours=-1)
    assert await shop.claim() == []
    assert await watched.timekeeping.look() is ClockReason.WENT_BACK
    assert len(await shop.deliver()) == 1


async def test_a_restart_heals_it_too(watched: Watched) -> None:
    shop = watched.shop
    await shop.product("MUG")
    await shop.notify(1, "MUG")
    watched.set(hours=3)
    await shop.stock("MUG +5")
    watched.set(hours=-3)
    watched.start()
    await watched.timekeeping.begin()
    assert len(await shop.deliver()) == 1


async def test_what_was_put_off_by_a_clock_that_was_ahead_is_due_again(watched: Watched) -> None:
    shop = watched.shop
    await shop.product("MUG")
    await shop.notify(1, "MUG")
    await shop.stock("MUG +5")
    await watched.seen(hours=3)
    (notice,) = await shop.claim()
    await shop.services.settling.not_sent(notice)
    await watched.seen(hours=-3)
    assert len(await shop.deliver()) == 1


async def test_what_is_in_hands_stays_there_for_no_longer_than_a_lease(watched: Watched) -> None:
    shop = watched.shop
    await shop.product("MUG")
    await shop.notify(1, "MUG")
    await shop.stock("MUG +5")
    await watched.seen(hours=3)
    assert len(await shop.claim()) == 1
    await watched.seen(hours=-3)
    assert await shop.claim() == []  # it may be on the wire at this moment
    watched.on(121)
    assert len(await shop.claim()) == 1


async def test_what_waits_as_long_as_it_should_is_left_alone(watched: Watched) -> None:
    shop = watched.shop
    await shop.product("MUG")
    await shop.notify(1, "MUG")
    await shop.stock("MUG +5")
    (notice,) = await shop.claim()
    await shop.services.settling.later(notice, 200)
    assert await watched.seen(seconds=-30) is ClockReason.WENT_BACK
    watched.on(100)
    assert await shop.claim() == []
    watched.on(131)
    assert len(await shop.claim()) == 1


async def test_an_input_of_a_clock_that_was_ahead_is_worked_off(watched: Watched) -> None:
    arriving = watched.shop.services.arriving
    await watched.seen(hours=1)
    await arriving.accept("telegram", "1", "7", {"text": "/list"})
    watched.set(hours=-1)
    assert await arriving.turn([], 1) == []
    await watched.timekeeping.look()
    assert len(await arriving.turn([], 1)) == 1


async def test_a_clock_800_days_ahead_ends_and_erases_nothing_and_staff_hear_of_it(
    watched: Watched,
) -> None:
    shop, upkeep = watched.shop, watched.shop.services.upkeep
    await shop.alert_channel()
    await shop.product("MUG")
    await shop.notify(1, "MUG")
    await shop.services.people.start(customer(2))
    await shop.services.arriving.accept("telegram", "1", "7", {"text": "/list"})
    watched.set(days=800)
    for _ in range(5):
        watched.on(15)
        assert await upkeep.expire_subscriptions() == 0
        assert await upkeep.forget_old() == 0
    assert await watched.told() == 1
    watched.set(days=-800)
    assert await upkeep.expire_subscriptions() == 0
    assert [row.state for row in await shop.rows("subscription")] == ["waiting"]
    watched.on(2 * 86_400)
    assert await upkeep.forget_old() == 0  # believed again, and nobody is old
    assert await watched.told() == 1


async def test_a_process_that_starts_with_such_a_clock_ends_nothing_either(
    watched: Watched,
) -> None:
    shop, upkeep = watched.shop, watched.shop.services.upkeep
    await shop.product("MUG")
    await shop.notify(1, "MUG")
    watched.set(days=800)
    watched.start()
    await watched.timekeeping.begin()
    assert await upkeep.expire_subscriptions() == 0


async def test_a_shop_that_was_really_closed_for_long_ends_what_is_old_a_day_later(
    watched: Watched,
) -> None:
    shop, upkeep = watched.shop, watched.shop.services.upkeep
    await shop.product("MUG")
    await shop.notify(1, "MUG")
    watched.set(days=400)
    watched.start()
    await watched.timekeeping.begin()
    assert await upkeep.expire_subscriptions() == 0
    watched.on(timedelta(days=1, minutes=1).total_seconds())
    assert await upkeep.expire_subscriptions() == 1


async def test_time_that_passes_ends_what_is_old(watched: Watched) -> None:
    shop, upkeep = watched.shop, watched.shop.services.upkeep
    await shop.product("MUG")
    await shop.notify(1, "MUG")
    watched.on(366 * 86_400)
    assert await upkeep.expire_subscriptions() == 1
