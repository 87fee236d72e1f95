"""Answers that are cut after the platform accepted the message: it is there, and nobody says so."""

from pathlib import Path

from tests.faults.judging import Copy, judge_copies
from tests.faults.kills import ROUND_TRIP, SETTLED_WITHIN
from tests.faults.rows import Row, none_of, size
from tests.faults.stage import ALERTS, RATE, SKU, Stage, sku, staged

CUT = 0.1


def lost_answers(seed: int, method: str) -> dict[str, object]:
    """The sandbox's settings for it."""
    cut = {"probability": CUT, "when": "after", "methods": [method]}
    return {"seed": seed, "cut": cut, "latency_ms": ROUND_TRIP}


def cuts(stage: Stage) -> int:
    return sum(entry["dropped"] == "after" for entry in stage.watch.requests)


async def telegram(folder: Path, seed: int) -> list[Row]:
    """Telegram shows no history: one marked repeat each, never a third copy."""
    people = size("CUT_SENDS", 1_000)
    async with staged(folder, crowd=people) as stage:
        await stage.sandbox.driver.faults(telegram=lost_answers(seed, "sendMessage"))
        await stage.restock(0)
        await stage.everybody_told(0, people / RATE + SETTLED_WITHIN)
        left = await stage.quiet(SETTLED_WITHIN)
        found = judge_copies(stage.told, stage.copies())
        what = f"Telegram, {cuts(stage)} answers cut in {people:,} sends"
        return [
            none_of(f"{what}, lost", found.lost),
            none_of(f"{what}, repeated without a word", found.unmarked),
            none_of(f"{what}, third copies (second ones: {len(found.repeated)})", found.third),
            none_of(f"{what}, left open", left),
        ]


async def slack(folder: Path, seed: int) -> list[Row]:
    """Slack is read back: each alert is there exactly once. One a second is Slack's own limit."""
    low = size("CUT_ALERTS", 100)
    async with staged(folder, crowd=0, restocks=0, low=low) as stage:
        await stage.sandbox.driver.faults(slack=lost_answers(seed, "chat.postMessage"))
        for number in range(low):
            await stage.staff(f"/stock {sku(number)} -45 sold")
        expected = [(sku(number), ALERTS) for number in range(low)]
        await stage.until(
            lambda: len(stage.watch.reached) >= low and posted(stage, low), low + SETTLED_WITHIN
        )
        left = await stage.quiet(SETTLED_WITHIN)
        found = judge_copies(expected, alerts(stage))
        what = f"Slack, {cuts(stage)} answers cut in {low:,} alerts"
        return [
            none_of(f"{what}, lost", found.lost),
            none_of(f"{what}, repeated", found.repeated),
            none_of(f"{what}, left open", left),
        ]


def posted(stage: Stage, low: int) -> bool:
    return len({copy.event for copy in alerts(stage)}) >= low


def alerts(stage: Stage) -> list[Copy]:
    """Every alert that stands in the channel."""
    messages = stage.sandbox.posted(ALERTS)
    return [
        Copy(found, ALERTS, place)
        for place, message in enumerate(messages)
        for found in sorted(set(SKU.findall(f"{message.text} {message.blocks}")))
    ]
