"""People, platforms, a machine that fails and a process that dies: one run of one seed."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from contextvars import copy_context
from dataclasses import dataclass, field
from random import Random
from typing import Any

from bot.delivery import worker as delivery
from bot.domain.ways import SLACK, TELEGRAM
from bot.intake import dirty
from bot.intake import worker as intake
from bot.services.bundle import Services
from bot.services.engine.bell import Bell
from storage.database import Database
from storage.topics import Topic
from tests.simulation import driver, process
from tests.simulation.driver import Disk
from tests.simulation.loop import LIFE, Dead, Life, VirtualLoop
from tests.simulation.plan import LASTS, Input, Plan
from tests.simulation.trace import Trace
from tests.simulation.wire import Server

PATIENCE = 3600.0  # virtual seconds after the trouble within which everything must be told
WAITS = (
    "SELECT count(*) FROM inbox WHERE finished_at IS NULL",
    "SELECT count(*) FROM notice WHERE settled_at IS NULL",
    "SELECT count(*) FROM dirty",
)
AGAIN = 0.5  # seconds until a platform delivers again what was not taken
FIRST = asyncio.FIRST_COMPLETED
Builder = Callable[[Database], Services]


@dataclass
class World:
    """`build` may plant a mistake. After `run` the fields say what happened."""

    plan: Plan
    disk: Disk
    loop: VirtualLoop
    build: Builder = process.build
    trace: Trace = field(default_factory=Trace)
    answers: dict[str, object] = field(default_factory=dict)
    taken: dict[str, float] = field(default_factory=dict)  # inputs that were acknowledged, when

    def __post_init__(self) -> None:
        seed = self.plan.seed
        self.dice = Random(f"{seed}:wire")
        self._disk_dice = Random(f"{seed}:disk")
        self.servers = {
            TELEGRAM: Server(way=TELEGRAM, world=self, shows_history=False),
            SLACK: Server(way=SLACK, world=self, shows_history=True),
        }
        self.calm = False
        self.lives = 0
        self.moments = 0
        self._current: Life | None = None
        self._process: process.Process | None = None
        self._ready = asyncio.Event()
        self._died = asyncio.Event()

    @property
    def now(self) -> float:
        return self.loop.time()

    @property
    def life(self) -> int:
        return self.lives

    @property
    def rough(self) -> float:
        return 0.0 if self.calm else self.plan.trouble.wire

    def note(self, event: str) -> None:
        self.trace.add(self.now, event)

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        """Of the world: it happens whether the process lives or not."""

        context = copy_context()
        context.run(LIFE.set, None)
        self.loop.call_later(seconds, call, context=context)

    async def moment(self, what: str) -> None:
        """A moment at which the process may die."""
        life = LIFE.get()
        if life is None:
            return
        if life.dead:
            raise Dead
        self.moments += 1
        if self.calm or self.moments not in self.plan.deaths:
            return
        self.note(f"killed: {what}")
        self._kill(life)
        await self.loop.create_future()  # nobody comes back here

    def _kill(self, life: Life) -> None:
        self.loop.kill(life)
        self.disk.eject()
        self._died.set()

    def _bury(self, life: Life) -> None:
        self.trace.muted = True
        life.bury()
        self.trace.muted = False

    async def end(self) -> None:
        """The process is dead; what people and platforms still had to do is over."""
        if self._current is not None:
            self._kill(self._current)
            self._bury(self._current)

    # What the machine does to a transaction (driver.Machine).

    async def begins(self, *, writing: bool) -> None:
        if LIFE.get() is None:
            return
        if writing:
            await self.moment("a transaction begins")
        await self._delay()
        if self._unlucky():
            self.note("database is locked")
            raise driver.error("database is locked", sqlite3.SQLITE_BUSY)

    async def commits(self) -> None:
        if LIFE.get() is None:
            return
        await self.moment("before a commit")
        await self._delay()
        if self._unlucky():
            self.note("disk is full")
            raise driver.error("database or disk is full", sqlite3.SQLITE_FULL)

    async def committed(self) -> None:
        if LIFE.get() is None:
            return
        self.note("commit")
        await self.moment("after a commit")

    def _unlucky(self) -> bool:
        return not self.calm and self._disk_dice.random() < self.plan.trouble.storage

    async def _delay(self) -> None:
        if self.calm or self._disk_dice.random() > 0.2:
            return
        await asyncio.sleep(self._disk_dice.choice((0.001, 0.01, 0.1, 2.0 * self._unlucky())))

    # The process: started, killed, stopped, started again.

    async def run(self) -> None:
        """Until nothing is left to do; raises AssertionError when that never comes."""
        keeper = self.loop.within(None, self._keep_running())
        people = [self.loop.within(None, self._deliver(item)) for item in self.plan.inputs]
        people.append(self.loop.within(None, self._block()))
        people.append(self.loop.within(None, self._stop_now_and_then()))
        await asyncio.wait((keeper, self.loop.within(None, self._all(people))), return_when=FIRST)
        assert not keeper.done(), f"nobody starts it again: {keeper.exception()!r}"
        await self._drain(keeper)

    async def _all(self, people: "list[asyncio.Task[None]]") -> None:
        await asyncio.gather(*people, self._wait_for_calm())

    async def _wait_for_calm(self) -> None:
        await asyncio.sleep(LASTS)
        self.calm = True
        self.note("calm")

    async def _keep_running(self) -> None:
        """What systemd does."""
        while True:
            self.lives += 1
            self._died.clear()
            life = self._current = Life(self.lives)
            running = self.loop.within(life, self._live())
            died = self.loop.within(None, self._died.wait())
            await asyncio.wait((running, died), return_when=FIRST)
            self._ready.clear()
            if not died.done():
                died.cancel()
                self.note(f"ended: {running.exception()!r}")
                assert not (self.calm and running.exception()), "it does not start"
                self._kill(life)
            self._bury(life)
            await asyncio.sleep(self.dice.uniform(1.0, 4.0))

    async def _live(self) -> None:
        self.note(f"life {self.lives}")
        database = self.disk.database()
        bells = {topic: Bell() for topic in Topic}
        for topic, bell in bells.items():
            database.on_commit(topic, self._ringing(bell))
        self._process = process.Process(
            self.build(database), database, self.servers, self._answered, asyncio.Event(), bells
        )
        await self._process.run(self._ready)

    def _ringing(self, bell: Bell) -> Callable[[], None]:
        """The bell, heard a little later; commits in between are heard together."""
        pending: list[asyncio.TimerHandle] = []

        def ring() -> None:
            pending.clear()
            bell.ring()

        def commit() -> None:
            if not pending:
                pending.append(self.loop.call_later(self.plan.hears_after, ring))

        return commit if self.plan.hears_after else bell.ring

    def _answered(self, key: str, answer: object) -> None:
        self.note(f"{key}: {type(answer).__name__}")
        self.answers[key] = answer

    # People, through platforms that deliver again until they hear that it was taken.

    async def _deliver(self, item: Input) -> None:
        for at in sorted(item.at):
            await asyncio.sleep(max(0.0, at - self.now))
            while not await self._offered(item):  # noqa: ASYNC110  # the platform tries again
                await asyncio.sleep(AGAIN)

    async def _offered(self, item: Input) -> bool:
        """One delivery: False when the process died or refused meanwhile."""
        await self._ready.wait()
        life, running = self._current, self._process
        if life is None or running is None or life.dead:
            return False
        payload = {"key": item.key, "sender": item.sender, "says": item.says}
        work = running.services.arriving.accept(item.source, item.key, item.sender, payload)
        accepting = self.loop.within(life, work)
        died = self.loop.within(None, self._died.wait())
        await asyncio.wait((accepting, died), return_when=FIRST)
        died.cancel()
        if not accepting.done() or accepting.exception() is not None:
            return False
        self.note(f"{item.key} taken: {item.sender} {item.says} ({accepting.result()})")
        self.taken.setdefault(item.key, self.now)
        return True

    async def _block(self) -> None:
        for at, who in self.plan.trouble.blocks:
            await asyncio.sleep(max(0.0, at - self.now))
            self.note(f"{who} blocks the bot")
            self.servers[TELEGRAM].blocked.add(str(who))

    async def _stop_now_and_then(self) -> None:
        for at in self.plan.stops:
            await asyncio.sleep(max(0.0, at - self.now))
            await self._ready.wait()
            if self._process is not None:
                self.note("told to stop")
                self._process.stop.set()

    # The end.

    async def _drain(self, keeper: "asyncio.Task[None]") -> None:
        until = self.now + PATIENCE
        while self._left() or not self._ready.is_set():
            assert not keeper.done(), f"nobody starts it again: {keeper.exception()!r}"
            assert self.now < until, f"not done after {PATIENCE:g} s: {self._left()}"
            await asyncio.sleep(5.0)
        self.note("drained")

    def _left(self) -> list[int]:
        counts = [int(self.rows(sql)[0][0]) for sql in WAITS]
        return counts if any(counts) else []

    def rows(self, sql: str) -> list[sqlite3.Row]:
        """What the file says, read past the bot."""
        with closing(sqlite3.connect(self.disk.path)) as connection:
            connection.row_factory = sqlite3.Row
            return connection.execute(sql).fetchall()


@contextmanager
def looking(seconds: float) -> Iterator[None]:
    """How often workers look that nobody woke; set in their modules."""
    modules: tuple[Any, ...] = (delivery, intake, dirty)
    before = [module.LOOK_AGAIN for module in modules]
    for module in modules:
        module.LOOK_AGAIN = seconds
    try:
        yield
    finally:
        for module, value in zip(modules, before, strict=True):
            module.LOOK_AGAIN = value
