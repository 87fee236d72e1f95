"""Whether the bot itself is well, and when staff must hear of it. Pure; no clock, no I/O."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.notices import Lane, NoticeState
from bot.domain.telling import Fault
from bot.domain.ways import WayName

PENDING_FOR = timedelta(minutes=1)  # so long something must be bad before anybody hears of it
RECOVERING_FOR = timedelta(minutes=1)  # and so long well again before it is called over
GAP = timedelta(minutes=2)  # unseen for so long: what was in between nobody knows
LATE = timedelta(minutes=5)  # beyond what the platform's limits explain
# The slowest chat of all, a Telegram group, takes 17 a minute: at worst all alerts go to one.
ALERTS_PER_SECOND = 17 / 60


class Trouble(StrEnum):
    """What may be wrong with a platform; the value is the id of its text."""

    DOWN = "fault.platform_down"  # it does not answer, or does not accept the token
    ALERTS_LATE = "fault.alerts_late"  # alerts wait longer than the limits explain
    RESTOCKS_LATE = "fault.restocks_late"  # restock messages do


class WatchState(StrEnum):
    WELL = "well"
    PENDING = "pending"  # bad, for too short a time to tell
    FIRING = "firing"  # staff have been told
    RECOVERING = "recovering"  # well again, for too short a time to tell


class WatchReason(StrEnum):
    QUIET = "quiet"  # it was well and is well
    STARTS = "starts"  # it is bad for the first time
    WAITS = "waits"  # still bad, or still well, but not for long enough
    PASSED = "passed"  # well again before anybody was told
    UNSEEN = "unseen"  # nobody looked meanwhile: the minute begins anew
    FIRES = "fires"  # staff are told
    STILL_BAD = "still_bad"
    RECOVERS = "recovers"  # well again, for the first time
    RELAPSES = "relapses"  # bad again: the same occurrence
    OVER = "over"  # the message is edited


@dataclass(frozen=True, slots=True)
class Watch:
    """One thing under watch. `began`: when it went bad; `changed`: when this state began.

    `number` counts the occurrences that staff were told of.
    """

    state: WatchState = WatchState.WELL
    began: datetime | None = None
    changed: datetime | None = None
    number: int = 0

    def as_json(self) -> dict[str, object]:
        return {
            "state": self.state.value,
            "began": self.began.isoformat() if self.began else None,
            "changed": self.changed.isoformat() if self.changed else None,
            "number": self.number,
        }

    @classmethod
    def of(cls, stored: Mapping[str, object]) -> "Watch":
        """Raises KeyError or ValueError for what `as_json` did not make."""
        return cls(
            WatchState(str(stored["state"])),
            _moment(stored["began"]),
            _moment(stored["changed"]),
            int(str(stored["number"])),
        )


def _moment(stored: object) -> datetime | None:
    return datetime.fromisoformat(str(stored)) if stored else None


def watch(before: Watch, bad: bool, now: datetime) -> tuple[Watch, WatchReason]:
    """One look at it: what is known now, and what that means.

    Bad for a minute fires, well for a minute ends it; in between nobody hears of a flicker.
    """
    if before.changed and before.changed > now:  # by a clock that was ahead
        before = replace(before, changed=now)
    stood = now - before.changed if before.changed else timedelta(0)
    match before.state:
        case WatchState.WELL:
            return _well(before, bad, now)
        case WatchState.PENDING:
            return _pending(before, bad, now, stood)
        case WatchState.FIRING:
            return _firing(before, bad, now)
    return _recovering(before, bad, now, stood)


def _well(before: Watch, bad: bool, now: datetime) -> tuple[Watch, WatchReason]:
    if not bad:
        return before, WatchReason.QUIET
    return replace(before, state=WatchState.PENDING, began=now, changed=now), WatchReason.STARTS


def _pending(
    before: Watch, bad: bool, now: datetime, stood: timedelta
) -> tuple[Watch, WatchReason]:
    if not bad:
        return Watch(number=before.number), WatchReason.PASSED
    if stood < PENDING_FOR:
        return before, WatchReason.WAITS
    if stood > PENDING_FOR + GAP:
        return replace(before, began=now, changed=now), WatchReason.UNSEEN
    number = before.number + 1
    fires = replace(before, state=WatchState.FIRING, changed=now, number=number)
    return fires, WatchReason.FIRES


def _firing(before: Watch, bad: bool, now: datetime) -> tuple[Watch, WatchReason]:
    if bad:
        return before, WatchReason.STILL_BAD
    return replace(before, state=WatchState.RECOVERING, changed=now), WatchReason.RECOVERS


def _recovering(
    before: Watch, bad: bool, now: datetime, stood: timedelta
) -> tuple[Watch, WatchReason]:
    if bad:
        return replace(before, state=WatchState.FIRING, changed=now), WatchReason.RELAPSES
    if stood < RECOVERING_FOR:
        return before, WatchReason.WAITS
    return replace(before, state=WatchState.WELL), WatchReason.OVER


@dataclass(frozen=True, slots=True)
class LaneQueue:
    """What waits in the outbox for one platform in one lane.

    `open`: not settled; `due`: of these, those whose time has come; `oldest`: since when the first
    of the due ones is; `doubtful`: may have arrived once.
    """

    way: WayName | None  # None: the contact was forgotten, anybody may settle it
    lane: Lane
    open: int
    due: int
    oldest: datetime | None
    doubtful: int = 0


class QueueReason(StrEnum):
    EMPTY = "empty"
    YOUNG = "young"  # nothing waits for long
    PACED = "paced"  # so many at this rate take so long
    MOVING = "moving"  # it is being sent at half the pace or more
    LATE = "late"


def lateness(queue: LaneQueue, rate: float, sent_last_minute: int, now: datetime) -> QueueReason:
    """Whether what waits has waited longer than the limits explain; `rate` in messages a second.

    What a 429 put off is not due, so a hold never makes a queue late.
    """
    if queue.oldest is None or not queue.due:
        return QueueReason.EMPTY
    age = now - queue.oldest
    if age <= LATE:
        return QueueReason.YOUNG
    pace = ALERTS_PER_SECOND if queue.lane is Lane.ALERT else rate
    if age <= LATE + timedelta(seconds=min(queue.due / pace, 1e6)):
        return QueueReason.PACED
    if sent_last_minute >= pace * 60 / 2:
        return QueueReason.MOVING
    return QueueReason.LATE


class Reach(StrEnum):
    """What came of asking a platform who we are."""

    UNKNOWN = "unknown"  # not asked yet
    ANSWERS = "answers"
    SILENT = "silent"  # no connection, no answer in time, or an error of its own
    REFUSES = "refuses"  # it answers, and does not accept the token


@dataclass(frozen=True, slots=True)
class WayPulse:
    """A platform as this process sees it now.

    `connected`: whether its way in stands, None where it needs no connection; `rate`: messages a
    second that go out at most at present; `waiting`: how many wait for their turn; `limited`: when
    it last answered 429, and for how many seconds.
    """

    way: WayName
    rate: float
    waiting: int = 0
    connected: bool | None = None
    reach: Reach = Reach.UNKNOWN
    limited: tuple[datetime, float] | None = None

    @property
    def down(self) -> bool:
        return self.reach in (Reach.SILENT, Reach.REFUSES) or self.connected is False


def as_payload(trouble: Trouble, pulse: WayPulse, seen: Watch, waiting: int) -> dict[str, object]:
    """What the notice of a trouble carries; `seen` is well again: it is over."""
    over = seen.state is WatchState.WELL
    refused = trouble is Trouble.DOWN and pulse.reach is Reach.REFUSES
    what = "fault.platform_refuses" if refused else trouble.value
    return {
        "what": f"{trouble.value}_over" if over else what,
        "platform": pulse.way,
        "since": seen.began.isoformat() if seen.began else "",
        "until": seen.changed.isoformat() if over and seen.changed else "",
        "waiting": waiting,
    }


@dataclass(frozen=True, slots=True)
class InboxQueue:
    """What arrived from one source and is not worked off; `oldest`: when the first of it came."""

    source: str
    open: int
    oldest: datetime | None


@dataclass(frozen=True, slots=True)
class Undelivered:
    """How many notices ended so; `reason` is a SettleReason's value."""

    way: WayName | None
    state: NoticeState
    reason: str
    count: int


