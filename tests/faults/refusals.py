"""A strict Telegram: a bucket of 30 a second, refusals by chance, a chat that waits a minute."""

from pathlib import Path

from tests.faults.judging import (
    Json,
    before_their_time,
    judge_copies,
    later_by,
    most_in_a_second,
    share_refused,
)
from tests.faults.kills import ROUND_TRIP, SETTLED_WITHIN
from tests.faults.rows import Row, at_most, none_of, size
from tests.faults.stage import RATE, Stage, staged

REFUSED = 10  # of a thousand sends, so that 2 % can be kept at all
STRICT: Json = {
    "limits": True,
    "limit_kind": "bucket",
    "rate": RATE,
    "capacity": RATE,
    "latency_ms": ROUND_TRIP,
}


async def refused(folder: Path, seed: int) -> list[Row]:
    """Nothing lost, nobody asked before the time, hardly a 429."""
    people, longest = size("REFUSED_SENDS", 1_000), size("LONGEST_WAIT", 60)
    share = size("REFUSED_PER_THOUSAND", REFUSED) / 1000
    chance = {"probability": share, "retry_after": [1, longest]}
    async with staged(folder, crowd=people) as stage:
        await stage.sandbox.driver.faults(telegram=STRICT | {"seed": seed, "refuse": chance})
        await stage.restock(0)
        await stage.everybody_told(0, people / RATE + 2 * longest + SETTLED_WITHIN)
        left = await stage.quiet(SETTLED_WITHIN)
        sends = stage.watch.sends(ok=False)
        found = judge_copies(stage.told, stage.copies())
        what = f"{people:,} sends, 429 for 1-{longest} s by chance"
        busiest = most_in_a_second(entry["t"] for entry in sends)
        return [
            none_of(f"{what}, lost", found.lost),
            none_of(f"{what}, repeated", found.repeated),
            none_of(f"{what}, requests before their time", before_their_time(sends)),
            at_most(f"{what}, answered 429", share_refused(sends), 2.0, " %"),
            at_most(f"{what}, most in a second", busiest, RATE, timing=True, fixed=RATE),
            none_of(f"{what}, left open", left),
        ]


async def one_held(folder: Path, seed: int) -> list[Row]:
    """One chat has to wait a minute: nobody else is told later than in the fan-out before it."""
    del seed
    people, seconds = size("HELD_SENDS", 300), size("LONGEST_WAIT", 60)
    async with staged(folder, crowd=people, restocks=2) as stage:
        await stage.sandbox.driver.faults(telegram=STRICT)
        await stage.restock(0)
        await stage.everybody_told(0, people / RATE + SETTLED_WITHIN)
        await stage.quiet(SETTLED_WITHIN)
        held, before = stage.crowd[0], len(stage.watch.sends())
        plan = {"method": "sendMessage", "chat_id": held, "retry_after": seconds, "hold": True}
        await stage.sandbox.driver.faults(telegram={"fail_next": [plan]})
        await stage.restock(1)
        await stage.everybody_told(1, people / RATE + seconds + SETTLED_WITHIN)
        left = await stage.quiet(SETTLED_WITHIN)
        found = judge_copies(stage.told, stage.copies())
        free, burdened = times(stage, held, slice(before)), times(stage, held, slice(before, None))
        what = f"one of {people:,} chats held {seconds} s"
        return [
            none_of(f"{what}, lost", found.lost),
            none_of(f"{what}, requests before their time", before_their_time(requests(stage))),
            at_most(f"{what}, another later by", later_by(free, burdened), 1.0, " s", timing=True),
            none_of(f"{what}, left open", left),
        ]


def requests(stage: Stage) -> list[Json]:
    return stage.watch.sends(ok=False)


def times(stage: Stage, held: int, which: slice) -> list[float]:
    """When the messages of a fan-out came, but for the chat that is held."""
    return [entry["t"] for entry in stage.watch.sends()[which] if entry["chat"] != str(held)]
