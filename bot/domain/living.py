"""When the message that told a customer of a restock changes itself, and what it says then. Pure.

An edit does not ping. It is worth one only where it matters to somebody who looks at the message:
few are left, more came after all, it is gone.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.subscriptions import SubscriptionState
from bot.domain.telling import NoticeData, RestockChanged, RestockOver, RestockTold

MOST_EDITS = 3  # of one message, ever; the last one is kept for the news that it is gone
# Who hears that few are left, or more came: the last told, who may still be deciding. 300 edits are
# ten seconds of Telegram's 30 a second, however many were told.
LAST_TOLD = 300
INTERVAL = timedelta(seconds=60)  # between two changes of a message; what happens within is merged
NARROWEST_BAND = 2  # units


class Says(StrEnum):
    """What a restock message says."""

    UNKNOWN = ""  # an older version wrote it, or it is no restock message
    BACK = "back"
    FEW = "few"  # back, and only a few left
    OVER = "over"  # gone again, or never really there


class LivingReason(StrEnum):
    """What is to be done about a restock message, and why."""

    FEW_LEFT = "few_left"  # edit: it said that it is back, now few are left
    MORE_CAME = "more_came"  # edit: it said that few are left, now there are many
    IS_OVER = "is_over"  # edit: the restock is closed
    STILL_TRUE = "still_true"  # leave it: nothing that matters has changed
    SPENT = "spent"  # leave it: it has been edited often enough, the end is still to be told
    ANSWERED = "answered"  # leave it: the customer pressed a button, and that is what it shows
    PAUSED = "paused"  # leave it until it is over: they asked for silence
    FIXED = "fixed"  # leave it: on its way what was sent stays as it is


EDITS = (LivingReason.FEW_LEFT, LivingReason.MORE_CAME, LivingReason.IS_OVER)


@dataclass(frozen=True, slots=True)
class Shown:
    """A restock message as it stands: what it says, how often it was edited, whose it is."""

    says: Says
    edits: int
    subscription: SubscriptionState


@dataclass(frozen=True, slots=True)
class Present:
    """How it really is. `few`: the shop's level for "few left"; 0 says it never."""

    available: int
    few: int
    over: bool

    @property
    def few_left(self) -> bool:
        return self.available <= self.few

    @property
    def plenty(self) -> bool:
        """Clearly above the level: a sale and a return around it change no message."""
        return self.available > self.few + max(NARROWEST_BAND, self.few)


def decide(shown: Shown, present: Present, *, can_edit: bool = True) -> LivingReason:
    """Whether the message is to be edited now; `can_edit`: its way can."""
    if not can_edit:
        return LivingReason.FIXED
    if shown.subscription is SubscriptionState.ENDED:
        return LivingReason.ANSWERED
    if present.over:
        return LivingReason.STILL_TRUE if shown.says is Says.OVER else LivingReason.IS_OVER
    if shown.subscription is SubscriptionState.PAUSED:
        return LivingReason.PAUSED
    if shown.says is Says.BACK and present.few_left:
        wanted = LivingReason.FEW_LEFT
    elif shown.says is Says.FEW and present.plenty:
        wanted = LivingReason.MORE_CAME
    else:
        return LivingReason.STILL_TRUE
    return wanted if shown.edits < MOST_EDITS - 1 else LivingReason.SPENT


def due_at(changed_at: datetime, now: datetime) -> datetime:
    """When a message that changed (or was sent) at `changed_at` may change again; what changed
    later than now did so by a clock that was ahead."""
    return max(now, min(changed_at, now) + INTERVAL)


def says(data: NoticeData) -> Says:
    """What a message says that shows this."""
    match data:
        case RestockTold():
            return Says.FEW if data.stock.few else Says.BACK
        case RestockChanged():
            return Says.BACK if data.more else Says.FEW
        case RestockOver():
            return Says.OVER
        case _:
            return Says.UNKNOWN
