"""The one interface of every way out; what its errors tell the caller to do is in the domain."""

from collections.abc import Awaitable, Callable
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
    "FormRefused",
    "Gone",
    "InDoubt",
    "MessageLost",
    "Moved",
    "NotSent",
    "Rejected",
    "RetryAfter",
    "SendError",
    "Unchanged",
    "unheard",
]

# Hears the platform's reason when it refuses the form of a message, before plain text is sent.
FormRefused = Callable[[str], Awaitable[None]]


async def unheard(reason: str) -> None:
    """Nobody is told: for tests and tools that send by themselves."""
    del reason


class Channel(Protocol):
    """A way out. Both methods wait for their turn inside the platform's limits."""

    async def send(self, address: str, rendered: Rendered, lane: Lane) -> str:
        """Post a new message; returns the platform's reference to it. Raises SendError.

        What is too long becomes several, and the reference is to the last of them.
        """
        ...

    async def edit(self, address: str, ref: str, rendered: Rendered, lane: Lane) -> None:
        """Make the message show `rendered`, as much of it as fits. Raises SendError."""
        ...

    async def find(self, address: str, notice_id: int, since: datetime) -> str | None:
        """The reference of the message that was posted for this notice after `since`, or None.

        Raises CannotLook when the platform cannot tell, else SendError.
        """
        ...
