"""A fan-out whose process is killed, or told to stop, at random points of it."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from bot.stopping import GONE_WITHIN
from tests.faults.judging import judge_copies
from tests.faults.rows import Row, at_most, none_of, size
from tests.faults.stage import RATE, Stage, staged

ROUND_TRIP = 40  # milliseconds
SETTLED_WITHIN = 90.0


@dataclass
class Stops:
    """How the bot is ended, and what that took."""

    end: Callable[[Stage], Awaitable[None]]
    seconds: list[float] = field(default_factory=list)
    codes: list[int] = field(default_factory=list)

    async def once(self, stage: Stage) -> None:
        began = time.monotonic()
        await self.end(stage)
        self.seconds.append(time.monotonic() - began)
        self.codes.append(await stage.bot.wait())
        await stage.again()


async def fan_outs(folder: Path, seed: int, people: int, points: list[int], stops: Stops) -> Stage:
    """One fan-out to `people` for each of `points`: so many ends at random points of it.

    The points are drawn over the seconds in which it can send: those while it starts do not count.
    """
    dice = random.Random(seed)
    async with staged(folder, crowd=people, restocks=len(points)) as stage:
        await stage.sandbox.driver.faults(telegram={"latency_ms": ROUND_TRIP, "limits": True})
        for number, count in enumerate(points):
            await stage.restock(number)
            ran = 0.0
            for point in sorted(dice.uniform(0, people / RATE) for _ in range(count)):
                await asyncio.sleep(point - ran)  # the random point itself, not a wait
                ran = point
                await stops.once(stage)
            await stage.everybody_told(number, people / RATE + SETTLED_WITHIN)
        await stage.quiet(SETTLED_WITHIN)
    return stage


def spread(total: int, most: int) -> list[int]:
    """`total` over as few fan-outs as take `most` each.

    >>> spread(5, 2)
    [2, 2, 1]
    """
    return [min(most, total - start) for start in range(0, total, most)]


async def killed(folder: Path, seed: int) -> list[Row]:
    """`kill -9`: nothing lost, at most what was on the wire repeated, each marked, none thrice."""
    kills, people = size("KILLS", 200), size("FANOUT", 1_000)
    stops = Stops(lambda stage: stage.bot.kill())
    points = spread(kills, size("KILLS_EACH", 12))
    stage = await fan_outs(folder, seed, people, points, stops)
    found = judge_copies(stage.told, stage.copies())
    what = f"kill -9 x {kills} in {len(points)} fan-outs of {people:,}"
    states = await stage.states()
    return [
        none_of(f"{what}, lost", found.lost),
        # how many are on the wire at a time depends on how quick the machine is
        at_most(f"{what}, repeated per kill", len(found.repeated) / kills, 1, timing=True, fixed=1),
        none_of(f"{what}, repeated without a word", found.unmarked),
        none_of(f"{what}, third copies", found.third),
        none_of(f"{what}, left open ({states})", sum(states.get(s, 0) for s in LEFT)),
    ]


LEFT = ("queued", "sending", "failed")


async def stopped(folder: Path, seed: int) -> list[Row]:
    """SIGTERM: nothing lost, nothing repeated, gone within 10 seconds."""
    count, people = size("STOPS", 50), size("FANOUT", 1_000)

    async def terminate(stage: Stage) -> None:
        await stage.bot.terminate(60)

    stops = Stops(terminate)
    points = spread(count, size("STOPS_EACH", 13))
    stage = await fan_outs(folder, seed, people, points, stops)
    found = judge_copies(stage.told, stage.copies())
    what = f"SIGTERM x {count} in {len(points)} fan-outs of {people:,}"
    return [
        none_of(f"{what}, lost", found.lost),
        none_of(f"{what}, repeated", found.repeated),
        none_of(f"{what}, exit codes but 0", sum(map(bool, stops.codes))),
        at_most(f"{what}, exit", max(stops.seconds), 10.0, " s", timing=True, fixed=GONE_WITHIN),
    ]
