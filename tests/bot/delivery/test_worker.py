"""The outbox worker does what each error of a channel says, and one notice stops no other."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import pytest

from bot.app.ways import KNOWN
from bot.channels.pacer import Pacer
from bot.delivery.breaker import Breaker
from bot.delivery.worker import OutboxWorker
from bot.domain.contacts import Address, ContactState
from bot.domain.faults import DatabaseDown
from bot.domain.forms import Rendered
from bot.domain.health import Reach
from bot.domain.notices import Lane
from bot.domain.sending import (
    CannotLook,
    Gone,
    InDoubt,
    MessageLost,
    Moved,
    NotSent,
    Rejected,
    RetryAfter,
    SendError,
    Unchanged,
)
from bot.domain.telling import NoticeData
from bot.domain.ways import TELEGRAM
from bot.services.engine.bell import Bell
from bot.services.engine.grouping import GroupCommit
from bot.services.outbox.lines import Delivered
from storage import contacts
from storage.database import Database
from storage.vault import Vault
from tests.support.clock import Clock
from tests.support.shop import Shop, customer


@dataclass
class Wire:
    """A way out that keeps what it was given. `trouble`: errors by address, used up in turn."""

    pacer: Pacer
    sent: list[tuple[str, str]] = field(default_factory=list)
    edits: list[tuple[str, str, str]] = field(default_factory=list)
    trouble: defaultdict[str, list[Exception]] = field(default_factory=lambda: defaultdict(list))
    history: dict[int, str] | None = None  # what a platform with a history shows, by notice id

    asked: int = 0  # how many were to be sent, in whatever state they are now
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def until(self, enough: Callable[["Wire"], bool]) -> None:
        while not enough(self):
            self.news.clear()
            await self.news.wait()

    async def send(self, address: str, rendered: Rendered, lane: Lane) -> str:
        self.asked += 1
        self.news.set()
        await self.pacer.turn(address, lane)
        self._fail(address)
        self.sent.append((address, rendered.text))
        self.news.set()
        return f"m{len(self.sent)}"

    async def edit(self, address: str, ref: str, rendered: Rendered, lane: Lane) -> None:
        await self.pacer.turn(address, lane)
        self._fail(address)
        self.edits.append((address, ref, rendered.text))

    async def find(self, address: str, notice_id: int, since: datetime) -> str | None:
        if self.history is None:
            raise CannotLook(f"{address}, {notice_id}, {since}")
        return self.history.get(notice_id)

    def _fail(self, address: str) -> None:
        if self.trouble[address]:
            raise self.trouble[address].pop(0)

    @property
    def told(self) -> list[str]:
        return [address for address, _ in self.sent]


@pytest.fixture
async def shop(sqlite_database: Database, vault: Vault, clock: Clock) -> Shop:
    shop = await Shop.open(sqlite_database, vault, clock)
    await shop.product("MUG")
    for number in (1, 2, 3):
        await shop.notify(number, "MUG")
    return shop


@pytest.fixture
def wire() -> Wire:
    return Wire(Pacer(10_000, 100))


CAN_ALL = replace(KNOWN[TELEGRAM], can_look_up=True)


def plain(language: str, data: NoticeData) -> Rendered:
    del language
    again = " again" if getattr(data, "repeated", False) else ""
    return Rendered(f"{type(data).__name__}{again}")


def worker_of(shop: Shop, wire: Wire) -> OutboxWorker:
    return OutboxWorker(
        CAN_ALL, wire, shop.services.settling, shop.services.composing, plain, Bell()
    )


async def drain(shop: Shop, wire: Wire) -> None:
    """Everything that is due now, until nothing is."""
    worker = worker_of(shop, wire)
    while claimed := await shop.claim():
        await asyncio.gather(*(worker.guarded(item) for item in claimed))


async def states(shop: Shop) -> dict[str, str]:
    rows = await shop.rows("notice")
    return {str(row.contact_id): row.state for row in rows if row.kind == "restock"}


@pytest.mark.parametrize(
    ("error", "after"),
    [(NotSent("no connection"), 1), (RetryAfter(30), 30), (InDoubt("cut"), 1)],
)
async def test_what_may_be_tried_again_is_and_the_others_are_told_meanwhile(
    shop: Shop, wire: Wire, error: SendError, after: int
) -> None:
    wire.trouble["1"] = [error]
    await shop.moved("MUG +3")
    await drain(shop, wire)
    assert sorted(wire.told) == ["2", "3"]
    shop.clock.forward(seconds=after - 0.5)
    await drain(shop, wire)
    assert len(wire.told) == 2
    shop.clock.forward(seconds=0.5)
    await drain(shop, wire)
    assert sorted(wire.told) == ["1", "2", "3"]


async def test_only_what_may_have_arrived_is_marked_as_a_repeat(shop: Shop, wire: Wire) -> None:
    wire.trouble["1"] = [InDoubt("cut")]
    wire.trouble["2"] = [NotSent("no connection"), RetryAfter(1)]
    await shop.moved("MUG +3")
    for _ in range(4):
        await drain(shop, wire)
        shop.clock.forward(seconds=10)
    assert dict(wire.sent) == {"1": "RestockTold again", "2": "RestockTold", "3": "RestockTold"}


async def test_after_two_lost_answers_there_is_no_third_copy(shop: Shop, wire: Wire) -> None:
    wire.trouble["1"] = [InDoubt("cut"), InDoubt("cut")]
    await shop.moved("MUG +3")
    for _ in range(5):
        await drain(shop, wire)
        shop.clock.forward(seconds=60)
    assert "1" not in wire.told
    assert "uncertain" in (await states(shop)).values()


async def test_what_the_platform_shows_is_not_sent_again(shop: Shop, wire: Wire) -> None:
    await shop.moved("MUG +3")
    first = min((row for row in await shop.rows("notice")), key=lambda row: row.id)
    wire.history = {first.id: "m77"}
    wire.trouble["1"] = [InDoubt("cut")]
    for _ in range(3):
        await drain(shop, wire)
        shop.clock.forward(seconds=10)
    assert sorted(wire.told) == ["2", "3"]
    assert set((await states(shop)).values()) == {"sent"}
    await shop.moved("MUG =0")
    await drain(shop, wire)
    assert ("1", "m77", "RestockOver") in wire.edits


async def test_what_the_platform_does_not_show_is_sent_as_if_for_the_first_time(
    shop: Shop, wire: Wire
) -> None:
    wire.history = {}
    wire.trouble["1"] = [InDoubt("cut")] * 4  # as often as it takes: there is no doubt left
    await shop.moved("MUG +3")
    for _ in range(7):
        await drain(shop, wire)
        shop.clock.forward(seconds=60)
    assert dict(wire.sent) == {"1": "RestockTold", "2": "RestockTold", "3": "RestockTold"}


async def test_what_is_sold_while_it_waits_for_its_turn_does_not_leave(
    shop: Shop, wire: Wire
) -> None:
    await shop.moved("MUG +3")
    claimed = await shop.claim()
    wire.pacer.hold("1", 0.5)  # its turn comes later; nobody need know when
    worker = worker_of(shop, wire)
    telling = asyncio.gather(*(worker.guarded(item) for item in claimed))
    await wire.until(lambda wire: len(wire.told) == 2)
    await shop.moved("MUG =0")
    await telling
    assert sorted(wire.told) == ["2", "3"]
    assert "dropped" in (await states(shop)).values()


async def test_an_answer_is_kept_until_the_database_takes_it(shop: Shop, wire: Wire) -> None:
    """And so the message is not sent twice."""
    away = 3

    async def breaks(delivered: Sequence[Delivered]) -> list[None]:
        nonlocal away
        if away > 0:
            away -= 1
            raise DatabaseDown("disk full")
        return await settling._arrived(delivered)

    settling = shop.services.settling
    settling._arrivals = GroupCommit(breaks)
    await shop.moved("MUG +1")
    await drain(shop, wire)
    assert away == 0
    assert wire.told == ["1", "2", "3"]
    assert set((await states(shop)).values()) == {"sent"}


async def test_an_outage_does_not_burn_the_one_repeat(shop: Shop, wire: Wire) -> None:
    """While the platform does not answer a question, nobody's message is put on the wire."""
    says = [Reach.SILENT]

    async def probe() -> Reach:
        return says[0]

    wire.trouble["1"] = [InDoubt("reset")]
    await shop.moved("MUG +3")
    claimed = await shop.claim()
    breaker = Breaker(probe, ask_again=0.01)
    worker = replace(worker_of(shop, wire), breaker=breaker)
    await worker.guarded(claimed[0])
    await asyncio.gather(*(worker.guarded(item) for item in claimed[1:]))
    assert wire.told == []
    says[0] = Reach.ANSWERS
    assert await breaker.ready(5)
    for _ in range(3):
        shop.clock.forward(seconds=60)
        await drain(shop, wire)
    assert dict(wire.sent) == {"1": "RestockTold again", "2": "RestockTold", "3": "RestockTold"}


