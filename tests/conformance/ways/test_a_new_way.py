"""A way that only tests have, one file and one row: all that the bot tells goes out on it.

It can neither edit nor be looked through.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import get_args

import pytest

from bot.app.opening import now, opened
from bot.app.platforms import Platforms
from bot.app.ways import WAYS, ways_of
from bot.domain.contacts import Address, Caller
from bot.domain.customers import CustomerWhy, Subscribed
from bot.domain.health import Trouble, Watch, WatchReason, WatchState
from bot.domain.notices import Lane
from bot.domain.staff import StaffWhy
from bot.domain.telling import NoticeData
from bot.domain.ways import SLACK
from bot.render import customers
from bot.services.engine.bell import Bell
from bot.settings_loading import load
from storage import notices
from storage.vault import generate_key
from tests.conformance.ways.loft import CUT, Loft, open_loft
from tests.conformance.ways.pigeon import PIGEON, STAFF, UNSAID, row
from tests.support.clock import Clock
from tests.support.shop import Shop

ANN = Caller(Address(SLACK, "U1"))
EMMA = Caller(Address(PIGEON, "emma"), "Emma")


@dataclass(frozen=True, slots=True)
class Place:
    """A shop whose staff and customers have pigeons, and what arrives in their lofts."""

    shop: Shop
    loft: Loft
    platforms: Platforms

    async def stock(self, text: str) -> object:
        return await self.shop.stock(text, ANN)

    async def flies(self) -> None:
        """What changed is judged, and all that is due leaves."""
        await self.shop.judge()
        worker = self.platforms.workers(Bell())[PIGEON]
        while claimed := await self.shop.claim(PIGEON):
            for notice in claimed:
                await worker.guarded(notice)

    async def hurry(self) -> None:
        """What was put off for Emma is due now."""
        emma = await self.shop.contact_id(EMMA)
        async with self.shop.database.write() as tx:
            await notices.hurry(tx, emma, now())

    async def waits(self, sku: str) -> None:
        key = self.shop.key()
        asked = await self.shop.services.subscribing.notify(EMMA, sku, 1, key)
        assert isinstance(asked, Subscribed)


@pytest.fixture
async def place(database_url: str) -> AsyncIterator[Place]:
    async with AsyncExitStack() as stack:
        loft = await stack.enter_async_context(open_loft())
        rows = (*WAYS, row(loft.url))
        settings = load(
            ways_of(rows), _env_file=None, database_url=database_url, admins="slack:U1",
            personal_data_keys=generate_key(),
        )  # fmt: skip
        base = await stack.enter_async_context(opened(settings, rows))
        platforms = Platforms(base)
        await platforms.open(stack)
        services = base.services
        await services.people.add_admins(base.named.admins)
        await services.routes.follow_settings(base.named.alerts)
        shop = Shop(base.database, services.ground.vault, Clock(now()), services)
        await shop.product("MUG", "Mug")
        yield Place(shop, loft, platforms)


async def low(place: Place) -> None:
    """A mug that is watched: 40 there, low at 10, critical from 2 down."""
    await place.stock("MUG =40")
    await place.stock("threshold MUG 10")
    await place.flies()


async def test_an_alert_is_posted_when_it_fires_and_when_it_gets_worse_and_never_else(
    place: Place,
) -> None:
    await low(place)
    for left in (9, 8, 7, 6, 5, 4, 3, 2, 1, 0):
        await place.stock(f"MUG ={left}")
        await place.flies()
    await place.stock("MUG =50")
    await place.flies()
    heads = [text.partition(":")[0] for text in place.loft.read("alerts")]
    assert heads == ["🟡 Low stock", "🟠 Almost out", "🔴 Out of stock"]
    queued = {notice.lane for notice in await place.shop.rows("notice")}
    assert queued == {Lane.ALERT}


async def test_a_new_occurrence_is_a_new_message(place: Place) -> None:
    await low(place)
    for left in (9, 40, 9):
        await place.stock(f"MUG ={left}")
        await place.flies()
    assert len(place.loft.read("alerts")) == 2


async def test_what_waits_to_leave_says_how_it_is_when_it_leaves(place: Place) -> None:
    """The first message is not dropped for an edit that nobody could see."""
    await low(place)
    await place.stock("MUG =9")
    await place.shop.judge()
    await place.stock("MUG =8")
    await place.flies()
    assert len(place.loft.read("alerts")) == 1


async def test_who_was_not_told_before_it_got_worse_is_told_once(place: Place) -> None:
    await low(place)
    await place.stock("MUG =9")
    await place.shop.judge()
    await place.stock("MUG =0")
    await place.flies()
    (text,) = place.loft.read("alerts")
    assert text.startswith("🔴 Out of stock")


async def test_a_restock_is_told_once_and_never_edited_and_why_says_so(place: Place) -> None:
    await place.waits("MUG")
    for count in ("+9", "-6", "-3", "+2"):  # back, few left, gone, back again
        await place.stock(f"MUG {count}")
        await place.flies()
    first, second = place.loft.read("emma")
    assert "Mug is back in stock" in first
    assert "(2 left)" in second
    assert {notice.lane for notice in await place.shop.rows("notice")} == {Lane.RESTOCK}
    why = await place.shop.services.shelf.why(EMMA, "MUG")
    assert isinstance(why, CustomerWhy)
    assert [(told.kind, told.reason) for told in why.told] == [("restock", "delivered")] * 2
    asked = await place.stock("why MUG")
    assert isinstance(asked, StaffWhy)
    assert asked.told == 1


async def test_a_letter_that_arrived_after_the_end_is_not_edited(place: Place) -> None:
    await place.waits("MUG")
    await place.stock("MUG +9")
    (notice,) = await place.shop.claim(PIGEON)
    composed = await place.shop.services.composing.compose(notice)
    await place.stock("MUG -9")
    await place.shop.arrive(notice, composed)  # type: ignore[arg-type]  # it is no Drop
    await place.flies()
    assert place.loft.read("emma") == []
    assert len(await place.shop.rows("notice")) == 1


async def test_what_is_in_doubt_is_sent_once_more_with_a_mark_and_never_a_third_time(
    place: Place,
) -> None:
    await place.waits("MUG")
    await place.stock("MUG +9")
    for _ in range(3):
        place.loft.answers.append(CUT)
        await place.flies()
        await place.hurry()
    first, second = place.loft.read("emma")
    assert "twice" not in first
    assert "twice" in second


async def test_trouble_and_its_end_are_two_messages(place: Place) -> None:
    watching = place.shop.services.watching
    pulse = place.platforms.pulses()[0]
    at = place.shop.clock()
    for state, reason in (
        (WatchState.FIRING, WatchReason.FIRES),
        (WatchState.WELL, WatchReason.OVER),
    ):
        seen = Watch(state, began=at, changed=at, number=1)
        await watching._note(Trouble.RESTOCKS_LATE, pulse, seen, reason, ())
        await place.flies()
    begins, over = place.loft.read("alerts")
    assert (begins[:2], over[:1]) == ("⚠️", "✅")


def test_it_has_words_for_all_that_is_told_there() -> None:
    assert {*customers.NOTICES, *STAFF, *UNSAID} == set(get_args(NoticeData))
