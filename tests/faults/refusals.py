"""A strict Telegram: a bucket of 30 a second, refusals by chance, one chat that waits a minute."""

from pathlib import Path

from tests.faults.judging import (
    before_their_time,
    furthest_behind,
    judge_copies,
    most_in_a_second,
    share_refused,
)
from tests.faults.kills import ROUND_TRIP, SETTLED_WITHIN
from tests.faults.rows import Row, at_most, none_of, size
from tests.faults.stage import RATE, Stage, staged

REFUSED = 10  # of a thousand sends, so that 2 % can be kept at all
PACE = 29.0  # a second: what the others are held against, a little under the limit


async def refused(folder: Path, seed: int) -> list[Row]:
    """Nothing lost, nobody asked before the time, hardly a 429, and nobody waits for another."""
    people, longest = size("REFUSED_SENDS", 1_000), size("LONGEST_WAIT", 60)
    share = size("REFUSED_PER_THOUSAND", REFUSED) / 1000
    async with staged(folder, crowd=people) as stage:
        held = stage.crowd[0]
        chance = {"probability": share, "retry_after": [1, longest]}
        plan = {"method": "sendMessage", "chat_id": held, "retry_after": longest, "hold": True}
        strict = {"limits": True, "limit_kind": "bucket", "rate": RATE, "capacity": RATE}
        more = {"seed": seed, "latency_ms": ROUND_TRIP, "refuse": chance, "fail_next": [plan]}
        await stage.sandbox.driver.faults(telegram=strict | more)
        await stage.restock(0)
        await stage.everybody_told(0, people / RATE + 2 * longest + SETTLED_WITHIN)
        left = await stage.quiet(SETTLED_WITHIN)
        return judged(stage, f"{people:,} sends, 429 for 1-{longest} s", left)


def judged(stage: Stage, what: str, left: int) -> list[Row]:
    sends = stage.watch.sends(ok=False)
    found = judge_copies(stage.told, stage.copies())
    waited = {entry["chat"] for entry in sends if entry["status"] == 429}
    others = [entry["t"] for entry in stage.watch.sends() if entry["chat"] not in waited]
    chats = f"{len(waited)} chats held"
    return [
        none_of(f"{what}, lost", found.lost),
        none_of(f"{what}, repeated", found.repeated),
        none_of(f"{what}, requests before their time", before_their_time(sends)),
        at_most(f"{what}, answered 429", share_refused(sends), 2.0, " %"),
        at_most(
            f"{what}, most in a second",
            most_in_a_second(entry["t"] for entry in sends),
            RATE,
            timing=True,
        ),
        at_most(
            f"{what}, {chats}: another came later than its turn by",
            furthest_behind(others, PACE * len(others) / len(sends)),
            1.0,
            " s",
            timing=True,
        ),
        none_of(f"{what}, left open", left),
    ]
