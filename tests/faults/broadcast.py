"""10,000 at the limit: how long it takes, and what a person who types meanwhile has to wait."""

import asyncio
import random
import time
from pathlib import Path

from bot.channels.telegram_limits import PAID_RATE
from tests.faults.judging import judge_copies, most_in_a_second
from tests.faults.kills import ROUND_TRIP
from tests.faults.rows import Row, at_most, none_of, p95, size
from tests.faults.stage import ALERTS, RATE, Stage, Stuck, sku, staged

STRICT = {"limits": True, "limit_kind": "bucket", "rate": RATE, "capacity": RATE}
WORDS = ("/help", "/list", f"/stock {sku(0)}")
PAID = {"TELEGRAM_PAID_BROADCAST": "true"}
PATIENCE = 30.0  # seconds after which an answer counts as never given


async def at_30(folder: Path, seed: int) -> list[Row]:
    """At Telegram's limit for everybody."""
    del seed  # nothing is left to chance here
    people = size("BROADCAST", 10_000)
    bar = people / RATE * 340 / (10_000 / RATE)
    return await timed(folder, people, RATE, bar, {**STRICT, "latency_ms": ROUND_TRIP}, {})


async def paid(folder: Path, seed: int) -> list[Row]:
    """At the limit that a shop pays for; https://core.telegram.org/bots/api#sendmessage."""
    del seed
    people = size("PAID_BROADCAST", 10_000)
    latency = size("PAID_ROUND_TRIP", 0)
    faults = {**STRICT, "latency_ms": latency}
    return await timed(folder, people, PAID_RATE, people / PAID_RATE * 1.1, faults, PAID)


async def timed(
    folder: Path,
    people: int,
    rate: float,
    bar: float,
    faults: dict[str, object],
    env: dict[str, str],
) -> list[Row]:
    """From the command that staff type to the last of the crowd."""
    async with staged(folder, crowd=people, env=env) as stage:
        await stage.sandbox.driver.faults(telegram=faults)
        typed = await stage.restock(0)
        await stage.everybody_told(0, 3 * bar + PATIENCE)
        left = await stage.quiet(PATIENCE)
        sends = stage.watch.sends()
        took = max((entry["t_end"] for entry in sends), default=typed) - typed
        found = judge_copies(stage.told, stage.copies())
        refused = [e["chat"] for e in stage.watch.sends(ok=False) if e["status"] == 429]
        busiest = most_in_a_second(entry["t"] for entry in sends)
        what = f"{people:,} notices, {busiest} in the busiest second"
        return [
            at_most(f"{what}, took", took, bar, " s", timing=True, fixed=people / rate),
            none_of(f"{what}, lost", found.lost),
            none_of(f"{what}, repeated", found.repeated),
            none_of(f"{what}, refused with 429", refused),
            none_of(f"{what}, left open", left),
        ]


async def people_first(folder: Path, seed: int) -> list[Row]:
    """Customers and staff type while a broadcast of 10,000 is under way."""
    crowd, seconds = size("BROADCAST", 10_000), size("TYPING_SECONDS", 90)
    dice = random.Random(seed)
    async with staged(folder, crowd=crowd) as stage:
        typists = stage.sandbox.crowd(20)
        await stage.sandbox.driver.faults(
            telegram={**STRICT, "latency_ms": ROUND_TRIP}, slack={"latency_ms": ROUND_TRIP}
        )
        await stage.restock(0)
        begun = await stage.until(lambda: bool(stage.watch.reached.get(sku(0))), PATIENCE)
        if not begun:
            raise Stuck(f"the broadcast never began:\n{stage.bot.text[-3000:]}")
        ends = time.monotonic() + seconds
        typing = [customer(stage, chat, ends, random.Random(dice.random())) for chat in typists]
        *waits, staff_waits = await asyncio.gather(
            *typing, staff(stage, ends, random.Random(dice.random()))
        )
        whole = len(stage.watch.reached[sku(0)]) >= crowd
        return judged([wait for one in waits for wait in one], staff_waits, over=whole)


def judged(customers: list[float], members: list[float], *, over: bool) -> list[Row]:
    rows = [none_of("the broadcast was over before the typing", int(over))]
    for who, waits in (("customer", customers), ("member of staff", members)):
        what = f"a {who} during a broadcast, {len(waits)} commands"
        rows += [
            none_of(f"{what}, never answered", sum(wait >= PATIENCE for wait in waits)),
            at_most(f"{what}, p95", p95(waits), 0.5, " s", timing=True),
            at_most(f"{what}, worst", max(waits), 1.5, " s", timing=True),
        ]
    return rows


async def customer(stage: Stage, chat: int, ends: float, dice: random.Random) -> list[float]:
    """Types now and then; how long each answer took to be accepted by Telegram."""
    person = stage.sandbox.telegram.customer_by_id(chat)
    waits = []
    while time.monotonic() < ends:
        await asyncio.sleep(min(dice.uniform(2, 8), max(0, ends - time.monotonic())))  # own pace
        asked = time.monotonic()
        await person.say(dice.choice(WORDS))
        waits.append(await answer(stage, str(chat), asked))
    return waits


async def staff(stage: Stage, ends: float, dice: random.Random) -> list[float]:
    """The same for a member of staff in Slack."""
    waits = []
    while time.monotonic() < ends:
        await asyncio.sleep(dice.uniform(0.5, 2))
        asked = time.monotonic()
        await stage.staff(f"/stock {sku(0)}")
        waits.append(await answer(stage, ALERTS, asked))
    return waits


async def answer(stage: Stage, chat: str, asked: float) -> float:
    """Seconds until the platform had the answer."""
    seen = stage.watch.answered
    if not await stage.until(lambda: seen.get(chat, 0.0) > asked, PATIENCE):
        return PATIENCE
    return seen[chat] - asked
