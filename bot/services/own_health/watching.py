"""Watches the bot itself: is every platform reached, does what waits go out in time."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog

from bot.domain import subjects
from bot.domain.contacts import ContactState
from bot.domain.health import (
    HealthCard,
    LaneQueue,
    QueueReason,
    Queues,
    Reach,
    Trouble,
    Watch,
    WatchReason,
    WatchState,
    WayPulse,
    as_payload,
    lateness,
    watch,
)
from bot.domain.notices import Lane
from bot.domain.staff import Acting
from bot.domain.telling import Fault
from bot.domain.ways import WayName
from bot.services.engine.telemetry import Lately
from bot.services.ground import Ground
from bot.services.people.members import Members
from bot.services.routing.routes import Routes
from storage import notices, queues, settings
from storage.tx import Tx

log = structlog.get_logger(__name__)

JUST_NOW = timedelta(seconds=5)
DAY = timedelta(days=1)
PROBE_WITHIN = 10.0  # seconds; no answer by then is none
LANES = {Trouble.ALERTS_LATE: Lane.ALERT, Trouble.RESTOCKS_LATE: Lane.RESTOCK}
Probe = Callable[[], Awaitable[Reach]]


@dataclass(frozen=True, slots=True)
class Process:
    """What only the running process knows; app.py fills it in. `parts`: name -> state."""

    platforms: Callable[[], Sequence[WayPulse]] = tuple
    parts: Callable[[], Mapping[str, str]] = dict
    probes: Mapping[WayName, Probe] = field(default_factory=dict)
    leads_since: datetime | None = None


class Watching:
    def __init__(self, ground: Ground, members: Members, routes: Routes) -> None:
        self.ground = ground
        self.members = members
        self.routes = routes
        self.lately = Lately(ground.clock)
        self.process = Process()
        self._reached: dict[WayName, Reach] = {}

    def platforms(self) -> tuple[WayPulse, ...]:
        """As they stand now, with what the last look found."""
        return tuple(
            replace(
                pulse,
                reach=self._reached.get(pulse.way, Reach.UNKNOWN),
                limited=self.lately.limits.get(pulse.way),
            )
            for pulse in self.process.platforms()
        )

    async def queues(self) -> Queues:
        """What is not done; a reading of the open rows only."""
        async with self.ground.read() as tx:
            return await self._queues(tx)

    async def _queues(self, tx: Tx) -> Queues:
        return Queues(
            outbox=await queues.outbox(tx, self.ground.now()),
            inbox=await queues.arrivals(tx),
            dead=await queues.dead_letters(tx),
        )

    async def card(self, acting: Acting) -> HealthCard:
        """How the bot itself is. Raises NotAllowed."""
        # The clock asks by itself, but who asks right after the start is not to read `unknown`.
        unasked = self.process.probes.keys() - self._reached.keys()
        await self._ask({way: self.process.probes[way] for way in unasked})
        now = self.ground.now()
        async with self.members.read(acting) as (tx, _):
            found = _lasting(await self._queues(tx), now)  # not this command itself
            return HealthCard(
                at=now,
                platforms=self.platforms(),
                queues=found,
                undelivered=await queues.undelivered(tx, now - DAY),
                told=(
                    *self._told(await self._watches(tx), found.outbox),
                    *await self._unreached(tx),
                ),
                idle_parts=tuple(
                    (name, state)
                    for name, state in self.process.parts().items()
                    if state != "running"
                ),
                database=self.ground.database.url.get_backend_name(),
                leads_since=self.process.leads_since,
            )

    def _told(
        self, watches: Mapping[tuple[Trouble, WayName], Watch], waiting: Sequence[LaneQueue]
    ) -> tuple[Fault, ...]:
        """The troubles that staff know of and that last."""
        pulses = {pulse.way: pulse for pulse in self.platforms()}
        return tuple(
            Fault.of(as_payload(trouble, pulses[way], seen, _due(waiting, trouble, way)))
            for (trouble, way), seen in watches.items()
            if seen.state in (WatchState.FIRING, WatchState.RECOVERING)
        )

    async def _unreached(self, tx: Tx) -> list[Fault]:
        """Staff channels in which alerts do not arrive."""
        return [
            Fault("fault.channel", way=there.way)
            for there in await self.routes.all(tx)
            if there.state is not ContactState.ACTIVE
        ]

    async def look(self) -> list[tuple[str, str]]:
        """Ask every platform, judge everything, tell staff; (what, reason) of what is not quiet."""
        await self._ask(self.process.probes)
        pulses = {pulse.way: pulse for pulse in self.platforms()}
        async with self.ground.read() as tx:
            before = await self._watches(tx)
            waiting = await queues.outbox(tx, self.ground.now())
        judged = []
        for (trouble, way), old in before.items():
            bad = self._bad(trouble, pulses[way], before, waiting)
            if bad is None:
                continue
            new, reason = watch(old, bad, self.ground.now())
            if new != old:
                await self._note(trouble, pulses[way], new, reason, waiting)
            if reason is not WatchReason.QUIET:
                judged.append((f"{trouble}:{way}", reason.value))
        return judged

    async def _ask(self, probes: Mapping[WayName, Probe]) -> None:
        await asyncio.gather(*[self._probe(*item) for item in probes.items()])

    async def _probe(self, way: WayName, probe: Probe) -> None:
        try:
            async with asyncio.timeout(PROBE_WITHIN):
                self._reached[way] = await probe()
        except TimeoutError:
            self._reached[way] = Reach.SILENT

    def _bad(
        self,
        trouble: Trouble,
        pulse: WayPulse,
        watches: Mapping[tuple[Trouble, WayName], Watch],
        waiting: Sequence[LaneQueue],
    ) -> bool | None:
        """None: not to be judged now; while a platform is down its queue grows for that reason."""
        if trouble is Trouble.DOWN:
            return pulse.down
        # Not while it recovers either: what piled up meanwhile is late, and not for another reason.
        if pulse.down or watches[Trouble.DOWN, pulse.way].state is not WatchState.WELL:
            return None
        queue = _of(waiting, pulse.way, LANES[trouble])
        # A queue that is long but moves at the platform's rate is no trouble: it is a broadcast.
        sent = self.lately.sent_last_minute(pulse.way, queue.lane)
        return lateness(queue, pulse.rate, sent, self.ground.now()) is QueueReason.LATE

    async def _watches(self, tx: Tx) -> dict[tuple[Trouble, WayName], Watch]:
        """Every trouble of every platform there is."""
        known = [(trouble, pulse.way) for pulse in self.process.platforms() for trouble in Trouble]
        stored = await settings.get_all(tx, [_name(*item) for item in known])
        kept = {item: stored.get(_name(*item)) for item in known}
        return {
            item: Watch.of(json.loads(text)) if text else Watch() for item, text in kept.items()
        }

    async def _note(
        self,
        trouble: Trouble,
        pulse: WayPulse,
        new: Watch,
        reason: WatchReason,
        waiting: Sequence[LaneQueue],
    ) -> None:
        """Keep it, and tell staff of it in the same transaction if they are to know."""
        async with self.ground.write() as tx:
            name = _name(trouble, pulse.way)
            await settings.put(tx, name, json.dumps(new.as_json()))
            if reason in (WatchReason.FIRES, WatchReason.OVER):
                due = _due(waiting, trouble, pulse.way)
                await self._tell(tx, trouble, pulse, new, due)
        tell = log.warning if reason is WatchReason.FIRES else log.info
        tell("health", trouble=trouble.value, platform=pulse.way, reason=reason.value)

    async def _tell(
        self, tx: Tx, trouble: Trouble, pulse: WayPulse, new: Watch, waiting: int
    ) -> None:
        """One message per occurrence and destination: posted when it begins, edited when over.

        What does not go out on a platform cannot be told there: its own channels hear of it when
        it is over.
        """
        over = new.state is WatchState.WELL
        subject = subjects.of_fault(trouble.name.lower(), pulse.way, new.number)
        occurrence = f"{subject}:{'over' if over else 'begins'}"
        silent = not over and trouble is not Trouble.RESTOCKS_LATE
        unheard = await self._channels(tx, pulse.way) if silent else ()
        payload = as_payload(trouble, pulse, new, waiting)
        told = await self.routes.fault(tx, subject, occurrence, payload, unheard)
        await notices.supersede(tx, subject, self.ground.now())
        await notices.queue(tx, told, self.ground.now())

    async def _channels(self, tx: Tx, way: WayName) -> set[int]:
        """The staff channels on this platform."""
        found = await self.routes.all(tx)
        return {there.contact_id for there in found if there.way == way}


def _lasting(found: Queues, now: datetime) -> Queues:
    """Without what has only just arrived: this very command is one of them."""
    waits = [one for one in found.inbox if one.oldest and now - one.oldest >= JUST_NOW]
    return replace(found, inbox=tuple(waits))


def _name(trouble: Trouble, way: WayName) -> str:
    return f"watch:{trouble.name.lower()}:{way}"


def _due(waiting: Sequence[LaneQueue], trouble: Trouble, way: WayName) -> int:
    return _of(waiting, way, LANES.get(trouble, Lane.ALERT)).due


def _of(waiting: Sequence[LaneQueue], way: WayName, lane: Lane) -> LaneQueue:
    for queue in waiting:
        if queue.way == way and queue.lane is lane:
            return queue
    return LaneQueue(way, lane, 0, 0, None)
