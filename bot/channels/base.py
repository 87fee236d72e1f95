"""The one interface of every way out; what its errors tell the caller to do is in the domain."""

from datetime import datetime
from typing import Protocol

from bot.domain.notices import Lane, Rendered
from bot.domain.sending import (
    CannotLook,
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
    "CannotLook",
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

    async def find(self, address: str, notice_id: int, since: datetime) -> str | None:
        """The reference of the message that was posted for this notice after `since`, or None.

        Raises CannotLook when the platform cannot tell, else SendError.
        """
        ...
