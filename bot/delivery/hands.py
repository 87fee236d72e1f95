"""What a worker holds: how much it may take, and what of it has left."""

import asyncio
from collections import deque
from contextlib import suppress
from dataclasses import dataclass

from bot.domain.delivery import in_doubt_at_most
from bot.domain.notices import LAST_LANE, Claimed, Lane


@dataclass(frozen=True, slots=True)
class Window:
    """`ahead`: how many may wait for their turn; `most`: how many are held in all.

    What waits has been checked against the stock of a moment ago, so `ahead` is about a third of a
    second of sending. What is on the wire is what a crash leaves in doubt: as many as the platform
    takes to answer, and no more. `staff` more may wait if they are for staff.
    """

    ahead: int
    most: int
    staff: int = 4


USUAL = Window(ahead=8, most=48)  # up to 30 a second, answered within a second
BROADCAST = Window(ahead=256, most=1024)  # paid broadcast: up to 1,000 a second


HANGS = 1.0  # seconds: an answer that takes longer holds nobody up
SMOOTHING = 0.1  # weight of the newest round trip in their average
AT_FIRST = 8  # claimed when nothing is in work


@dataclass(frozen=True, slots=True)
class Ask:
    """How many notices to claim, of the lanes up to `last`."""

    limit: int
    last: Lane


@dataclass(frozen=True, slots=True, eq=False)
class _Next:
    """`room` is done as soon as there is room on the wire for it."""

    notice: Claimed
    room: "asyncio.Future[None]"


class Hands:
    """The notices in work, each with its task."""

    def __init__(self) -> None:
        self._held: dict[asyncio.Task[None], Claimed] = {}
        self._left: set[int] = set()
        self._wired: dict[int, float] = {}  # when those left whose fate is not written down yet
        self._line: deque[_Next] = deque()  # those whose turn has come, until there is room
        self._round_trip = 0.0

    def hold(self, notice: Claimed, task: "asyncio.Task[None]") -> None:
        self._held[task] = notice

    async def leaves(self, notice: Claimed) -> None:
        """Its turn has come: from here on nobody may take it back.

        A restock first waits until there is room on the wire, but not for an answer that hangs.
        """
        if notice.lane is Lane.RESTOCK:
            await self._room_on_wire(notice)
        self._left.add(notice.id)
        self._wired[notice.id] = asyncio.get_running_loop().time()

    def answered(self, notice: Claimed, *, well: bool) -> None:
        """What became of it is written down; `well`: after a true round trip."""
        began = self._wired.pop(notice.id, None)
        if began is not None and well:
            took = asyncio.get_running_loop().time() - began
            # An average that forgets: the round trip of an hour ago says nothing about now.
            self._round_trip += (took - self._round_trip) * SMOOTHING
        while self._line and self._has_room(self._line[0].notice):
            self._go_on(self._line.popleft())

    async def _room_on_wire(self, notice: Claimed) -> None:
        """In the order in which their turns came: who is first in the line of customers leaves
        first."""
        if not self._line and self._has_room(notice):
            return
        waiting = _Next(notice, asyncio.get_running_loop().create_future())
        self._line.append(waiting)
        try:
            with suppress(TimeoutError):
                # Nobody behind an answer that hangs is held up longer: then one more is in doubt
                # after a crash, which costs less than a line that stands.
                await asyncio.wait_for(waiting.room, HANGS)
        finally:
            if waiting in self._line:
                self._line.remove(waiting)

    def _has_room(self, notice: Claimed) -> bool:
        long_line = bool(notice.payload.get("long_line"))
        at_most = in_doubt_at_most(long_line=long_line, round_trip=self._round_trip)
        return at_most is None or len(self._wired) < at_most

    def _go_on(self, waiting: "_Next") -> None:
        """It counts as on the wire from now on, before its task runs again."""
        if not waiting.room.done():
            self._wired[waiting.notice.id] = asyncio.get_running_loop().time()
            waiting.room.set_result(None)

    def room(self, window: Window) -> Ask | None:
        """What may be claimed now; half a window at a time, so that a claim is worth its commit.

        Few at first, so that the first one leaves at once, and twice as many each time.
        """
        held = len(self._held)
        waiting = held - len(self._left)
        if waiting <= window.ahead // 2 and held < window.most:
            free = min(window.ahead - waiting, window.most - held)
            return Ask(min(free, max(AT_FIRST, held)), LAST_LANE)
        staff = window.ahead + window.staff - waiting
        return Ask(staff, Lane.ALERT) if staff > 0 else None

    def raise_failures(self) -> None:
        """Forget what is done. A task that failed met a broken database: that is raised."""
        for task in [task for task in self._held if task.done()]:
            self._left.discard(self._held.pop(task).id)
            task.result()

    async def let_go(self) -> list[Claimed]:
        """Stop: what has not left is given back, the answers to what has are waited for."""
        back = {t: n for t, n in self._held.items() if n.id not in self._left and not t.done()}
        for task in back:
            task.cancel()
        if self._held:
            await asyncio.wait(self._held)
        given_back = [notice for task, notice in back.items() if task.cancelled()]
        for task in back:
            if task.cancelled():
                self._held.pop(task)
        self.raise_failures()
        return given_back
