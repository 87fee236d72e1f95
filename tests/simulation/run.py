"""Runs seeds, one world after the other."""

import gc
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from storage.database import Database
from tests.simulation import process
from tests.simulation.checks import check
from tests.simulation.driver import Disk
from tests.simulation.loop import Spinning, Stalled, VirtualLoop
from tests.simulation.plan import LINE, POINTS, SKUS, draw
from tests.simulation.trace import bot_log_into
from tests.simulation.world import Builder, World, looking
from tests.support.clock import Clock
from tests.support.databases import migrated, run_apart
from tests.support.memory import folder_in_memory
from tests.support.shop import Shop


class Failure(AssertionError):
    """A seed that broke a promise, and all it takes to look at it."""

    def __init__(self, world: World, reason: BaseException) -> None:
        seed = world.plan.seed
        super().__init__(
            f"seed {seed}: {type(reason).__name__}: {reason}\n"
            f"to replay it: STOCKBELL_SIM_SEED={seed} python -m tests.simulation\n"
            f"{world.plan}\n{world.trace.tail()}"
        )
        self.seed, self.world = seed, world
        self.reason = reason


async def _furnish(path: Path) -> None:
    """A shop where customers wait and two items are low."""
    await migrated(f"sqlite:///{path}")
    database = Database(f"sqlite:///{path}")
    shop = await Shop.open(database, process.VAULT, Clock(process.START), process.OPTIONS)
    for sku in SKUS:
        await shop.product(sku)
    for who, sku, quantity in LINE:
        await shop.notify(who, sku, quantity)
    for sku, point in POINTS.items():
        await shop.stock(f"threshold {sku} {point}")
    await database.close()


@contextmanager
def simulator() -> Iterator["Simulator"]:
    with folder_in_memory("simulation") as folder:
        template = folder / "template.db"
        run_apart(_furnish(template))
        simulator = Simulator(folder, template)
        gc.collect()
        gc.freeze()  # what is loaded stays; it need not be looked through again and again
        try:
            yield simulator
        finally:
            gc.unfreeze()


class Simulator:
    """Runs worlds one after the other; what SQL was compiled to is kept for the next."""

    def __init__(self, folder: Path, template: Path) -> None:
        self._template = template
        self._path = folder / "world.db"
        self._disk = Disk(template)

    def run(self, seed: int, build: Builder = process.build) -> World:
        """Raises Failure."""
        for leftover in self._path.parent.glob("world.db*"):
            leftover.unlink()
        shutil.copyfile(self._template, self._path)
        loop = VirtualLoop()
        world = World(draw(seed), self._disk, loop, build)
        self._disk.insert(self._path, world)
        try:
            with bot_log_into(world.note), looking(world.plan.look_again):
                self._live(world)
            check(world)
        except (AssertionError, Stalled, Spinning) as reason:
            raise Failure(world, reason) from reason
        return world

    def _live(self, world: World) -> None:
        loop = world.loop
        try:
            loop.run_until_complete(loop.within(None, world.run()))
        finally:
            loop.run_until_complete(world.end())
            loop.world.bury()
            self._disk.eject()
            loop.close()
