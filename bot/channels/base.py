"""The one interface of every way out, and what its errors tell the caller to do."""

from typing import Protocol

from bot.domain.contacts import ContactState
from bot.domain.notices import Lane, Rendered


class SendError(Exception):
    """A message did not surely arrive; the subclass says what to do about it."""


class RetryAfter(SendError):
    """The platform says later; `account`: it spoke of the whole account, not of one chat."""

    def __init__(self, seconds: float, *, account: bool = False) -> None:
        super().__init__(f"the platform asks to wait {seconds:g} s")
        self.seconds = seconds
        self.account = account


class NotSent(SendError):
    """Certainly not sent (no connection, no slot): try again."""


class InDoubt(SendError):
    """The request left and no answer came back: it may have arrived."""


class Gone(SendError):
    """Nobody is there: the person blocked the bot, or the account or chat does not exist."""

    def __init__(self, state: ContactState, detail: str = "") -> None:
        super().__init__(detail or state.value)
        self.state = state


class Moved(SendError):
    """The chat has a new address (a group that became a supergroup): send there from now on."""

    def __init__(self, new_address: str) -> None:
        super().__init__(f"the chat moved to {new_address}")
        self.new_address = new_address


class Rejected(SendError):
    """The platform refuses this content or our rights; sending it again would not help."""


class Unchanged(SendError):
    """The message shows this already."""


class MessageLost(SendError):
    """The message to edit is no longer there (deleted, or too old to edit)."""


class Channel(Protocol):
    """A way out. Both methods wait for their turn inside the platform's limits."""

    async def send(self, address: str, rendered: Rendered, lane: Lane) -> str:
        """Post a new message; returns the platform's reference to it. Raises SendError."""
        ...

    async def edit(self, address: str, ref: str, rendered: Rendered, lane: Lane) -> None:
        """Make the message show `rendered`. Raises SendError."""
        ...
