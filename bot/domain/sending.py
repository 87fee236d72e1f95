"""What the failure of a send tells the caller to do; every channel speaks this tree."""

import math

from bot.domain.contacts import ContactState

LONGEST_LATER = 86_400.0  # seconds; then the platform is asked again, whatever it said


def meant(seconds: float) -> float:
    """What a platform may mean by a number of seconds: no 1e12, nothing below 0, no NaN."""
    return LONGEST_LATER if math.isnan(seconds) else min(max(seconds, 0.0), LONGEST_LATER)


class SendError(Exception):
    """A message did not surely arrive; the subclass says what to do about it."""


class RetryAfter(SendError):
    """The platform says later; `account`: it spoke of the whole account, not of one chat.

    A number of seconds that cannot be meant is cut to what can.
    """

    def __init__(self, seconds: float, *, account: bool = False) -> None:
        seconds = meant(seconds)
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


class CannotLook(SendError):
    """The platform offers no way to see whether a message is there."""


class Withdrawn(Exception):
    """The notice was dropped between its claim and its turn: the request must not leave."""
