"""Keeps what arrives before it is acknowledged, and hands it out in order per sender."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.domain import subjects
from bot.domain.delivery import wait_before
from bot.domain.inbox import Arrival, DeadLetter, InboxReport
from bot.services.ground import Ground
from bot.services.routing.routes import Routes
from storage import inbox, notices
from storage.inbox import Claimed
from storage.tx import Tx

LEASE = timedelta(minutes=2)  # a worker renews it long before it ends
ATTEMPTS = 6  # about a minute of trying; then it is a dead letter
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Worked:
    """It is worked off: the payload is wiped, the key stays."""

    claimed: Claimed


@dataclass(frozen=True, slots=True)
class Failed:
    """Its handler raised: again after a growing wait, and in the end a dead letter."""

    claimed: Claimed
    error: Exception

    @property
    def last(self) -> bool:
        """Whether that was the last try."""
        return self.claimed.attempts >= ATTEMPTS


@dataclass(frozen=True, slots=True)
class Later:
    """The platform is down or asks to wait: tried again, however long that takes."""

    claimed: Claimed
    error: Exception
    seconds: float


Outcome = Worked | Failed | Later


@dataclass(frozen=True, slots=True)
class Arriving:
    """`routes` say who is told of a dead letter."""

    ground: Ground
    routes: Routes

    async def accept(self, source: str, key: str, sender: str, payload: Json) -> Arrival:
        """Store one arrival. When this returns it survives a power cut; only then acknowledge."""
        return (await self.accept_many([(source, key, sender, payload)]))[0]

    async def accept_many(self, items: Iterable[tuple[str, str, str, Json]]) -> list[Arrival]:
        """Store them all in one commit; a key that is known is not stored again."""
        now = self.ground.now()
        async with self.ground.write() as tx:
            arrivals = []
            for source, key, sender, payload in items:
                text = json.dumps(payload, ensure_ascii=False)
                arrivals.append(
                    await inbox.put(
                        tx,
                        self.ground.vault,
                        source=source,
                        key=key,
                        sender=sender,
                        payload=text,
                        now=now,
                    )
                )
        return arrivals

    async def turn(
        self, outcomes: Sequence[Outcome], limit: int, held: Sequence[Claimed] = ()
    ) -> list[Claimed]:
        """In one transaction: write down what became of what was claimed, keep the lease of what
        is `held`, and take up to `limit` more, each of another sender.

        An idle bot reads and writes nothing.
        """
        if not outcomes and not held and not await self._any_due(limit):
            return []
        async with self.ground.write() as tx:
            now = self.ground.now()
            # In this order: what is settled frees its sender, whose next arrival may be taken at
            # once.
            await self._settle(tx, outcomes, now)
            await inbox.renew(tx, held, now, LEASE)
            return await inbox.claim(tx, now, LEASE, limit) if limit > 0 else []

    async def _any_due(self, limit: int) -> bool:
        if limit < 1:
            return False
        async with self.ground.read() as tx:
            return await inbox.any_due(tx, self.ground.now())

    def payload(self, claimed: Claimed) -> Json:
        """What arrived. Raises VaultError when no key opens it."""
        payload: Json = json.loads(self.ground.vault.open(claimed.payload))
        return payload

    async def _settle(self, tx: Tx, outcomes: Sequence[Outcome], now: datetime) -> None:
        worked = [one.claimed.id for one in outcomes if isinstance(one, Worked)]
        await inbox.done(tx, worked, now)
        for one in outcomes:
            match one:
                case Failed(claimed, error) if one.last:
                    # Nobody is told when another worker has it by now: that one may yet succeed.
                    if await inbox.dead(tx, self.ground.vault, claimed, repr(error), now):
                        await self._tell(tx, claimed, error, now)
                case Failed(claimed, error):
                    due = now + wait_before(claimed.attempts)
                    await inbox.retry(tx, self.ground.vault, claimed, repr(error), due)
                case Later(claimed, error, seconds):
                    due = now + timedelta(seconds=seconds)
                    await inbox.retry(
                        tx, self.ground.vault, claimed, repr(error), due, counts=False
                    )

    async def _tell(self, tx: Tx, claimed: Claimed, error: Exception, now: datetime) -> None:
        """One message a day in each staff channel; a later dead letter of that day edits it.

        Only the kind of the error: its words may quote what a person wrote.
        """
        subject = subjects.of_fault("dead_letter", now.date())
        detail = f"#{claimed.id} · {claimed.source} · {type(error).__name__}"
        occurrence = subjects.of_fault("dead_letter", claimed.id, now.isoformat())
        payload = {"what": "fault.dead_letter", "detail": detail}
        told = await self.routes.fault(tx, subject, occurrence, payload)
        # Of a hundred dead letters a day staff see one message, which tells of the last.
        await notices.supersede(tx, subject, now)
        await notices.queue(tx, told, now)

    async def release_orphans(self) -> int:
        """At the start: what a killed worker held is due again; returns how many."""
        async with self.ground.write() as tx:
            return await inbox.release_orphans(tx, self.ground.now())

    async def report(self, limit: int) -> InboxReport:
        """How much is in which state, and up to `limit` dead letters. Raises VaultError."""
        async with self.ground.read() as tx:
            counts = await inbox.count_by_state(tx)
            letters = await inbox.dead_letters(tx, self.ground.vault, limit)
        return InboxReport(counts, tuple(letters))

    async def dead_letter(self, number: int) -> tuple[DeadLetter, Json] | None:
        """The dead letter with what had arrived; None if there is none. Raises VaultError."""
        async with self.ground.read() as tx:
            found = await inbox.dead_letter(tx, self.ground.vault, number)
        return None if found is None else (found[0], json.loads(found[1]))

    async def replay(self, number: int) -> bool:
        """Work on it again, with all its tries; False if there is no such dead letter."""
        async with self.ground.write() as tx:
            return await inbox.replay(tx, number, self.ground.now())

    async def replay_all(self) -> int:
        """Work on all dead letters again; returns how many."""
        async with self.ground.write() as tx:
            return await inbox.replay_all(tx, self.ground.now())
