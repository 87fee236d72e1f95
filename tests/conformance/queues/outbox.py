"""A Hypothesis state machine over the outbox: what services, workers, platforms and death do."""

from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule
from sqlalchemy import Row, insert

from bot.app.ways import KNOWN
from bot.domain.contacts import Address, Caller
from bot.domain.delivery import Look, Step, next_step
from bot.domain.notices import (
    Claimed,
    Lane,
    NewNotice,
    NoticeKind,
    NoticeState,
    SettleReason,
)
from bot.domain.sending import Withdrawn
from bot.domain.ways import SLACK, TELEGRAM, WayName
from bot.services.line.restocking import Restocking
from bot.services.outbox.composing import Drop
from bot.services.outbox.settling import LEASE, Settling
from bot.services.routing.routes import Routes
from storage import notices, persons
from storage.tables import notice, product, restock, subscription
from tests.conformance.ledger.base import ALIVE, Cut, cuts
from tests.conformance.queues.base import QueueMachine

PEOPLE = (Address(TELEGRAM, "1"), Address(TELEGRAM, "2"))
CHANNEL = Address(SLACK, "C0ALERTS")
SUBJECTS = ("alert:1", "alert:2", "alert:3")
OPEN = (NoticeState.QUEUED.value, NoticeState.SENDING.value)
subjects = st.sampled_from(SUBJECTS)
lanes = st.sampled_from((Lane.ALERT, Lane.RESTOCK, Lane.EDIT, Lane.DIGEST))
numbers = st.integers(0, 9)
# What a platform may do to a request; what it does after it took it is not known to the process.
answers = st.sampled_from(
    ("taken", "taken", "taken", "lost_before", "lost_after", "no_slot", "wait", "refused", "dies")
)
drops = st.sampled_from((Drop(SettleReason.PAUSED, retell=True), Drop(SettleReason.UNSUBSCRIBED)))


