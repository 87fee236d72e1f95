"""A Hypothesis state machine over the inbox: what platforms, workers, staff and death do to it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule
from sqlalchemy import Row

from bot.domain.inbox import Arrival, InboxState
from bot.services.inbox.arriving import ATTEMPTS, LEASE, Arriving, Failed, Later, Outcome, Worked
from bot.services.routing.routes import Routes
from storage import inbox
from storage.inbox import NOBODY, Claimed
from storage.tables import inbox as table
from tests.conformance.ledger.base import ALIVE, Cut, cuts
from tests.conformance.queues.base import QueueMachine

SENDERS = ("ann", "bob", "cem")
senders = st.sampled_from(SENDERS)
outcomes = st.sampled_from(("worked", "worked", "failed", "failed", "later"))
numbers = st.integers(0, 9)


@dataclass(slots=True)
class Kept:
    """What must be there of an arrival, as a model of a few lines has it."""

    sender: str
    words: str
    state: InboxState = InboxState.PENDING
    attempts: int = 0
    lease_until: datetime | None = None


class InboxMachine(QueueMachine):
    @initialize()
    def opens(self) -> None:
        self.begin()
        self.kept: dict[str, Kept] = {}  # by key, in the order of arrival
        self.hands: list[Claimed] = []  # of workers that live, leases that ended included
        self.run(self.starts())
        for sender in SENDERS:  # a machine that begins with nothing takes long
            self.run(self._arrive([(f"key {len(self.kept)}", sender)], ALIVE))

    async def starts(self) -> None:
        self.hands.clear()
        for kept in self.kept.values():
            kept.lease_until = None
        self.arriving: Arriving = self.world.part(self.ground, Routes(self.ground))
        await self.arriving.release_orphans()

    # Platforms.

    @rule(sender=senders, cut=cuts)
    def something_arrives(self, sender: str, cut: Cut) -> None:
        self.run(self._arrive([(f"key {len(self.kept)}", sender)], cut))

    @rule(given=st.lists(senders, min_size=2, max_size=4), twice=st.booleans(), cut=cuts)
    def a_batch_arrives(self, given: list[str], twice: bool, cut: Cut) -> None:
        new = [(f"key {len(self.kept) + place}", sender) for place, sender in enumerate(given)]
        self.run(self._arrive(new + new[:twice], cut))

    @precondition(lambda self: self.kept)
    @rule(number=numbers)
    def it_arrives_again(self, number: int) -> None:
        key = list(self.kept)[-1 - number % len(self.kept)]
        self.run(self._arrive([(key, self.kept[key].sender)], ALIVE))

    async def _arrive(self, new: list[tuple[str, str]], cut: Cut) -> None:
        """Delivered until it is taken, as platforms do."""
        items = [("chat", key, sender, {"words": f"{key} of {sender}"}) for key, sender in new]
        expected = [Arrival.REPEATED if key in self.kept else Arrival.NEW for key, _ in new]
        given: list[Arrival] = []

        async def accepts() -> None:
            given[:] = await self.arriving.accept_many(items)

        if not await self.survives(accepts, cut):
            if cut[0] == "after":
                expected = [Arrival.REPEATED] * len(new)
            await accepts()
        assert given == self._repeats(new, expected), f"{new} came, and was said to be {given}"
        for key, sender in new:
            self.kept.setdefault(key, Kept(sender, f"{key} of {sender}"))
        await self._look()

    def _repeats(self, new: list[tuple[str, str]], expected: list[Arrival]) -> list[Arrival]:
        """A key that is in a batch twice is new only once."""
        keys = [key for key, _ in new]
        return [
            Arrival.REPEATED if key in keys[:place] else arrival
            for place, (key, arrival) in enumerate(zip(keys, expected, strict=True))
        ]

    # Workers.

    @rule(limit=st.integers(1, 3), cut=cuts)
    def a_worker_claims(self, limit: int, cut: Cut) -> None:
        self.run(self._claim(limit, cut))

    async def _claim(self, limit: int, cut: Cut = ALIVE) -> int:
        free = await self._free()
        claimed: list[Claimed] = []

        async def claims() -> None:
            claimed.extend(await self.arriving.turn([], limit))

        lived = await self.survives(claims, cut)
        if lived:
            self._check_claimed(claimed, free, limit)
            self.hands += claimed
        for one in claimed:
            kept = self.kept[one.key]
            kept.attempts, kept.state = kept.attempts + 1, InboxState.WORKING
            kept.lease_until = self.clock() + LEASE if lived else None
        if not lived:
            await self._recall()
        await self._look()
        return len(claimed)

    def _check_claimed(self, claimed: list[Claimed], free: list[str], limit: int) -> None:
        taken = [self.kept[one.key].sender for one in claimed]
        assert len(set(taken)) == len(taken), f"two of one sender at once: {taken}"
        for one in claimed:
            assert one.key in free, f"{one.key} is not due, not first, or in other hands"
            assert self.arriving.payload(one) == {"words": self.kept[one.key].words}
        assert len(claimed) == min(limit, len(free)), f"{free} could be taken, {len(claimed)} were"

    async def _free(self) -> list[str]:
        """The keys that may be taken: of each sender the first unfinished, if nothing is ahead."""
        now, found = self.clock(), []
        for sender in SENDERS:
            mine = [
                row
                for row in await self.rows(table)
                if row.finished_at is None and self.kept[row.key].sender == sender
            ]
            if mine and not self._held(sender) and all(row.due_at <= now for row in mine):
                found.append(str(mine[0].key))
        return found

    def _held(self, sender: str) -> bool:
        """Whether something of this sender is in the hands of a worker that has time left."""
        return any(
            kept.state is InboxState.WORKING
            and kept.lease_until is not None
            and kept.lease_until > self.clock()
            for kept in self.kept.values()
            if kept.sender == sender
        )

    @rule(number=numbers, outcome=outcomes, cut=cuts)
    def a_worker_is_done(self, number: int, outcome: str, cut: Cut) -> None:
        if self.hands:
            hand = self.hands.pop(-1 - number % len(self.hands))
            self.run(self._finish(hand, outcome, cut))

    async def _finish(self, hand: Claimed, outcome: str, cut: Cut = ALIVE) -> None:
        error = ValueError(hand.key)
        ended: Outcome = Later(hand, error, 2.0)
        if outcome != "later":
            ended = Worked(hand) if outcome == "worked" else Failed(hand, error)
        lived = await self.survives(lambda: self.arriving.turn([ended], 0), cut)
        if lived or cut[0] == "after":
            self._expect(hand, ended)
        if not lived:
            await self._recall()
        await self._look()

    def _expect(self, hand: Claimed, ended: Outcome) -> None:
        kept = self.kept[hand.key]
        if isinstance(ended, Worked):
            kept.state = InboxState.DONE
            return
        finished = kept.state in (InboxState.DONE, InboxState.DEAD)
        if finished or kept.attempts != hand.attempts:
            return  # it is in other hands, or was
        if isinstance(ended, Later):
            kept.attempts -= 1
        last = isinstance(ended, Failed) and ended.last
        kept.state = InboxState.DEAD if last else InboxState.PENDING

    @rule()
    def nothing_helps(self) -> None:
        """What is first of each sender fails again and again."""
        self.run(self._fail())

    async def _fail(self) -> None:
        for _ in range(ATTEMPTS):
            await self._claim(len(SENDERS))
            while self.hands:
                await self._finish(self.hands.pop(), "failed")
            self.clock.forward(seconds=70)

    @rule(seconds=st.sampled_from((1, 20, 70, 130)))
    def time_passes(self, seconds: int) -> None:
        self.clock.forward(seconds=seconds)

    @rule()
    def workers_keep_what_they_hold(self) -> None:
        held = list(self.hands)
        self.run(self.arriving.turn([], 0, held))
        for hand in held:
            kept = self.kept[hand.key]
            if kept.state is InboxState.WORKING and kept.attempts == hand.attempts:
                kept.lease_until = self.clock() + LEASE
        self.run(self._look())

    @rule()
    def the_process_dies(self) -> None:
        self.run(self.starts())
        self.run(self._look())

    async def _recall(self) -> None:
        """What a process that died in its claim had taken: the database knows."""
        for row in await self.rows(table):
            self.kept[row.key].attempts = row.attempts
            if row.finished_at is None:
                self.kept[row.key].state = InboxState(row.state)

    # Staff, and people who want to be forgotten.

    @rule(number=numbers)
    def staff_replay(self, number: int) -> None:
        dead = [row for row in self.run(self.rows(table)) if row.state == InboxState.DEAD.value]
        if dead:
            row = dead[number % len(dead)]
            assert self.run(self.arriving.replay(row.id))
            self._again(row)
            self.run(self._look())

    @rule()
    def staff_replay_all(self) -> None:
        dead = [row for row in self.run(self.rows(table)) if row.state == InboxState.DEAD.value]
        assert self.run(self.arriving.replay_all()) == len(dead)
        for row in dead:
            self._again(row)
        self.run(self._look())

    def _again(self, row: Row[Any]) -> None:
        self.kept[row.key].state, self.kept[row.key].attempts = InboxState.PENDING, 0

    @rule(sender=senders)
    def a_sender_is_forgotten(self, sender: str) -> None:
        self.run(self._forget(sender))
        for kept in self.kept.values():
            if kept.sender == sender and kept.state is InboxState.DEAD:
                kept.state = InboxState.DONE
        self.run(self._look())

    async def _forget(self, sender: str) -> None:
        async with self.database.write() as tx:
            await inbox.forget_sender(tx, self.vault, "chat", sender, self.clock())

    # What must be true.

    async def _look(self) -> None:
        rows = await self.rows(table)
        assert [row.key for row in rows] == list(self.kept), "lost, doubled or out of order"
        now = self.clock()
        held: list[str] = []
        for row in rows:
            self._check(row)
            if row.finished_at is None and row.lease_until is not None and row.lease_until > now:
                held.append(self.kept[row.key].sender)
        assert len(set(held)) == len(held), f"two of one sender in work: {held}"

    def _check(self, row: Row[Any]) -> None:
        kept = self.kept[row.key]
        assert row.state == kept.state.value, f"{row.key} is {row.state}, not {kept.state}"
        if kept.state is InboxState.DONE:
            wiped = row.payload is None and row.error is None and row.sender == NOBODY
            assert wiped, f"{row.key} is done and something of it is kept"
            return
        assert row.payload is not None, f"the payload of {row.key} is lost"
        assert kept.words in self.vault.open(row.payload), f"the payload of {row.key} is another"

    def teardown(self) -> None:
        if self.sound:
            self.run(self._drain())

    async def _drain(self) -> None:
        """With patience everything is worked off, but for what was given up."""
        await self.starts()
        for _ in range(10 * len(self.kept) + 2):
            if not await self._claim(3):
                self.clock.forward(minutes=6)
            for hand in list(self.hands):
                self.hands.remove(hand)
                await self._finish(hand, "worked")
        left = [key for key, kept in self.kept.items() if kept.state not in ENDED]
        assert not left, f"never worked off: {left}"


ENDED = (InboxState.DONE, InboxState.DEAD)
