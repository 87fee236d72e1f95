"""Staff are told of the bot's own troubles: once, where it can be told, and edited when over."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from sqlalchemy import update

from bot.app.ways import KNOWN
from bot.domain.contacts import Address, Caller
from bot.domain.health import HealthCard, LaneQueue, Reach, Undelivered, WayPulse
from bot.domain.inbox import InboxState
from bot.domain.notices import Lane, NewNotice, NoticeKind, NoticeState, SettleReason
from bot.domain.staff import Refused
from bot.domain.telling import Fault
from bot.domain.ways import SLACK, TELEGRAM, WayName
from bot.services.bundle import build_services
from bot.services.own_health import watching
from bot.services.own_health.watching import Process
from storage import inbox, notices, tables
from storage.database import Database
from storage.vault import Vault
from tests.support.clock import Clock
from tests.support.shop import ADMIN, CLERK, MANAGER, Shop

CHANNELS = (Address(SLACK, "C0ALERTS"), Address(TELEGRAM, "-1001"))
TOOK = timedelta(milliseconds=5)


@dataclass
class Ward:
    """A shop with a staff channel on each platform, and platforms that answer what they are told.

    `said` gives, per platform, what a look and a delivery brought: the texts' ids.
    """

    shop: Shop
    reach: dict[WayName, Reach] = field(
        default_factory=lambda: dict.fromkeys((TELEGRAM, SLACK), Reach.ANSWERS)
    )

    @classmethod
    async def of(cls, shop: Shop) -> "Ward":
        ward = cls(shop)
        await ward.start()
        return ward

    async def start(self) -> None:
        """What a new process does; the database is the one there was."""
        services = self.shop.services
        await services.routes.follow_settings(CHANNELS)
        services.watching.process = Process(
            platforms=lambda: [WayPulse(way, 25.0) for way in (TELEGRAM, SLACK)],
            parts=lambda: {"inbox": "running", "clock": "failed: OSError"},
            probes={way: self._probe(way) for way in (TELEGRAM, SLACK)},
            leads_since=self.shop.clock(),
        )

    def _probe(self, way: WayName) -> watching.Probe:
        async def probe() -> Reach:
            return self.reach[way]

        return probe

    async def restart(self) -> None:
        shop = self.shop
        shop.services = build_services(shop.database, shop.vault, shop.clock, KNOWN)
        await self.start()

    async def look(self, seconds: float = 15) -> list[tuple[str, str]]:
        self.shop.clock.forward(seconds=seconds)
        return await self.shop.services.watching.look()

    async def said(self, way: WayName) -> list[str]:
        news = await self.shop.deliver(way)
        return [data.what for _, data in news if isinstance(data, Fault)]

    @property
    def faults(self) -> list[Fault]:
        """All that staff were told, in order."""
        return [data for _, data in self.shop.said if isinstance(data, Fault)]

    async def posts(self) -> int:
        """How many messages there are."""
        async with self.shop.database.read() as tx:
            counted = await tx.exec_driver_sql("SELECT count(*) FROM message")
            return int(counted.scalar_one())

    async def queue(self, lane: Lane, count: int, way: WayName = TELEGRAM) -> None:
        """Notices that fall due now."""
        (channel,) = [one for one in CHANNELS if one.way == way]
        contact_id = await self.shop.contact_id(Caller(channel))
        new = [
            NewNotice(NoticeKind.FAULT, f"x:{lane}:{n}", contact_id, lane, f"x:{n}",
                      {"what": "fault.other"})
            for n in range(count)
        ]  # fmt: skip
        async with self.shop.database.write() as tx:
            await notices.queue(tx, new, self.shop.clock())


@pytest.fixture
async def ward(shop: Shop) -> Ward:
    return await Ward.of(shop)


async def test_the_other_platform_hears_at_once_and_the_dead_one_when_it_is_over(
    ward: Ward,
) -> None:
    ward.reach[SLACK] = Reach.SILENT
    assert await ward.look() == [("fault.platform_down:slack", "starts")]
    assert await ward.look(59) == [("fault.platform_down:slack", "waits")]
    assert await ward.said(TELEGRAM) == []
    assert await ward.look(1) == [("fault.platform_down:slack", "fires")]
    assert await ward.said(TELEGRAM) == ["fault.platform_down"]
    assert await ward.look(600) == [("fault.platform_down:slack", "still_bad")]
    ward.reach[SLACK] = Reach.ANSWERS
    await ward.look(60)
    for way in (TELEGRAM, SLACK):  # Slack is not told that Slack cannot be reached
        assert await ward.said(way) == []
    assert await ward.look(60) == [("fault.platform_down:slack", "over")]
    assert await ward.said(TELEGRAM) == ["fault.platform_down_over"]
    assert await ward.said(SLACK) == ["fault.platform_down_over"]
    assert await ward.posts() == 2  # one in each channel: in Telegram it was edited
    (told,) = {fault for fault in ward.faults if fault.until}
    assert told.until == (told.since or ward.shop.clock()) + timedelta(minutes=12)
    assert await ward.look(60) == []


async def test_the_next_occurrence_is_posted_anew(ward: Ward) -> None:
    for _ in range(2):
        ward.reach[SLACK] = Reach.REFUSES
        for _ in range(6):
            await ward.look()
        ward.reach[SLACK] = Reach.ANSWERS
        await ward.said(TELEGRAM)
        for _ in range(6):
            await ward.look()
        assert await ward.said(TELEGRAM) == ["fault.platform_down_over"]
    assert await ward.posts() == 2
    firsts = [fault.what for fault in ward.faults if not fault.until]
    assert firsts == ["fault.platform_refuses"] * 2


async def test_a_flicker_is_told_to_nobody(ward: Ward) -> None:
    for _ in range(10):
        ward.reach[SLACK] = Reach.SILENT
        await ward.look(20)
        ward.reach[SLACK] = Reach.ANSWERS
        await ward.look(30)
    assert await ward.said(TELEGRAM) == []


async def test_a_restart_neither_repeats_nor_forgets_it(ward: Ward) -> None:
    ward.reach[SLACK] = Reach.SILENT
    for _ in range(5):
        await ward.look()
        await ward.restart()
    assert await ward.said(TELEGRAM) == ["fault.platform_down"]
    ward.reach[SLACK] = Reach.ANSWERS
    for _ in range(5):
        await ward.restart()
        await ward.look()
    assert await ward.said(TELEGRAM) == ["fault.platform_down_over"]
    assert await ward.posts() == 1


async def test_what_was_over_before_it_could_be_told_is_told_in_one_message(ward: Ward) -> None:
    """Both platforms were away (the shop's own line): the report is short when they are back."""
    ward.reach = dict.fromkeys((TELEGRAM, SLACK), Reach.SILENT)
    for _ in range(6):
        await ward.look()
    ward.reach = dict.fromkeys((TELEGRAM, SLACK), Reach.ANSWERS)
    for _ in range(6):
        await ward.look()
    for way in (TELEGRAM, SLACK):
        assert await ward.said(way) == ["fault.platform_down_over"] * 2
    assert await ward.posts() == 4


async def test_a_probe_without_an_answer_in_time_is_no_answer(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never() -> Reach:
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(watching, "PROBE_WITHIN", 0.01)
    ward.shop.services.watching.process.probes[SLACK] = never  # type: ignore[index]
    await ward.look()
    slack = next(p for p in ward.shop.services.watching.platforms() if p.way == "slack")
    assert slack.reach is Reach.SILENT


async def test_a_queue_that_stands_still_is_told_and_one_that_moves_is_not(ward: Ward) -> None:
    await ward.queue(Lane.RESTOCK, 3)
    assert await ward.look(299) == []
    counted = ward.shop.services.watching.lately
    assert await ward.look(15) == [("fault.restocks_late:telegram", "starts")]
    for _ in range(750):
        counted.settled(TELEGRAM, Lane.RESTOCK, NoticeState.SENT, SettleReason.DELIVERED, TOOK)
    assert await ward.look() == [("fault.restocks_late:telegram", "passed")]
    await ward.look(100)
    await ward.look(30)
    assert await ward.look(30) == [("fault.restocks_late:telegram", "fires")]
    assert await ward.said(SLACK) == ["fault.restocks_late"]


async def test_late_alerts_are_told_on_the_other_platform(ward: Ward) -> None:
    await ward.queue(Lane.ALERT, 3, SLACK)
    await ward.look(400)
    await ward.look(60)
    assert await ward.said(TELEGRAM) == ["fault.alerts_late"]
    (told,) = ward.faults
    assert told.waiting == 3


async def test_what_waits_for_a_platform_that_is_down_is_not_late_as_well(ward: Ward) -> None:
    await ward.queue(Lane.ALERT, 3, SLACK)
    ward.reach[SLACK] = Reach.SILENT
    judged = set()
    for _ in range(40):
        judged |= {what for what, _ in await ward.look(30)}
        await ward.said(TELEGRAM)
    assert judged == {"fault.platform_down:slack"}


async def test_the_card_is_for_managers(ward: Ward) -> None:
    assert isinstance(await ward.shop.stock("health", CLERK), Refused)
    assert isinstance(await ward.shop.stock("health", MANAGER), HealthCard)
    assert isinstance(await ward.shop.stock("health", ADMIN), HealthCard)


async def test_the_card_says_what_waits_what_failed_and_what_was_given_up(ward: Ward) -> None:
    shop = ward.shop
    began = shop.clock()
    await ward.queue(Lane.ALERT, 2, SLACK)
    await ward.queue(Lane.EDIT, 1)
    (held,) = await shop.claim(TELEGRAM)
    await shop.services.settling.rejected(held, "too long")
    async with shop.database.write() as tx:
        for number in (1, 2):
            await inbox.put(
                tx, shop.vault, source="slack", key=str(number), sender="U1", payload="{}",
                now=shop.clock(),
            )  # fmt: skip
        given_up = {"state": InboxState.DEAD.value, "finished_at": shop.clock()}
        await tx.execute(update(tables.inbox).where(tables.inbox.c.key == "1").values(given_up))
    ward.reach[SLACK] = Reach.REFUSES
    await ward.look()
    shop.services.watching.lately.limited(SLACK, 30)
    card = await shop.stock("health")
    assert isinstance(card, HealthCard)
    slack = LaneQueue(SLACK, Lane.ALERT, 2, 2, began)
    assert card.queues.outbox == (slack,)
    assert [(queue.source, queue.open) for queue in card.queues.inbox] == [("slack", 1)]
    assert card.queues.dead == 1
    assert card.undelivered == (Undelivered(TELEGRAM, NoticeState.FAILED, "rejected", 1),)
    assert {p.way: p.reach for p in card.platforms} == ward.reach
    assert next(p.limited for p in card.platforms if p.limited) == (shop.clock(), 30)
    assert card.idle_parts == (("clock", "failed: OSError"),)
    assert card.leads_since == began
    assert card.oldest == began
    shop.clock.forward(days=1, seconds=1)
    later = await shop.stock("health")
    assert isinstance(later, HealthCard)
    assert later.undelivered == ()


async def test_the_last_minute_is_a_minute(sqlite_database: Database, vault: Vault) -> None:
    clock = Clock()
    lately = build_services(sqlite_database, vault, clock, KNOWN).watching.lately
    for state in NoticeState:
        lately.settled(SLACK, Lane.ALERT, state, SettleReason.DELIVERED, TOOK)
    assert lately.sent_last_minute(SLACK, Lane.ALERT) == 1
    assert lately.sent_last_minute(SLACK, Lane.EDIT) == 0
    clock.forward(seconds=60)
    lately.settled(SLACK, Lane.ALERT, NoticeState.SENT, SettleReason.DELIVERED, TOOK)
    assert lately.sent_last_minute(SLACK, Lane.ALERT) == 2
    clock.forward(seconds=1)
    assert lately.sent_last_minute(SLACK, Lane.ALERT) == 1
