"""Keeps what arrives before it is acknowledged, and hands it out in order per sender."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from bot.domain.delivery import wait_before
from bot.domain.inbox import Arrival
from bot.services.ledger import Clock
from storage import inbox
from storage.database import Database
from storage.inbox import Claimed
from storage.vault import Vault

LEASE = timedelta(minutes=2)
ATTEMPTS = 6  # about a minute of trying; then it is a dead letter
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Arriving:
    database: Database
    vault: Vault
    clock: Clock

    async def accept(self, source: str, key: str, sender: str, payload: Json) -> Arrival:
        """Store one arrival. When this returns it survives a power cut; only then acknowledge."""
        return (await self.accept_many([(source, key, sender, payload)]))[0]

    async def accept_many(self, items: Iterable[tuple[str, str, str, Json]]) -> list[Arrival]:
        """Store them all in one commit; a key that is known is not stored again."""
        now = self.clock()
        async with self.database.write() as tx:
            arrivals = []
            for source, key, sender, payload in items:
                text = json.dumps(payload, ensure_ascii=False)
                arrivals.append(
                    await inbox.put(
                        tx, self.vault, source=source, key=key, sender=sender, payload=text, now=now
                    )
                )
        return arrivals

    async def claim(self) -> Claimed | None:
        """The next arrival to work off; reads first, so that an idle bot writes nothing."""
        async with self.database.read() as tx:
            due = await inbox.next_due(tx)
        if due is None or due > self.clock():
            return None
        async with self.database.write() as tx:
            return await inbox.claim(tx, self.clock(), LEASE)

    def payload(self, claimed: Claimed) -> Json:
        """What arrived. Raises VaultError when no key opens it."""
        payload: Json = json.loads(self.vault.open(claimed.payload))
        return payload

    async def done(self, claimed: Claimed) -> None:
        """Worked off: the payload is wiped, the key stays."""
        async with self.database.write() as tx:
            await inbox.done(tx, claimed.id, self.clock())

    async def failed(self, claimed: Claimed, error: str) -> bool:
        """Again after a growing wait; returns False when it became a dead letter instead."""
        now = self.clock()
        async with self.database.write() as tx:
            if claimed.attempts >= ATTEMPTS:
                await inbox.dead(tx, self.vault, claimed.id, error, now)
                return False
            due = now + wait_before(claimed.attempts)
            await inbox.retry(tx, self.vault, claimed.id, error, due)
            return True

    async def later(self, claimed: Claimed, error: str, seconds: float) -> None:
        """The platform is down or asks to wait: tried again, however long that takes."""
        due = self.clock() + timedelta(seconds=seconds)
        async with self.database.write() as tx:
            await inbox.retry(tx, self.vault, claimed.id, error, due, counts=False)

    async def release_orphans(self) -> int:
        """At the start: what a killed worker held is due again; returns how many."""
        async with self.database.write() as tx:
            return await inbox.release_orphans(tx, self.clock())