class OutboxMachine(QueueMachine):
    @initialize()
    def opens(self) -> None:
        self.begin()
        self.hands: list[Claimed] = []
        self.held: dict[int, tuple[int, datetime]] = {}  # by contact: a notice in work, until when
        self.queued: list[str] = []  # keys
        self.copies: Counter[int] = Counter()  # what the platform shows, by notice
        self.unknown: defaultdict[int, int] = defaultdict(int)  # sends whose answer nobody knows
        self.run(self._furnish())
        self.run(self.starts())
        self.last: dict[int, Row[Any]] = {}
        for who in range(len(self.contacts)):  # a machine that begins with nothing takes long
            self.run(self._queue([self._new(who, SUBJECTS[0], Lane.ALERT)], ALIVE))

    async def _furnish(self) -> None:
        async with self.database.write() as tx:
            found = [
                (
                    await persons.ensure(tx, self.vault, Caller(address), self.clock(), wrote=True)
                ).contact
                for address in (*PEOPLE, CHANNEL)
            ]
        self.contacts = [contact.id for contact in found]
        self.way = {contact.id: contact.address.way for contact in found}
        self.contact = {contact.id: contact for contact in found}
        self.number = 0

    async def starts(self) -> None:
        self.hands.clear()
        self.held.clear()
        line = Restocking(KNOWN)
        self.settling: Settling = self.world.part(self.ground, line, Routes(self.ground))
        await self.settling.release_orphans()

    # Services.

    @rule(who=st.integers(0, 2), subject=subjects, lane=lanes, soon=st.booleans(), cut=cuts)
    def something_is_to_be_told(
        self, who: int, subject: str, lane: Lane, soon: bool, cut: Cut
    ) -> None:
        self.run(self._queue([self._new(who, subject, lane, soon=soon)], cut))

    def _new(self, who: int, subject: str, lane: Lane, *, soon: bool = True) -> NewNotice:
        self.number += 1
        return NewNotice(
            kind=NoticeKind.FAULT,
            key=f"key {self.number}",
            contact_id=self.contacts[who],
            lane=lane,
            subject=f"{subject}:{who}",
            payload={"what": "test"},
            due_at=None if soon else self.clock.time.replace(hour=10),
        )

    async def _queue(self, new: Sequence[NewNotice], cut: Cut, supersedes: str = "") -> None:
        async def queues() -> None:
            async with self.database.write() as tx:
                if supersedes:
                    await notices.supersede(tx, supersedes, self.clock())
                await notices.queue(tx, new, self.clock())

        if await self.survives(queues, cut) or cut[0] == "after":
            self.queued += [item.key for item in new]
        await self._look()

    @rule(who=st.integers(0, 2), subject=subjects, lane=lanes, cut=cuts)
    def a_newer_state_is_to_be_shown(self, who: int, subject: str, lane: Lane, cut: Cut) -> None:
        new = self._new(who, subject, lane)
        self.run(self._queue([new], cut, supersedes=new.subject))

    @rule(number=numbers)
    def it_is_decided_again(self, number: int) -> None:
        """The same key is the same notice."""
        rows = list(self.last.values())
        if rows:
            row = rows[number % len(rows)]
            new = NewNotice(NoticeKind.FAULT, row.key, row.contact_id, Lane.ALERT, row.subject)
            self.run(self._again(new))

    async def _again(self, new: NewNotice) -> None:
        async with self.database.write() as tx:
            assert await notices.queue(tx, [new], self.clock()) == []
        await self._look()

    @rule(who=st.integers(0, 1), cut=cuts)
    def a_restock_is_told_and_closes(self, who: int, cut: Cut) -> None:
        self.run(self._restock(who, cut))

    async def _restock(self, who: int, cut: Cut) -> None:
        """Queued, perhaps claimed, and all that has not left is dropped."""
        number = await self._make_restock(who)
        if cut is ALIVE:
            await self._claim(TELEGRAM, 2, ALIVE)
        before = await self._rows()

        async def closes() -> None:
            async with self.database.write() as tx:
                reason = SettleReason.RESTOCK_CLOSED
                await notices.drop_of_restock(tx, number, reason, self.clock())

        if await self.survives(closes, cut) or cut[0] == "after":
            now = await self._rows()
            for row in before.values():
                if row.restock_id == number and row.state in OPEN and not row.on_wire:
                    assert now[row.id].state not in OPEN, f"{row.id} outlives its restock"
        await self._look()

    async def _make_restock(self, who: int) -> int:
        now = self.clock()
        self.number += 1
        word = f"SKU {self.number}"
        common = {"created_at": now, "updated_at": now}
        async with self.database.write() as tx:
            item = {"sku": word, "sku_key": word, "short_id": word, "name": word, "attributes": {}}
            made = insert(product).values(item | common).returning(product.c.id)
            sku = int((await tx.execute(made)).scalar_one())
            opens = {"product_id": sku, "cursor": 0, "opened_at": now}
            number = int(
                (
                    await tx.execute(insert(restock).values(opens).returning(restock.c.id))
                ).scalar_one()
            )
            person_id = self.contact[self.contacts[who]].person_id
            wish = {
                "person_id": person_id,
                "product_id": sku,
                "quantity": 1,
                "state": "waiting",
                "armed": True,
                "key": word,
            }
            made = insert(subscription).values(wish | common).returning(subscription.c.id)
            line = int((await tx.execute(made)).scalar_one())
            new = NewNotice(
                NoticeKind.RESTOCK,
                f"restock:{number}",
                self.contacts[who],
                Lane.RESTOCK,
                f"restock:{number}",
                {},
                sku,
                number,
                line,
            )
            await notices.queue(tx, [new], now)
        self.queued.append(new.key)
        return number

    # Workers and platforms.

    @rule(
        way=st.sampled_from((TELEGRAM, SLACK)),
        limit=st.integers(1, 3),
        last=st.sampled_from((Lane.ALERT, Lane.DIGEST)),
        cut=cuts,
    )
    def a_worker_claims(self, way: WayName, limit: int, last: Lane, cut: Cut) -> None:
        self.run(self._claim(way, limit, cut, last))

    async def _claim(
        self, way: WayName, limit: int, cut: Cut = ALIVE, last: Lane = Lane.DIGEST
    ) -> int:
        before = await self._rows()
        free = self._free(before, way, last)
        claimed: list[Claimed] = []

        async def claims() -> None:
            claimed.extend(await self.settling.claim(way, limit, last))

        if await self.survives(claims, cut):
            self._check_busy(claimed, before)
            self._check_claimed(claimed, free, limit)
            self.hands += claimed
            until = self.clock() + LEASE
            self.held |= {one.contact_id or 0: (one.id, until) for one in claimed}
        await self._look()
        return len(claimed)

    def _free(self, rows: dict[int, Row[Any]], way: WayName, last: Lane) -> list[Row[Any]]:
        """Whom it may be the turn of, in the order in which they are to go out."""
        now = self.clock()
        due = [
            row
            for row in rows.values()
            if row.state in OPEN
            and row.due_at <= now
            and not _leased(row, now)
            and row.lane <= last
            and self.way[row.contact_id] == way
        ]
        held = {row.contact_id for row in rows.values() if _leased(row, now)}
        earlier = {
            row.id
            for row in due
            for other in rows.values()
            if other.state in OPEN and other.id < row.id and other.subject == row.subject
        }
        free = [row for row in due if row.contact_id not in held and row.id not in earlier]
        first: dict[int, Row[Any]] = {}
        for row in sorted(free, key=lambda row: (row.lane, row.due_at, row.id)):
            first.setdefault(row.contact_id, row)
        return list(first.values())

    def _check_busy(self, claimed: list[Claimed], before: dict[int, Row[Any]]) -> None:
        for one in claimed:
            held, until = self.held.get(one.contact_id or 0, (0, self.clock()))
            over = until <= self.clock() or before[held].settled_at is not None
            assert over, f"contact {one.contact_id} is told two things at once"

    def _check_claimed(self, claimed: list[Claimed], free: list[Row[Any]], limit: int) -> None:
        wanted = [row.id for row in free][:limit]
        given = [one.id for one in claimed]
        assert given == wanted, f"claimed {given}, and it is the turn of {wanted}"
        for one, row in zip(claimed, free, strict=False):
            doubtful = row.doubtful + row.on_wire
            assert one.doubtful == doubtful, f"{one.id} is {doubtful} times in doubt"
            assert one.doubtful >= self.unknown[one.id], f"{one.id} may be there, nobody knows"

    @rule(way=st.sampled_from((TELEGRAM, SLACK)), answer=answers, cut=cuts)
    def one_is_told(self, way: WayName, answer: str, cut: Cut) -> None:
        """From the queue to the phone, and nothing happens meanwhile."""
        if self.run(self._claim(way, 1)):
            self.run(self._send(self._lay_down(0), answer, cut))
            self.run(self._look())

    @rule(way=st.sampled_from((TELEGRAM, SLACK)), drop=drops)
    def one_need_not_be_said(self, way: WayName, drop: Drop) -> None:
        if self.run(self._claim(way, 1)):
            hand = self._lay_down(0)
            self.run(self._told(lambda: self.settling.dropped(hand, drop), ALIVE))

    @rule(number=numbers, answer=answers, cut=cuts)
    def a_worker_sends(self, number: int, answer: str, cut: Cut) -> None:
        if self.hands:
            hand = self._lay_down(number)
            self.run(self._send(hand, answer, cut))
            self.run(self._look())

    @rule(number=numbers, drop=drops, cut=cuts)
    def it_need_not_be_said(self, number: int, drop: Drop, cut: Cut) -> None:
        if self.hands:
            hand = self._lay_down(number)
            self.run(self._told(lambda: self.settling.dropped(hand, drop), cut))

    @rule(number=numbers, cut=cuts)
    def a_worker_stops(self, number: int, cut: Cut) -> None:
        """What has not left is given back."""
        if self.hands:
            hand = self._lay_down(number)
            self.run(self._told(lambda: self.settling.release([hand]), cut))

    @rule(number=numbers, cut=cuts)
    def a_worker_has_a_bug(self, number: int, cut: Cut) -> None:
        if self.hands:
            hand = self._lay_down(number)
            self.run(self._told(lambda: self.settling.broken(hand), cut))

    def _lay_down(self, number: int) -> Claimed:
        hand = self.hands.pop(-1 - number % len(self.hands))
        self.held.pop(hand.contact_id or 0, None)
        return hand

    async def _told(self, work: Callable[[], Awaitable[object]], cut: Cut) -> None:
        await self.survives(work, cut)
        await self._look()

    async def _send(self, hand: Claimed, answer: str, cut: Cut) -> None:
        """As the worker does it: the policy decides, the intent is written, the request leaves."""
        look = Look.CANNOT_TELL
        if self.way[hand.contact_id or 0] == SLACK:
            look = Look.FOUND if self.copies[hand.id] else Look.NOT_THERE
        step = next_step(shown=False, doubtful=hand.doubtful, look=look)
        if step is Step.UNCERTAIN:
            await self.survives(lambda: self.settling.uncertain(hand), cut)
            return
        if step is Step.SETTLE:
            await self.survives(lambda: self._sent(hand), cut)
            return
        if step is Step.POST_ANEW:
            hand = await self.settling.not_there(hand)
            self.unknown[hand.id] = 0
        await self._post(hand, answer, cut)

    async def _post(self, hand: Claimed, answer: str, cut: Cut) -> None:
        may_leave = self._may_leave(hand, (await self._rows()).get(hand.id))
        try:
            if not await self.survives(lambda: self.settling.on_wire(hand), cut):
                return
        except Withdrawn:
            assert not may_leave, f"{hand.id} is wanted and was held back"
            return
        assert may_leave, f"{hand.id} was withdrawn, or is in other hands, and left"
        self.unknown[hand.id] += 1
        if answer in ("taken", "lost_after", "dies"):
            self.copies[hand.id] += 1
            assert self.copies[hand.id] <= 2, f"a third copy of {hand.id}"
            slack = self.way[hand.contact_id or 0] == SLACK
            assert not slack or self.copies[hand.id] == 1, f"{hand.id} stands twice in Slack"
        await self._answered(hand, answer)

    def _may_leave(self, hand: Claimed, row: Row[Any] | None) -> bool:
        sending = row is not None and row.state == NoticeState.SENDING.value
        return sending and row is not None and row.attempts == hand.attempts

    async def _answered(self, hand: Claimed, answer: str) -> None:
        settling = self.settling
        known: dict[str, Callable[[], Awaitable[object]]] = {
            "taken": lambda: self._sent(hand),
            "no_slot": lambda: settling.not_sent(hand),
            "wait": lambda: settling.later(hand, 3.0),
            "refused": lambda: settling.rejected(hand, "refused"),
        }
        if answer in known:
            self.unknown[hand.id] -= 1
            await known[answer]()
        elif answer == "dies":
            await self.starts()
        else:
            await settling.in_doubt(hand)

    async def _sent(self, hand: Claimed) -> None:
        await self.settling.sent(hand, self.contact[hand.contact_id or 0], f"m{hand.id}", "shown")

    @rule(seconds=st.sampled_from((1, 5, 70)))
    def time_passes(self, seconds: int) -> None:
        """Longer than a lease too: hands that still hold something hold it in vain."""
        self.clock.forward(seconds=seconds)

    @rule()
    def the_process_dies(self) -> None:
        self.run(self.starts())
        self.run(self._look())

    # What must be true.

    async def _rows(self) -> dict[int, Row[Any]]:
        return {row.id: row for row in await self.rows(notice)}

    async def _look(self) -> None:
        rows = await self._rows()
        keys = [row.key.partition(":dropped:")[0] for row in rows.values()]
        assert keys == self.queued, f"queued {self.queued}, there are {keys}"
        held = [row.contact_id for row in rows.values() if _leased(row, self.clock())]
        assert len(set(held)) == len(held), f"two notices of one contact in work: {held}"
        for row in rows.values():
            self._check(row, self.last.get(row.id))
        self.last = rows

    def _check(self, row: Row[Any], before: Row[Any] | None) -> None:
        if before is not None and before.settled_at is not None:
            was = (before.state, before.reason, before.settled_at)
            assert was == (row.state, row.reason, row.settled_at), f"{row.id} was settled as {was}"
        assert (row.settled_at is None) == (row.state in OPEN), f"{row.id}: half settled"
        if row.state in OPEN:
            doubt = row.doubtful + row.on_wire
            assert doubt >= self.unknown[row.id], f"{row.id} may be there, and nobody knows"
        if row.state == NoticeState.SENT.value:
            assert self.copies[row.id], f"{row.id} counts as sent and nobody saw it"
        if row.state == NoticeState.DROPPED.value:
            assert not self.unknown[row.id], f"{row.id} may be there and counts as dropped"

    def teardown(self) -> None:
        if self.sound:
            self.run(self._drain())

    async def _drain(self) -> None:
        """All goes well from here until nothing is left to do."""
        await self.starts()
        for _ in range(6 * len(self.queued) + 5):
            found = 0
            for way in (TELEGRAM, SLACK):
                found += await self._claim(way, 3)
            if not found:
                self.clock.forward(minutes=61)
            for hand in list(self.hands):
                self._lay_down(len(self.hands) - 1 - self.hands.index(hand))
                await self._send(hand, "taken", ALIVE)
                await self._look()
        left = [row.id for row in self.last.values() if row.state in OPEN]
        assert not left, f"notices never settled: {left}"


def _leased(row: Row[Any], now: datetime) -> bool:
    return bool(row.settled_at is None and row.lease_until is not None and row.lease_until > now)
