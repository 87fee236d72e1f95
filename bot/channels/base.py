"""The one interface of every way out; what its errors tell the caller to do is in the domain."""

from typing import Protocol

from bot.domain.notices import Lane, Rendered
from bot.domain.sending import (
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

__all__ = [
    "Channel",
    "Gone",
    "InDoubt",
    "MessageLost",
    "Moved",
    "NotSent",
    "Rejected",
    "RetryAfter",
    "SendError",
    "Unchanged",
]


class Channel(Protocol):
    """A way out. Both methods wait for their turn inside the platform's limits."""

    async def send(self, address: str, rendered: Rendered, lane: Lane) -> str:
        """Post a new message; returns the platform's reference to it. Raises SendError."""
        ...

    async def edit(self, address: str, ref: str, rendered: Rendered, lane: Lane) -> None:
        """Make the message show `rendered`. Raises SendError."""
        ...