async def test_a_held_chat_holds_up_nobody_behind_it_in_the_line(shop: Shop, wire: Wire) -> None:
    wire.trouble["1"] = [RetryAfter(60)]
    await shop.moved("MUG +1")
    await drain(shop, wire)
    assert wire.told == ["2", "3"]
    shop.clock.forward(seconds=60)
    await drain(shop, wire)
    assert wire.told == ["2", "3", "1"]


async def test_what_may_be_there_is_uncertain_when_its_repeat_is_refused(
    shop: Shop, wire: Wire
) -> None:
    wire.trouble["1"] = [InDoubt("cut"), Rejected("no")]
    await shop.moved("MUG +3")
    for _ in range(3):
        await drain(shop, wire)
        shop.clock.forward(seconds=60)
    assert sorted((await states(shop)).values()) == ["sent", "sent", "uncertain"]


async def test_a_stop_gives_back_what_has_not_left(shop: Shop, wire: Wire) -> None:
    """Whoever goes on claims it at once, and nothing is in doubt."""
    for who in ("1", "2", "3"):
        wire.pacer.hold(who, 0.9)
    await shop.moved("MUG +3")
    stop = asyncio.Event()
    worker = worker_of(shop, wire)
    running = asyncio.create_task(worker.run(stop))
    await wire.until(lambda wire: wire.asked == 3)
    stop.set()
    await running
    assert wire.told == []
    assert set((await states(shop)).values()) == {"queued"}
    assert {item.doubtful for item in await shop.claim()} == {0}