@dataclass(frozen=True, slots=True)
class Queues:
    """What the database holds that is not done; `dead`: arrivals that were given up."""

    outbox: tuple[LaneQueue, ...] = ()
    inbox: tuple[InboxQueue, ...] = ()
    dead: int = 0


@dataclass(frozen=True, slots=True)
class HealthCard:
    """/stock health. `undelivered`: in the last day; `idle_parts`: (name, state) that do not run;

    `told`: the troubles that staff have been told of and that last.
    """

    at: datetime
    platforms: tuple[WayPulse, ...]
    queues: Queues
    undelivered: tuple[Undelivered, ...] = ()
    told: tuple[Fault, ...] = ()
    idle_parts: tuple[tuple[str, str], ...] = ()
    database: str = ""  # sqlite, postgresql
    leads_since: datetime | None = None

    @property
    def oldest(self) -> datetime | None:
        """Since when the oldest unfinished thing has been due."""
        found = [queue.oldest for queue in self.queues.outbox]
        found += [queue.oldest for queue in self.queues.inbox]
        return min((moment for moment in found if moment), default=None)

    @property
    def well(self) -> bool:
        """Nothing that anybody must do."""
        down = any(pulse.down for pulse in self.platforms)
        return not (down or self.told or self.idle_parts or self.undelivered or self.queues.dead)
