"""Settles notices: what was sent, what was not and why, and what that changes for people."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain import subjects
from bot.domain.contacts import Address, Contact, ContactKind, ContactState
from bot.domain.delivery import Verdict, after_failure, wait_before
from bot.domain.living import Says
from bot.domain.notices import (
    LAST_LANE,
    Claimed,
    Lane,
    NewNotice,
    NoticeKind,
    NoticeState,
    SettleReason,
)
from bot.domain.sending import Withdrawn
from bot.domain.telemetry import SILENT
from bot.domain.ways import WayName
from bot.services.engine.grouping import GroupCommit
from bot.services.ground import Ground
from bot.services.line.restocking import Restocking
from bot.services.outbox.composing import Composed, Drop
from bot.services.outbox.lines import Delivered, Lines
from bot.services.routing.routes import Routes
from storage import claims, contacts, messages, notices, persons
from storage.tx import Tx

LEASE = timedelta(seconds=60)


class Settling:
    """The only place that changes a notice's state. Each method is one transaction.

    What happens to every notice, its intent and its arrival, shares transactions with others when
    many go out at once (GroupCommit). `routes` say who sees what staff must see.
    """

    def __init__(self, ground: Ground, restocking: Restocking, routes: Routes) -> None:
        self.ground = ground
        self.lines = Lines(restocking)
        self.routes = routes
        self.telemetry = SILENT
        self._intents = GroupCommit[Claimed, bool](self._put_on_wire)
        self._arrivals = GroupCommit[Delivered, None](self._arrived)

    async def claim(
        self, way: WayName, limit: int, last: Lane = LAST_LANE, *, look_first: bool = True
    ) -> list[Claimed]:
        """Take what is due for this platform in the lanes up to `last`.

        Looks first, so that an idle bot writes nothing; when something was queued just now that
        would only cost time.
        """
        now = self.ground.now()
        if limit < 1:
            return []
        if look_first and not await self._any_due(way, now, last):
            return []
        async with self.ground.write() as tx:
            return await claims.claim(tx, way, now, LEASE, limit, last)

    async def _any_due(self, way: WayName, now: datetime, last: Lane) -> bool:
        async with self.ground.read() as tx:
            return await claims.any_due(tx, way, now, last)

    async def release(self, held: Sequence[Claimed]) -> None:
        """Give back what surely has not left: nobody need wait until the lease ends."""
        if held:
            async with self.ground.write() as tx:
                await notices.release(tx, [notice.id for notice in held])

    async def release_orphans(self) -> int:
        """At the start: what a killed worker held is in doubt; returns how many."""
        async with self.ground.write() as tx:
            return await notices.release_orphans(tx, self.ground.now())

    async def sent(
        self, notice: Claimed, contact: Contact, ref: str, shown: str, says: Says = Says.UNKNOWN
    ) -> None:
        """A new message arrived: remember it, and move the subscription."""
        await self._arrivals.put(Delivered(notice, contact.id, ref, shown, says))

    async def _arrived(self, delivered: Sequence[Delivered]) -> list[None]:
        now = self.ground.now()
        ids = [item.notice.id for item in delivered]
        async with self.ground.write() as tx:
            skus = await self.lines.lock(tx, [item.notice for item in delivered])
            await notices.settle(tx, ids, NoticeState.SENT, SettleReason.DELIVERED, now)
            # Somebody may have said /forget while it was on the wire: their message is nobody's
            # then.
            known = await contacts.known(tx, {item.contact_id for item in delivered})
            posted = [
                messages.Posted(d.contact_id, d.notice.subject, d.ref, d.notice.id, d.shown, d.says)
                for d in delivered
                if d.contact_id in known
            ]
            await messages.remember(tx, posted, now)
            await self.lines.told(tx, delivered, now)
            for product_id in skus:
                await self.lines.restocking.advance(tx, product_id, now)
        for item in delivered:
            self._count(item.notice, NoticeState.SENT, SettleReason.DELIVERED, now)
        return [None] * len(delivered)

    async def edited(
        self,
        notice: Claimed,
        message_id: int,
        shown: str,
        *,
        changed: bool,
        says: Says = Says.UNKNOWN,
    ) -> None:
        """The message shows the newest state now."""
        now = self.ground.now()
        reason = SettleReason.EDITED if changed else SettleReason.UNCHANGED
        async with self.ground.write() as tx:
            await notices.settle(tx, [notice.id], NoticeState.SENT, reason, now)
            await messages.edited(tx, message_id, shown, now, says)
            await self.lines.restocking.living.edited(tx, notice, now)
        self._count(notice, NoticeState.SENT, reason, now)

    async def on_wire(self, notice: Claimed) -> None:
        """The intent: committed when its turn has come, just before the request leaves.

        Raises Withdrawn when it is no longer to be sent.
        """
        if not await self._intents.put(notice):
            raise Withdrawn

    async def _put_on_wire(self, held: Sequence[Claimed]) -> list[bool]:
        async with self.ground.write() as tx:
            leaving = await claims.on_wire(tx, held, self.ground.now())
        return [notice.id in leaving for notice in held]

    async def not_there(self, notice: Claimed) -> Claimed:
        """The platform was asked and has no copy of it: it is in doubt no longer."""
        async with self.ground.write() as tx:
            await notices.not_there(tx, notice.id)
        return replace(notice, doubtful=0)

    async def dropped(self, notice: Claimed, drop: Drop) -> None:
        """It need not be said; the line goes on without it.

        What may have arrived before is uncertain and is not told once more in this restock.
        """
        state = NoticeState.UNCERTAIN if notice.in_doubt else NoticeState.DROPPED
        async with self.ground.write() as tx:
            await self.lines.lock(tx, [notice])
            if await self._told_elsewhere(tx, notice, drop):
                return
            settled = await notices.settle(tx, [notice.id], state, drop.reason, self.ground.now())
            if settled and drop.retell and not notice.in_doubt and notice.restock_id is not None:
                await notices.detach(tx, notice.id)
            await self.lines.advance(tx, notice, self.ground.now())
        self._count(notice, state, drop.reason, self.ground.now())

    async def _told_elsewhere(self, tx: Tx, notice: Claimed, drop: Drop) -> bool:
        """A customer who is out of reach on one way hears of it on another, if there is one.

        What may have arrived is not told twice, and an edit belongs to a message that stands there.
        """
        away = drop.reason in (SettleReason.BLOCKED, SettleReason.GONE)
        edit = notice.lane in (Lane.EDIT, Lane.LIVING)
        if not away or edit or notice.in_doubt or notice.subscription_id is None:
            return False
        return await notices.redirect(tx, notice.id, self.ground.now())

    async def later(self, notice: Claimed, seconds: float) -> None:
        """The platform asks to wait: that is no failed attempt, and the line goes on without it."""
        due = self.ground.now() + timedelta(seconds=seconds)
        async with self.ground.write() as tx:
            await self.lines.lock(tx, [notice])
            # The platform did not take it: an attempt would count towards giving up.
            await notices.forgive(tx, notice.id)
            await notices.postpone(tx, notice.id, due)
            await self.lines.advance(tx, notice, self.ground.now())

    async def not_sent(self, notice: Claimed) -> None:
        """Certainly not there: again after a growing wait, however long the platform is down.

        What is no longer true by then is dropped when its turn comes.
        """
        due = self.ground.now() + wait_before(notice.attempts + 1)
        async with self.ground.write() as tx:
            await notices.postpone(tx, notice.id, due)

    async def broken(self, notice: Claimed) -> Verdict:
        """Our own fault (a bug, a broken row): tried again a few times, then staff see it."""
        verdict = after_failure(notice.attempts + 1)
        if verdict is Verdict.GIVE_UP:
            state = NoticeState.UNCERTAIN if notice.in_doubt else NoticeState.FAILED
            await self._give_up(notice, state, SettleReason.BROKEN)
            return verdict
        async with self.ground.write() as tx:
            await notices.failed(tx, notice.id)
            await notices.postpone(
                tx, notice.id, self.ground.now() + wait_before(notice.attempts + 1)
            )
        return verdict

    async def in_doubt(self, notice: Claimed) -> None:
        """It may be there: soon the platform is asked, and what follows is domain.delivery's."""
        due = self.ground.now() + wait_before(1)
        async with self.ground.write() as tx:
            await notices.postpone(tx, notice.id, due, doubtful=notice.doubtful + 1)

    async def uncertain(self, notice: Claimed) -> None:
        """Two copies may be there already: no third; the place in line is kept, staff see it."""
        await self._give_up(notice, NoticeState.UNCERTAIN, SettleReason.UNKNOWN)

    async def gone(self, notice: Claimed, contact: Contact, state: ContactState) -> None:
        """Nobody is there: the contact says so from now on, the place in line is kept.

        A channel is another matter: somebody has not invited the bot yet, or archived it by
        mistake. Its alerts wait until it can be reached, and the other channels are told once.
        """
        channel = contact.kind is ContactKind.CHANNEL
        async with self.ground.write() as tx:
            if contact.person_id is not None:
                await persons.touch(tx, contact.person_id, self.ground.now())
            await contacts.set_state(tx, contact.id, state)
            if channel and contact.state is ContactState.ACTIVE:
                await notices.queue(tx, await self._out_of_reach(tx, contact), self.ground.now())
        if channel and notice.kind is NoticeKind.ALERT:
            await self.not_sent(notice)
            return
        reason = SettleReason.BLOCKED if state is ContactState.BLOCKED else SettleReason.GONE
        await self.dropped(notice, Drop(reason, retell=True))

    async def in_reach(self, contact: Contact) -> None:
        """Something arrived in a channel that could not be reached: what waits goes now."""
        async with self.ground.write() as tx:
            await contacts.set_state(tx, contact.id, ContactState.ACTIVE)
            await notices.hurry(tx, contact.id, self.ground.now())

    async def _out_of_reach(self, tx: Tx, contact: Contact) -> list[NewNotice]:
        """For the other channels; a new message each time that it happens."""
        subject = subjects.of_fault("channel", contact.id, self.ground.now().isoformat())
        payload = {"what": "fault.channel", "platform": contact.address.way}
        return await self.routes.fault(tx, subject, subject, payload, but=(contact.id,))

    async def moved(self, notice: Claimed, contact: Contact, new_address: str) -> None:
        """The chat has a new address: the notice follows it at once."""
        address = Address(contact.address.way, new_address)
        async with self.ground.write() as tx:
            await contacts.move_address(tx, self.ground.vault, contact.id, address)
            await notices.postpone(tx, notice.id, self.ground.now())

    async def rejected(self, notice: Claimed, detail: str) -> None:
        """The platform refuses it for good: staff see it, the line goes on."""
        state = NoticeState.UNCERTAIN if notice.in_doubt else NoticeState.FAILED
        await self._give_up(notice, state, SettleReason.REJECTED, detail)

    async def message_lost(self, notice: Claimed, composed: Composed) -> None:
        """What was to be edited is gone. Staff get it anew; to customers old news is dropped."""
        if composed.message is None:
            raise ValueError("there was no message to lose")
        async with self.ground.write() as tx:
            await messages.lost(tx, composed.message.id)
            if notice.kind is NoticeKind.ALERT:
                await notices.postpone(tx, notice.id, self.ground.now())
                return
        await self.dropped(notice, Drop(SettleReason.SUPERSEDED))

    async def _give_up(
        self, notice: Claimed, state: NoticeState, reason: SettleReason, detail: str = ""
    ) -> None:
        now = self.ground.now()
        async with self.ground.write() as tx:
            await self.lines.lock(tx, [notice])
            await notices.settle(tx, [notice.id], state, reason, now)
            if notice.kind is not NoticeKind.FAULT:
                await notices.queue(tx, await self._faults(tx, notice, state, detail), now)
            await self.lines.advance(tx, notice, self.ground.now())
        self._count(notice, state, reason, now)

    def _count(
        self, notice: Claimed, state: NoticeState, reason: SettleReason, now: datetime
    ) -> None:
        if notice.way is not None:
            took = now - notice.created_at
            self.telemetry.settled(notice.way, notice.lane, state, reason, took)

    async def _faults(
        self, tx: Tx, notice: Claimed, state: NoticeState, detail: str
    ) -> list[NewNotice]:
        what = "fault.uncertain" if state is NoticeState.UNCERTAIN else "fault.undelivered"
        payload = {"what": what, "detail": detail or str(notice.kind)}
        subject = subjects.of_fault(notice.id)
        return await self.routes.fault(tx, subject, subject, payload, but=(notice.contact_id,))
