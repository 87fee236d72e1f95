"""The one interface of every way out; what its errors tell the caller to do is in the domain."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Protocol, TypeVar

from bot.domain.forms import Rendered
from bot.domain.notices import Lane
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


Form = TypeVar("Form", bound=Rendered, contravariant=True)


class Channel(Protocol[Form]):
    """A way out. Every method waits for its turn inside the platform's limits.

    One of a way that cannot edit, or cannot be looked through, inherits these and has only `send`.
    """

    async def send(self, address: str, rendered: Form, lane: Lane) -> str:
        """Post a new message; returns the platform's reference to it. Raises SendError.

        What is too long becomes several, and the reference is to the last of them.
        """
        ...

    async def edit(self, address: str, ref: str, rendered: Form, lane: Lane) -> None:
        """Make the message show `rendered`, as much of it as fits. Raises SendError."""
        del address, ref, rendered, lane
        raise MessageLost(f"what was sent stays as it is: {type(self).__name__} cannot edit")

    async def find(self, address: str, notice_id: int, since: datetime) -> str | None:
        """The reference of the message that was posted for this notice after `since`, or None.

        Raises CannotLook when the platform cannot tell, else SendError.
        """
        del address, notice_id, since
        raise CannotLook(f"{type(self).__name__} cannot be looked through")
