"""What the machines of the inbox and the outbox share: a database, a clock, and sudden death."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from hypothesis.stateful import RuleBasedStateMachine
from sqlalchemy import Row, Table, delete, select

from bot.app.ways import KNOWN
from bot.services.ground import Ground
from storage.tables import metadata
from storage.vault import Vault, generate_key
from tests.conformance.ledger.base import ALIVE, Cut, MortalDatabase, PowerCut
from tests.support.clock import Clock

T = TypeVar("T")
Machine = TypeVar("Machine", bound="QueueMachine")


@dataclass(frozen=True, slots=True)
class World:
    """What the examples of one test share. `part` is the class under test; it may be faulty."""

    runner: asyncio.Runner
    database: MortalDatabase
    vault: Vault
    part: Any


class QueueMachine(RuleBasedStateMachine):
    world: ClassVar[World]

    @property
    def database(self) -> MortalDatabase:
        return self.world.database

    @property
    def vault(self) -> Vault:
        return self.world.vault

    @property
    def ground(self) -> Ground:
        return Ground(self.database, self.vault, self.clock, KNOWN)

    def run(self, work: Awaitable[T]) -> T:
        async def waiting() -> T:
            return await work

        self.sound = False  # nothing is drained after a step that failed
        result = self.world.runner.run(waiting())
        self.sound = True
        return result

    def begin(self) -> None:
        """An empty database, in the morning."""
        self.database.cut = ALIVE
        self.clock = Clock()
        self.run(self._wipe())

    async def _wipe(self) -> None:
        async with self.database.write() as tx:
            for table in reversed(metadata.sorted_tables):
                await tx.execute(delete(table))

    async def survives(self, work: Callable[[], Awaitable[object]], cut: Cut) -> bool:
        """Whether the process lives on; if not, the next one has started."""
        self.database.cut = cut
        try:
            await work()
        except PowerCut:
            self.database.cut = ALIVE
            await self.starts()
            return False
        finally:
            self.database.cut = ALIVE
        return True

    async def starts(self) -> None:
        """A new process, which knows nothing but what is stored."""
        raise NotImplementedError

    async def rows(self, table: Table) -> list[Row[Any]]:
        async with self.database.read() as tx:
            return list((await tx.execute(select(table).order_by(table.c.id))).all())


@contextmanager
def machine(kind: type[Machine], url: str, part: Any) -> Iterator[type[Machine]]:
    """The machine with a loop of its own: Hypothesis calls its rules from outside of any."""
    with asyncio.Runner() as runner:
        world = runner.run(_world(runner, url, part))
        try:
            yield type(kind.__name__, (kind,), {"world": world})
        finally:
            runner.run(world.database.close())


async def _world(runner: asyncio.Runner, url: str, part: Any) -> World:
    return World(runner, MortalDatabase(url), Vault([generate_key()]), part)
