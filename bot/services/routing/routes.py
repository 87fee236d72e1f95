"""Routes, read in the transaction in which a notice is queued: none is kept in memory."""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.domain.alerts import Severity
from bot.domain.contacts import Address
from bot.domain.notices import Lane, NewNotice, NoticeKind
from bot.domain.routes import WHOLE_SHOP, Concern, Destination, Scope
from bot.services.ground import Ground
from storage import contacts, routes
from storage.tx import Tx


@dataclass(frozen=True, slots=True)
class Routes:
    """To which contacts notices to staff go."""

    ground: Ground

    async def follow_settings(self, addresses: Iterable[Address]) -> None:
        """Everything goes to the channels of the settings; those that vanished from them get
        nothing more. At each start of the process that leads."""
        now = self.ground.now()
        async with self.ground.write() as tx:
            found = [
                await contacts.channel(tx, self.ground.vault, address, now) for address in addresses
            ]
            # A setting may name one chat twice.
            named = dict.fromkeys(contact.id for contact in found)
            await routes.follow_settings(tx, list(named), now)

    async def contacts(
        self, tx: Tx, kind: str, severity: Severity | None = None, scope: Scope = WHOLE_SHOP
    ) -> tuple[Destination, ...]:
        """Where a notice of this kind goes, each contact once; one query."""
        return await self.contacts_of(tx, [Concern(kind, severity, scope)])

    async def contacts_of(self, tx: Tx, concerns: Iterable[Concern]) -> tuple[Destination, ...]:
        """Where a notice of several things goes: to whom one of them would; one query."""
        asked = set(concerns)
        known = await routes.of_kinds(tx, {concern.kind for concern in asked})
        taking = [route.to for route in known if any(map(route.takes, asked))]
        return tuple(dict.fromkeys(taking))

    async def all(self, tx: Tx) -> tuple[Destination, ...]:
        """Everybody to whom anything goes."""
        return tuple(dict.fromkeys(route.to for route in await routes.in_use(tx)))

    async def to_edit(
        self, tx: Tx, subject: str, concerns: Iterable[Concern]
    ) -> tuple[Destination, ...]:
        """Where the change of a message goes: also to those who have it though by now it would be
        routed past them. A summary is of many places, and one of them changes."""
        having = await routes.holders(tx, subject)
        return tuple(dict.fromkeys([*await self.contacts_of(tx, concerns), *having]))

    async def fault(
        self,
        tx: Tx,
        subject: str,
        occurrence: str,
        payload: Mapping[str, Any],
        but: Container[int | None] = (),
    ) -> list[NewNotice]:
        """Something is wrong with the bot: a notice for each contact that hears of faults, `but`
        those.

        `occurrence` is what happens once, `subject` the message that tells of it.
        """
        return [
            NewNotice(
                kind=NoticeKind.FAULT,
                key=f"{occurrence}:{there.contact_id}",
                contact_id=there.contact_id,
                lane=Lane.ALERT,
                subject=subject,
                payload=dict(payload),
            )
            for there in await self.contacts(tx, NoticeKind.FAULT)
            if there.contact_id not in but
        ]
