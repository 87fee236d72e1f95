"""Who stands where: in the line of a chat that must wait, or in that of the account."""

import asyncio
import math
from heapq import heapify, heappop, heappush
from itertools import count

from bot.channels.rates import EARLY, Account, Bucket, Rate
from bot.domain.notices import Lane
from bot.domain.sending import RetryAfter

PATIENT = 1.0  # seconds that a turn waits for the end of a hold
PATIENT_REPLY = 15.0  # the same for an answer, which a person waits for


class Key(Bucket):
    """A chat, a channel or a method, and who waits for it."""

    __slots__ = ("name", "parked", "slow", "users", "wake_at")

    def __init__(self, name: str, rate: Rate) -> None:
        super().__init__(rate)
        self.name = name
        self.slow = rate.slow
        self.users = 0  # turns that are asked for or under way
        self.parked: list[Entry] = []
        self.wake_at = math.inf


class Waiting:
    """One turn that is asked for. `due`: when it counts, once it is granted."""

    __slots__ = ("due", "keys", "lane", "left", "turn")

    def __init__(self, lane: Lane, keys: tuple[Key, ...]) -> None:
        self.lane = lane
        self.keys = keys
        self.turn: asyncio.Future[None] | None = None
        self.due: float | None = None
        self.left = False

    @property
    def over(self) -> bool:
        """Granted, cancelled or sent away."""
        return self.turn is not None and self.turn.done()

    def free(self, now: float) -> bool:
        """Whether all its keys are."""
        lane, soon = self.lane, now + EARLY
        return all(key.ready_at(lane) <= soon for key in self.keys)

    def held(self, now: float) -> float:
        """Seconds until no key is held; below 0 when none is."""
        return max((key.held_until - now for key in self.keys), default=-math.inf)

    def too_long(self, account: Account, now: float) -> RetryAfter | None:
        """What to say when a hold lasts longer than this lane is patient."""
        patience = PATIENT_REPLY if self.lane is Lane.REPLY else PATIENT
        held, everybody = self.held(now), account.held_until - now
        if max(held, everybody) <= patience:
            return None
        return RetryAfter(max(held, everybody), account=everybody > held)


Entry = tuple[Lane, int, Waiting]


class Lines:
    """`ready`: those whose keys are free, as far as is known; every key has its own line.

    A step costs the logarithm of how many wait, because only the first of a line goes on when its
    key is free, and the next after that one has had its turn or stands elsewhere.
    """

    def __init__(self, account: Account) -> None:
        self.ready: list[Entry] = []
        self._account = account
        self._wakes: list[tuple[float, int, Key]] = []  # when the line of a key may go on
        self._numbers = count()

    def join(self, waiting: Waiting, now: float) -> None:
        """A new one, behind all of its lane."""
        self._enter((waiting.lane, next(self._numbers), waiting), now)

    def _enter(self, entry: Entry, now: float) -> None:
        """Stand in the line of a key that is not free, else in that of the account."""
        lane, _, waiting = entry
        if self._sent_away(waiting, now):
            return
        for key in waiting.keys:
            if (at := key.ready_at(lane)) > now + EARLY:
                heappush(key.parked, entry)
                self._wake_at(key, at)
                self.go_on(waiting)  # who stands behind it elsewhere is first there now
                return
        heappush(self.ready, entry)

    def _sent_away(self, waiting: Waiting, now: float) -> bool:
        later = waiting.too_long(self._account, now)
        if later is not None and waiting.turn is not None and not waiting.turn.done():
            waiting.turn.set_exception(later)
        return later is not None

    def step_back(self, now: float) -> None:
        """The first of all was granted, is gone, or must wait for a key after all."""
        entry = heappop(self.ready)
        if not entry[2].over:
            self._enter(entry, now)

    def wake(self, now: float) -> None:
        """Let the first of each line go on whose key is free."""
        while self._wakes and self._wakes[0][0] <= now + EARLY:
            at, _, key = heappop(self._wakes)
            if at != key.wake_at:  # it was set to another time since
                continue
            key.wake_at = math.inf
            while key.parked and key.parked[0][2].over:
                heappop(key.parked)
            if key.parked:
                self._enter(heappop(key.parked), now)

    @property
    def wakes_at(self) -> float:
        """When `wake` has something to do."""
        return self._wakes[0][0] if self._wakes else math.inf

    def go_on(self, waiting: Waiting) -> None:
        """This one is out of the way: the next in the lines of its keys may come."""
        for key in waiting.keys:
            if key.parked:
                self._wake_at(key, key.ready_at(key.parked[0][0]))

    def held(self, line: list[Entry], now: float) -> None:
        """A hold began: send those away for whom it is too long."""
        stay = [entry for entry in line if not self._sent_away(entry[2], now)]
        heapify(stay)
        line[:] = stay

    def _wake_at(self, key: Key, at: float) -> None:
        if at < key.wake_at:
            key.wake_at = at
            heappush(self._wakes, (at, next(self._numbers), key))