async def test_a_platform_that_is_down_for_an_hour_loses_nothing(shop: Shop, wire: Wire) -> None:
    for who in ("1", "2", "3"):
        wire.trouble[who] = [NotSent("down")] * 12
    await shop.moved("MUG +3")
    for _ in range(20):
        await drain(shop, wire)
        shop.clock.forward(minutes=5)
    assert sorted(wire.told) == ["1", "2", "3"]


async def test_who_is_gone_keeps_the_place_and_stops_nobody(shop: Shop, wire: Wire) -> None:
    wire.trouble["1"] = [Gone(ContactState.BLOCKED)]
    await shop.moved("MUG +1")
    await drain(shop, wire)
    assert wire.told == ["2", "3"]
    async with shop.database.read() as tx:
        contact = await contacts.find(tx, shop.vault, customer(1).address)
    assert contact is not None
    assert contact.state is ContactState.BLOCKED
    assert (await shop.rows("subscription"))[0].state == "waiting"


async def test_a_chat_that_moved_is_followed_at_once(shop: Shop, wire: Wire) -> None:
    wire.trouble["1"] = [Moved("100")]
    await shop.moved("MUG +3")
    await drain(shop, wire)
    assert "100" in wire.told
    async with shop.database.read() as tx:
        assert await contacts.find(tx, shop.vault, Address(TELEGRAM, "100")) is not None


@pytest.mark.parametrize("error", [Rejected("bad markup"), RuntimeError("a bug of ours")])
async def test_what_cannot_be_told_is_given_up_and_the_line_goes_on(
    shop: Shop, wire: Wire, error: Exception
) -> None:
    wire.trouble["1"] = [error] * 20
    await shop.moved("MUG +1")
    for _ in range(12):
        await drain(shop, wire)
        shop.clock.forward(minutes=5)
    assert wire.told == ["2", "3"]
    assert "failed" in (await states(shop)).values()


@pytest.mark.parametrize("error", [MessageLost("deleted"), Unchanged("same"), InDoubt("cut")])
async def test_an_edit_that_meets_trouble_posts_nothing_new(
    shop: Shop, wire: Wire, error: SendError
) -> None:
    await shop.moved("MUG +3")
    await drain(shop, wire)
    wire.trouble["1"] = [error]
    await shop.moved("MUG =0")
    for _ in range(3):
        await drain(shop, wire)
        shop.clock.forward(seconds=10)
    assert len(wire.sent) == 3
    edited = {address for address, _, text in wire.edits if text == "RestockOver"}
    assert edited >= {"2", "3"}


async def test_the_intent_is_in_the_database_before_the_request_leaves(
    shop: Shop, wire: Wire
) -> None:
    seen: list[tuple[bool, int]] = []

    class Watching(Wire):
        def _fail(self, address: str) -> None:
            del address
            task = asyncio.ensure_future(self._look())
            self.looks.append(task)

        looks: list[asyncio.Task[None]] = []  # noqa: RUF012  # one instance, in this test

        async def _look(self) -> None:
            rows = await shop.rows("notice")
            seen.append((rows[0].on_wire or rows[0].state == "sent", rows[0].attempts))

    watching = Watching(Pacer(10_000, 100))
    await shop.moved("MUG +1")
    await drain(shop, watching)
    await asyncio.gather(*watching.looks)
    assert seen[0] == (True, 1)
