"""What workers and platforms do: the real outbox worker, on a wire where anything may happen."""

import asyncio
import math
from dataclasses import dataclass, field

from hypothesis import strategies as st
from hypothesis.stateful import rule

from bot.app.ways import KNOWN
from bot.channels.pacer import Pacer
from bot.delivery.worker import OutboxWorker
from bot.domain.forms import Rendered, SlackBlocks
from bot.domain.notices import Claimed, Lane
from bot.domain.sending import MessageLost
from bot.domain.telling import AlertTold, NoticeData, RestockTold, SoldOut
from bot.domain.ways import SLACK, TELEGRAM, WayName
from bot.services.engine.bell import Bell
from tests.conformance.ledger.base import ALIVE, Cut, MachineBase, PowerCut, cuts
from tests.support.wire import Fate, Request, Wire, WireChannel

# The first write is the intent to send, the second settles: between them the message leaves.
wire_cuts = st.sampled_from((ALIVE,) * 3 + (("before", 0), ("after", 0), ("before", 1)))
fates = st.sampled_from((Fate.OK,) * 5 + tuple(Fate))


@dataclass(kw_only=True)
class Heard(Wire):
    """A wire that tells the machine what people see."""

    machine: "WireRules"

    def shown(self, ref: str, text: str) -> None:
        del ref
        self.machine.arrived(*self.machine.said[text])


@dataclass(slots=True)
class Hand(WireChannel):
    """A notice in a worker's hands; as a channel, it is the way on which just this one is sent."""

    notice: Claimed
    machine: "WireRules"
    onto: Wire
    fate: "asyncio.Future[Fate]"
    work: asyncio.Task[None] | None = None
    at_wire: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def wire(self) -> Wire:
        return self.onto

    def render(self, _language: str, data: NoticeData) -> Rendered:
        self.machine.checks_what_is_said(data)
        self.machine.said[repr(data)] = self.notice, data
        return SlackBlocks(repr(data))

    async def ask(
        self, action: str, chat: str, lane: Lane, notice: int, text: str = "", ref: str = ""
    ) -> str:
        """A look is answered at once; a message waits for its turn, and for what becomes of it."""
        request = Request(0, 0, action, chat, notice, text, ref)
        if action == "find":
            return self.wire.answer(request, Fate.OK)
        self.at_wire.set()
        fate = await self.fate
        await Pacer(math.inf).turn(chat, lane)  # it tells the worker that the request leaves
        try:
            return self.wire.answer(request, fate)
        except MessageLost:
            self.machine.shown.pop(self.notice.subject, None)
            raise


class WireRules(MachineBase):
    async def lets_go(self) -> None:
        """What was in the hands of a process that died is not sent."""
        held = [hand.work for hand in self.hands if hand.work is not None]
        for work in held:
            work.cancel()
        await asyncio.gather(*held, return_exceptions=True)
        self.hands.clear()

    async def _open(self) -> None:
        self.hands: list[Hand] = []
        self.said: dict[str, tuple[Claimed, NoticeData]] = {}  # by the words
        self.wires = {
            way: Heard(way=way, shows_history=way is SLACK, machine=self)
            for way in (TELEGRAM, SLACK)
        }
        await super()._open()

    async def _start(self) -> None:
        await self.lets_go()
        await super()._start()

    async def claim(self, way: WayName, limit: int) -> list[Hand]:
        loop = asyncio.get_running_loop()
        claimed = await self.services.settling.claim(way, limit)
        return [Hand(item, self, self.wires[way], loop.create_future()) for item in claimed]

    @rule(way=st.sampled_from((TELEGRAM, SLACK)), limit=st.integers(1, 4), cut=cuts)
    def a_worker_claims(self, way: WayName, limit: int, cut: Cut) -> None:
        self.hands += self.run(self._insist(lambda: self.claim(way, limit), cut))
        self.run(self._look())

    # No preconditions here: what runs at once on PostgreSQL ends in one of several orders, and a
    # rule that is there in one run and not in the next is an error to Hypothesis.
    @rule(number=st.integers(0, 3))
    def a_worker_looks_and_waits_for_its_turn(self, number: int) -> None:
        if raw := [hand for hand in self.hands if hand.work is None]:
            self.run(self.to_the_wire(raw[number % len(raw)]))
            self.run(self._look())

    @rule(number=st.integers(0, 3), fate=fates, cut=wire_cuts)
    def a_worker_sends(self, number: int, fate: Fate, cut: Cut) -> None:
        if ready := [hand for hand in self.hands if hand.work is not None]:
            self.run(self.finish(ready[number % len(ready)], fate, cut))
            self.run(self._look())

    @rule(fate=fates, cut=wire_cuts)
    def a_customer_is_told(self, fate: Fate, cut: Cut) -> None:
        self.run(self.works(TELEGRAM, fate, cut))

    @rule(fate=fates, cut=wire_cuts)
    def staff_are_told(self, fate: Fate, cut: Cut) -> None:
        self.run(self.works(SLACK, fate, cut))

    async def works(self, way: WayName, fate: Fate, cut: Cut) -> None:
        """One notice from the queue to the phone, and nothing happens meanwhile."""
        for hand in await self.claim(way, 1):
            self.hands.append(hand)
            await self.finish(hand, fate, cut)
        await self._look()

    async def to_the_wire(self, hand: Hand) -> None:
        """Until it waits for its turn, or has found that there is nothing to say."""
        services = self.services
        worker = OutboxWorker(
            KNOWN[hand.wire.way], hand, services.settling, services.composing, hand.render, Bell()
        )
        hand.work = asyncio.create_task(worker.deliver(hand.notice))
        waiting = asyncio.create_task(hand.at_wire.wait())
        await asyncio.wait({hand.work, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if hand.work.done():
            self.hands.remove(hand)
            hand.work.result()

    async def finish(self, hand: Hand, fate: Fate, cut: Cut = ALIVE) -> None:
        """Let it happen; a process that dies there does not come back to it."""
        if hand.work is None:
            await self.to_the_wire(hand)
        if hand not in self.hands or hand.work is None:
            return
        self.hands.remove(hand)
        self.database.cut = cut
        hand.fate.set_result(fate)
        try:
            await hand.work
        except PowerCut:
            await self._start()
        finally:
            self.database.cut = ALIVE

    def checks_what_is_said(self, data: NoticeData) -> None:
        if isinstance(data, RestockTold):
            left = self.last.available(data.stock.product.id)
            assert 0 < left >= data.quantity, f"{data.quantity} offered, {left} there"
        if isinstance(data, SoldOut):
            assert self.last.available(data.product.id) <= 0, "said to be gone and is there"

    def arrived(self, notice: Claimed, data: NoticeData) -> None:
        """It is on the phone, or in the alert channel."""
        if isinstance(data, RestockTold):
            copies = self.heard[notice.restock_id or 0, notice.subscription_id or 0]
            assert not copies or data.repeated, f"told twice: {notice.subject}"
            copies.append(data.repeated)
            assert len(copies) <= 2, f"a third copy: {notice.subject}"
        if isinstance(data, AlertTold):
            self.shown[notice.subject] = data
