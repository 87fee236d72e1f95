"""Mistakes of queues, planted in the classes under test; the machines find each."""

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.inbox import Arrival, InboxState
from bot.domain.notices import Claimed as ClaimedNotice
from bot.domain.notices import NoticeState, SettleReason
from bot.domain.sending import Withdrawn
from bot.services.inbox.arriving import LEASE, Arriving, Json, Outcome, Worked
from bot.services.outbox.composing import Drop
from bot.services.outbox.settling import Settling
from storage import inbox, notices
from storage.inbox import Claimed
from storage.tables import inbox as arrivals
from storage.tables import notice


class ForgetsKeys(Arriving):
    """Keeps what arrives again, again."""

    __slots__ = ()

    async def accept_many(self, items: Iterable[tuple[str, str, str, Json]]) -> list[Arrival]:
        fresh = [(source, f"{key} {uuid.uuid4()}", who, what) for source, key, who, what in items]
        return await super().accept_many(fresh)


class ForgetsTheLease(Arriving):
    """Hands out what it has just handed out."""

    __slots__ = ()

    async def turn(
        self, outcomes: Sequence[Outcome], limit: int, held: Sequence[Claimed] = ()
    ) -> list[Claimed]:
        claimed = await super().turn(outcomes, limit, held)
        async with self.ground.write() as tx:
            await inbox.release_orphans(tx, self.ground.now())
        return claimed


class IgnoresTheOrder(Arriving):
    """Takes what came last, whatever waits before it."""

    __slots__ = ()

    async def turn(
        self, outcomes: Sequence[Outcome], limit: int, held: Sequence[Claimed] = ()
    ) -> list[Claimed]:
        await super().turn(outcomes, 0, held)
        pending = arrivals.c.state == InboxState.PENDING.value
        newest = select(arrivals.c.id).where(pending).order_by(arrivals.c.id.desc()).limit(1)
        now = self.ground.now()
        async with self.ground.write() as tx:
            first = (await tx.execute(newest)).scalar_one_or_none()
            if first is None or not limit:
                return []
            taken = arrivals.c.id == first
            held_until = {"state": InboxState.WORKING.value, "lease_until": now + LEASE}
            counted = held_until | {"attempts": arrivals.c.attempts + 1}
            row = (
                await tx.execute(update(arrivals).where(taken).values(counted).returning(arrivals))
            ).one()
        return [Claimed(row.id, row.source, row.key, row.payload, row.attempts, row.received_at)]


class NeverWipes(Arriving):
    """Leaves what a person wrote where it was."""

    __slots__ = ()

    async def _settle(
        self, tx: AsyncConnection, outcomes: Sequence[Outcome], now: datetime
    ) -> None:
        await super()._settle(tx, [one for one in outcomes if not isinstance(one, Worked)], now)
        worked = [one.claimed.id for one in outcomes if isinstance(one, Worked)]
        ended = {"state": InboxState.DONE.value, "lease_until": None, "finished_at": now}
        await tx.execute(update(arrivals).where(arrivals.c.id.in_(worked)).values(ended))


class LosesTheDead(Arriving):
    """Throws away what could not be worked off."""

    __slots__ = ()

    async def _settle(
        self, tx: AsyncConnection, outcomes: Sequence[Outcome], now: datetime
    ) -> None:
        await super()._settle(tx, outcomes, now)
        dead = arrivals.c.state == InboxState.DEAD.value
        await tx.execute(update(arrivals).where(dead).values(payload=None))


class ForgetsOrphans(Settling):
    """Takes what a dead worker had on the wire for unsent."""

    async def release_orphans(self) -> int:
        free = {"state": NoticeState.QUEUED.value, "lease_until": None, "on_wire": False}
        async with self.ground.write() as tx:
            held = notice.c.state == NoticeState.SENDING.value
            return int((await tx.execute(update(notice).where(held).values(free))).rowcount)


class ForgetsTheDoubt(Settling):
    """Takes no answer for a refusal."""

    async def in_doubt(self, notice: ClaimedNotice) -> None:
        await self.not_sent(notice)


class MarksBeforeItSends(Settling):
    """Writes `sent` down and then sends."""

    async def on_wire(self, notice: ClaimedNotice) -> None:
        await super().on_wire(notice)
        async with self.ground.write() as tx:
            state, reason = NoticeState.SENT, SettleReason.DELIVERED
            await notices.settle(tx, [notice.id], state, reason, self.ground.now())


class SendsWhatWasWithdrawn(Settling):
    async def on_wire(self, notice: ClaimedNotice) -> None:
        try:
            await super().on_wire(notice)
        except Withdrawn:
            return


class DropsWhatMayBeThere(Settling):
    """Says of what may have arrived that it was never sent."""

    async def dropped(self, notice: ClaimedNotice, drop: Drop) -> None:
        async with self.ground.write() as tx:
            now = self.ground.now()
            await notices.settle(tx, [notice.id], NoticeState.DROPPED, drop.reason, now)


class TellsAllAtOnce(Settling):
    """Forgets which contacts are being told something."""

    async def claim(self, *given: Any, **more: Any) -> list[ClaimedNotice]:
        claimed = await super().claim(*given, **more)
        held = notice.c.id.in_([one.id for one in claimed])
        async with self.ground.write() as tx:
            await tx.execute(update(notice).where(held).values(lease_until=None))
        return claimed
