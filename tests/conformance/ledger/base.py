"""What all rules of the ledger machine share: the world, the model, death, and the look."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.app.rules import RULES, kinds_of
from bot.app.ways import KNOWN
from bot.domain.contacts import Address, Caller
from bot.domain.telling import NoticeData
from bot.domain.ways import SLACK
from bot.services.bundle import Options, Services, build_services
from bot.services.customers.subscribing import Limits
from storage import positions
from storage.database import Database
from storage.tables import metadata
from storage.vault import Vault, generate_key
from tests.conformance.ledger.checks import Snapshot, check, check_line, check_step
from tests.support.clock import Clock
from tests.support.shop import ADMIN, CLERK, MANAGER, Shop, customer

T = TypeVar("T")
SKUS = ("MUG", "TEA")
PLACES = ("MUG@main", "TEA@main", "TEA@back")
# Who waits from the start: a machine that begins with nothing spends its steps on getting there.
LINE = ((1, "MUG", 3), (2, "MUG", 1), (3, "MUG", 2), (1, "TEA", 2), (4, "TEA", 1))
ALERTS = Address(SLACK, "C0ALERTS")
OPTIONS = Options(
    admins=(ADMIN.address,), clerk_limit=8, limits=Limits(per_person=3), rules=kinds_of(RULES)
)

people = st.integers(1, 4).map(customer)
staff = st.sampled_from((CLERK, MANAGER))
skus = st.sampled_from(SKUS)
places = st.sampled_from(PLACES)
few = st.integers(1, 4)
# Whether the process dies in a step: before or after a commit, of its first or its second write.
ALIVE = ("", 0)
cuts = st.sampled_from((ALIVE,) * 4 + (("before", 0), ("after", 0), ("before", 1), ("after", 1)))
Cut = tuple[str, int]


class PowerCut(Exception):
    """The process died here."""


class MortalDatabase(Database):
    """A database under a process that dies in a writing transaction when `cut` says so."""

    cut: Cut = ALIVE

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        when, spare = self.cut
        if when and spare:
            self.cut, when = (when, spare - 1), ""
        async with super().write() as tx:
            yield tx
            if when == "before":
                raise PowerCut
        if when == "after":
            raise PowerCut


def build(database: Database, vault: Vault, clock: Clock) -> Services:
    return build_services(database, vault, clock, KNOWN, OPTIONS)


@dataclass(frozen=True, slots=True)
class World:
    """What the examples of one test share. `build` may plant a mistake."""

    runner: asyncio.Runner
    database: MortalDatabase
    vault: Vault
    build: Callable[[Database, Vault, Clock], Services]

    @classmethod
    def at(cls, runner: asyncio.Runner, url: str, builder: Any = build) -> "World":
        return cls(runner, MortalDatabase(url), Vault([generate_key()]), builder)

    async def wipe(self) -> None:
        async with self.database.write() as tx:
            for table in reversed(metadata.sorted_tables):
                await tx.execute(delete(table))


class MachineBase(RuleBasedStateMachine):
    """Keeps a model of its own: what was moved by which key, what arrived on which phone."""

    world: ClassVar[World]

    def run(self, work: Awaitable[T]) -> T:
        async def waiting() -> T:
            return await work

        self.sound = False  # nothing is drained after a step that failed
        result = self.world.runner.run(waiting())
        self.sound = True
        return result

    @property
    def services(self) -> Services:
        return self.shop.services

    @property
    def database(self) -> MortalDatabase:
        return self.world.database

    @initialize()
    def opens(self) -> None:
        self.database.cut = ALIVE
        self.clock = Clock()
        self.typed: list[tuple[str, Caller, str]] = []  # what staff typed, for redelivery
        self.asked_for: list[tuple[int, str, int, str]] = []  # /notify, for redelivery
        self.tokens: list[str] = []  # of previews that may be confirmed
        self.effects: dict[str, tuple[int, int]] = {}  # key -> (move id, quantity)
        self.stock: defaultdict[str, int] = defaultdict(int)
        self.where: dict[str, tuple[int, int]] = {}  # product and location of each place
        self.heard: defaultdict[tuple[int, int], list[bool]] = defaultdict(list)
        self.shown: dict[str, NoticeData] = {}  # subject -> what the alert channel shows
        self.run(self._open())

    async def _open(self) -> None:
        await self.world.wipe()
        self.shop = await Shop.open(self.database, self.world.vault, self.clock, OPTIONS)
        await self._start()
        ids = [await self.shop.product(sku) for sku in SKUS]
        self.products = dict(zip(SKUS, ids, strict=True))
        async with self.database.write() as tx:
            await positions.ensure_location(tx, "back")
            codes = {item.code: item.id for item in await positions.locations(tx)}
        for place in PLACES:
            sku, _, code = place.partition("@")
            self.where[place] = (self.products[sku], codes[code])
        for who, sku, quantity in LINE:
            await self.shop.notify(who, sku, quantity)
        await self.shop.stock("threshold MUG@main 2")
        await self.shop.stock("TEA@main +2 opening")
        self.stock["TEA@main"] = 2
        self.last = await Snapshot.of(self.database)

    async def _start(self) -> None:
        """The process starts: what it held in memory is gone, what a dead one held is taken up."""
        self.database.cut = ALIVE
        self.shop.services = self.world.build(self.database, self.world.vault, self.clock)
        await self.services.routes.follow_settings((ALERTS,))
        await self.services.settling.release_orphans()

    async def _insist(self, work: Callable[[], Awaitable[T]], cut: Cut = ALIVE) -> T:
        """As the inbox does: if the process dies, the next one works the same arrival off."""
        self.database.cut = cut
        try:
            return await work()
        except PowerCut:
            await self._start()
            return await work()
        finally:
            self.database.cut = ALIVE

    async def _look(self, *asked: Caller, line: bool = True) -> None:
        """`line`: the step was one transaction, so that the state is the one it decided on."""
        now = await Snapshot.of(self.database)
        check(now, below_zero_allowed=OPTIONS.allow_negative)
        check_step(self.last, now, [await self._person(caller) for caller in asked])
        if line:
            check_line(self.last, now)
        there = {(row.product_id, row.location_id): row.on_hand for row in now.positions}
        for place, quantity in self.stock.items():
            found = there[self.where[place]]
            assert found == quantity, f"{place} has {found}, what was applied is {quantity}"
        self.last = now

    async def _person(self, caller: Caller) -> int:
        async with self.database.read() as tx:
            found = await self.services.people.role(tx, caller)
        return found.id if found else 0

    @rule()
    def dies_and_starts_again(self) -> None:
        self.run(self._start())
        self.run(self._look())

    @rule(seconds=st.sampled_from((1, 5, 70)))
    def time_passes(self, seconds: int) -> None:
        self.clock.forward(seconds=seconds)
