"""How many may be connected at a time, for how long, and how much of theirs is held meanwhile."""

import asyncio
import resource
from collections.abc import Iterator
from typing import Protocol

CONNECTIONS = 400
HEADER_WITHIN = BODY_WITHIN = 10.0  # seconds for all of it, however it trickles in
ANSWERED_WITHIN = 60.0  # the longest honest answer waits 30 s for a lock of the database
HELD = 8_000_000  # bytes in all of requests that have not been answered; copies triple them
LOOK_EACH = 1.0  # seconds


def most_connections() -> int:
    """Half of the files that this process may open: the platforms need some, and a database."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return CONNECTIONS if soft == resource.RLIM_INFINITY else min(CONNECTIONS, soft // 2)


class Guest(Protocol):
    """One connection. `since` is when its turn to send, or ours to answer, began (loop time)."""

    since: float
    held: int  # bytes of its present request

    @property
    def patience(self) -> float:
        """Seconds that this turn may last."""
        ...

    @property
    def ours(self) -> bool:
        """Whether its request is complete and waits for our answer."""
        ...

    def cut(self) -> None: ...


class Crowd:
    """Whoever is new comes in at once: at the limit the one leaves who has kept us waiting longest.

    So half-sent requests, however many, keep nobody out; the newest wait for nobody.
    """

    def __init__(self, most: int, held: int = HELD) -> None:
        self._guests: dict[Guest, None] = {}
        self._most = most
        self._may_hold = held
        self._held = 0

    def admit(self, guest: Guest) -> None:
        self._guests[guest] = None
        if len(self._guests) > self._most:
            self._cut(min(self._waited_for(), key=lambda one: one.since, default=guest))

    def leave(self, guest: Guest) -> None:
        if guest in self._guests:
            del self._guests[guest]
            self.freed(guest)

    def took(self, guest: Guest, size: int) -> None:
        """So many bytes more of its request have come."""
        if guest not in self._guests:
            return
        guest.held += size
        self._held += size
        if self._held > self._may_hold:
            self._cut(max(self._waited_for(), key=lambda one: one.held, default=guest))

    def freed(self, guest: Guest) -> None:
        """Its request is answered or gone."""
        self._held -= guest.held
        guest.held = 0

    async def watch(self) -> None:
        """Cut off who takes too long; for ever."""
        while True:
            await asyncio.sleep(LOOK_EACH)
            self.look(asyncio.get_running_loop().time())

    def look(self, now: float) -> None:
        for guest in list(self._guests):
            if now - guest.since > guest.patience:
                self._cut(guest)

    def _waited_for(self) -> Iterator[Guest]:
        return (guest for guest in self._guests if not guest.ours)

    def _cut(self, guest: Guest) -> None:
        self.leave(guest)
        guest.cut()
