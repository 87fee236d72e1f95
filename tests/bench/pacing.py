"""What a turn costs and whether the pacer keeps its rate on a real clock.

The bare loop of the same run: as many tasks that hand on the processor once each.
`python -m tests.bench.pacing [turns]`
"""

import asyncio
import math
import sys
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from itertools import count
from time import monotonic, perf_counter, process_time

from bot.channels.pacer import Pacer, telegram_rate
from bot.channels.telegram_limits import FREE_RATE, PAID_RATE
from bot.domain.notices import Lane
from tests.bench.report import report, say
from tests.bot.channels.crowd import most_in
from tests.faults.rows import Row, at_most

BARS = {FREE_RATE: 340.0, PAID_RATE: 11.0}  # seconds for 10,000 turns
REPLY_BAR = 50.0  # milliseconds for an answer to the next slot
SLOT = 1000 / FREE_RATE


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one measurement: seconds by the wall clock, seconds of CPU, and when each turn came."""

    wall: float
    cpu: float
    turns: list[float]

    def each(self) -> str:
        """Microseconds of CPU for each turn."""
        return f"{self.cpu / len(self.turns) * 1e6:.1f} us CPU each"

    def busiest(self) -> int:
        return most_in(self.turns, 1.0)


async def timed(call: Callable[[int], Awaitable[None]], turns: int, waiting: int) -> Figures:
    """`waiting` senders share the turns."""
    numbers: Iterator[int] = iter(range(turns))
    came: list[float] = []

    async def sender() -> None:
        for number in numbers:
            await call(number)
            came.append(monotonic())

    began, busy = perf_counter(), process_time()
    await asyncio.gather(*(sender() for _ in range(waiting)))
    return Figures(perf_counter() - began, process_time() - busy, came)


async def bare(turns: int) -> Figures:
    return await timed(lambda _: asyncio.sleep(0), turns, 1_000)


async def paced(rate: float, turns: int, waiting: int) -> Figures:
    pacer = Pacer(rate, rate_of=telegram_rate)
    return await timed(lambda n: pacer.turn(str(n), Lane.RESTOCK), turns, waiting)


async def answers(rounds: int) -> list[float]:
    """Seconds that answers wait for their turn in the middle of a broadcast at 30 a second."""
    pacer, waits, numbers = Pacer(FREE_RATE, rate_of=telegram_rate), [], count()

    async def broadcast() -> None:
        while True:
            await pacer.turn(str(next(numbers)), Lane.RESTOCK)

    tasks = [asyncio.create_task(broadcast()) for _ in range(4)]
    await asyncio.sleep(1.5)
    for number in range(rounds):
        began = perf_counter()
        await pacer.turn(f"person {number}", Lane.REPLY)
        waits.append(perf_counter() - began)
        await asyncio.sleep(0.17)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return sorted(waits)


def rate_kept(rate: int, found: Figures) -> list[Row]:
    """As quick as the limit allows, for as many turns as there were, and no quicker."""
    turns = len(found.turns)
    bar, what = BARS[rate] * turns / 10_000, f"{turns:,} turns at {rate}/s"
    return [
        at_most(f"{what}, took", found.wall, bar, " s", timing=True, fixed=turns / rate),
        at_most(f"{what}, in the busiest second", found.busiest(), rate),
    ]


async def bench(turns: int) -> list[Row]:
    """Print the figures that have no bar."""
    floor = await bare(turns)
    say(f"bare loop: {floor.each()}")
    for waiting in (1, 1_000):
        found = await paced(math.inf, turns, waiting)
        say(f"no limit, {waiting:,} senders: {found.each()}, {found.cpu / floor.cpu:.1f} x bare")
    found = await paced(1e6, turns, 1_000)
    say(f"1,000 in line: {found.each()}, {found.cpu / floor.cpu:.1f} x bare")
    rows = rate_kept(PAID_RATE, await paced(PAID_RATE, turns, 1_000))
    rows += rate_kept(FREE_RATE, await paced(FREE_RATE, max(turns // 30, 60), 8))
    waits = await answers(60)
    say(f"an answer in a broadcast waits p50 {waits[30] * 1000:.0f} ms")
    what = "an answer in a broadcast waits at most"
    return [*rows, at_most(what, waits[-1] * 1000, REPLY_BAR, " ms", timing=True, fixed=SLOT)]


def main() -> None:
    turns = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    report("pacing", asyncio.run(bench(min(turns, 10_000))))


if __name__ == "__main__":
    main()
