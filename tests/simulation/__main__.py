"""Many seeds, or one with all that happened:

python -m tests.simulation 10000
STOCKBELL_SIM_SEED=7 python -m tests.simulation
"""

import os
import sys
import time

from tests.simulation.run import Failure, simulator
from tests.simulation.world import World

DEFAULT = 10_000
WHOLE = 1_000_000  # lines: all of a trace


def replay(seed: int) -> int:
    """Print the whole trace of one seed."""
    with simulator() as simulated:
        try:
            world = simulated.run(seed)
        except Failure as failure:
            tell(failure.world, repr(failure.reason))
            return 1
    tell(world, "all promises hold")
    return 0


def tell(world: World, end: str) -> None:
    say(f"{world.plan}\n{world.trace.tail(WHOLE)}\nseed {world.plan.seed}: {end}")


def say(words: str) -> None:
    print(words, flush=True)  # noqa: T201  # a campaign prints


def explore(first: int, seeds: int) -> int:
    """Run many, and go on after a failure: a mistake often has several faces."""
    began, failed, moments, lives = time.process_time(), [], 0, 0
    with simulator() as simulated:
        for seed in range(first, first + seeds):
            try:
                world = simulated.run(seed)
            except Failure as failure:
                failed.append(seed)
                say(str(failure))
                continue
            moments += world.moments
            lives += world.lives
    spent = time.process_time() - began
    say(
        f"seeds {first} to {first + seeds - 1}: {len(failed)} failed {failed[:20]}; "
        f"{seeds / spent:.1f} seeds/s of CPU, {moments} moments, {lives} lives of the process"
    )
    return 1 if failed else 0


def main() -> int:
    seed = os.environ.get("STOCKBELL_SIM_SEED")
    if seed and len(sys.argv) == 1:
        return replay(int(seed))
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT
    return explore(int(seed or 0), seeds)


if __name__ == "__main__":
    sys.exit(main())
