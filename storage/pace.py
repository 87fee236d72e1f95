"""What is used up of the platforms' limits, so that a restart does not forget it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, or_, select

from storage.dialect import upsert
from storage.tables import pace
from storage.tx import Tx

PIECE = 500  # rows a statement


@dataclass(frozen=True, slots=True)
class Used:
    """Up to when a key's turns are used up, and until when the platform holds it, as seen at
    `noted_at` (None: by an older version)."""

    used_until: datetime
    held_until: datetime
    noted_at: datetime | None = None

    def left(self, now: datetime) -> tuple[float, float]:
        """Seconds of both. What was noted later than now, by a clock that was ahead, lasts as long
        as it was to last then, and no longer."""
        since = max(now, self.noted_at or now)
        left = [(until - since).total_seconds() for until in (self.used_until, self.held_until)]
        return max(left[0], 0.0), max(left[1], 0.0)


async def put(tx: Tx, account: str, rows: Mapping[bytes, Used]) -> None:
    """Store what is known now; `rows` by blind index."""
    values = [
        {
            "account": account,
            "key": key,
            "used_until": used.used_until,
            "held_until": used.held_until,
            "noted_at": used.noted_at,
        }
        for key, used in rows.items()
    ]
    if values:
        store = upsert(tx, pace, ("account", "key"), ("used_until", "held_until", "noted_at"))
        await tx.execute(store, values)


async def load(tx: Tx, account: str, now: datetime) -> dict[bytes, Used]:
    """What is not free yet, by blind index."""
    later = or_(pace.c.used_until > now, pace.c.held_until > now)
    rows = await tx.execute(select(pace).where(pace.c.account == account, later))
    return {row.key: Used(row.used_until, row.held_until, row.noted_at) for row in rows}


async def purge(tx: Tx, now: datetime) -> int:
    """Delete what is free again."""
    over = delete(pace).where(pace.c.used_until <= now, pace.c.held_until <= now)
    return int((await tx.execute(over)).rowcount)
