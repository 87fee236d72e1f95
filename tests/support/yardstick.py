"""How fast this machine is, and what a bar in seconds is worth on it.

Bars in seconds were set where a fixed loop takes LOOP and a synced commit COMMIT. A machine that is
slower than that, or busy, gets as much more time as it is slower: what is judged is the bot. Pure;
tests/support/measuring.py measures.
"""

from dataclasses import dataclass

LOOP = 4.2e-3  # seconds of `sum(i * i for i in range(100_000))`
COMMIT = 1.1e-3  # seconds of a synced commit of one row


@dataclass(frozen=True, slots=True)
class Machine:
    """Seconds of the loop, of a synced commit on each database, of an HTTP round trip."""

    loop: float
    sqlite: float
    postgresql: float
    trip: float

    @property
    def slower(self) -> float:
        """How many times slower than the yardstick; a quick one is asked for no more than that.

        The worse of loop and commit counts: what is measured needs both. The SQLite commit stands
        for the disk, because most bars were set with it.
        """
        return max(1.0, self.loop / LOOP, self.sqlite / COMMIT)

    def __str__(self) -> str:
        return (
            f"this machine: loop {self.loop * 1000:.1f} ms (yardstick {LOOP * 1000:.1f}), synced "
            f"commit SQLite {self.sqlite * 1000:.2f} ms (yardstick {COMMIT * 1000:.1f}), "
            f"PostgreSQL {self.postgresql * 1000:.2f} ms, HTTP round trip {self.trip * 1000:.2f} "
            f"ms: bars in seconds are stretched by {self.slower:.2f}"
        )


def stretched(bar: float, slower: float, fixed: float = 0.0) -> float:
    """The bar on a machine that is so many times slower; `fixed` of it no machine changes.

    >>> stretched(11.0, 2.0, fixed=10.0)
    12.0
    """
    return fixed + (bar - fixed) * slower
