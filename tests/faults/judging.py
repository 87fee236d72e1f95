"""Judges deliveries from what was seen outside the bot. Pure: lists in, findings out."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

Json = dict[str, Any]
Told = tuple[str, str]  # what happened (a SKU that came back, went low), and the chat


@dataclass(frozen=True, slots=True)
class Copy:
    """One message that a chat got; `marked`: it says itself that it may be a repeat."""

    event: str
    chat: str
    order: int
    marked: bool = False

    @property
    def told(self) -> Told:
        return self.event, self.chat


@dataclass
class Copies:
    """What should be told once, and was told never, again, again without a word, or thrice."""

    lost: list[Told] = field(default_factory=list)
    repeated: list[Told] = field(default_factory=list)
    unmarked: list[Told] = field(default_factory=list)
    third: list[Told] = field(default_factory=list)
    unasked: list[Told] = field(default_factory=list)


def judge_copies(expected: Iterable[Told], copies: Iterable[Copy]) -> Copies:
    """Hold what arrived against what had to arrive."""
    ordered = sorted(copies, key=lambda copy: (copy.told, copy.order))
    arrived = {told: list(of) for told, of in groupby(ordered, key=lambda copy: copy.told)}
    wanted = set(expected)
    found = Copies(lost=sorted(wanted - arrived.keys()), unasked=sorted(arrived.keys() - wanted))
    for told, of in arrived.items():
        if len(of) > 1:
            found.repeated.append(told)
        if not all(copy.marked for copy in of[1:]):
            found.unmarked.append(told)
        if len(of) > 2:
            found.third.append(told)
    return found


def before_their_time(log: Iterable[Json]) -> list[tuple[str, float]]:
    """(chat, seconds too early) of requests to a chat that had been told to wait longer.

    An entry has chat, t (it came), t_end (it was dealt with), retry_after (or None).
    """
    free_at: dict[tuple[str, str], float] = {}
    early = []
    for entry in sorted(log, key=lambda entry: entry["t"]):
        key = entry["platform"], entry["chat"]
        if not entry["chat"]:
            continue
        missing = free_at.get(key, 0.0) - entry["t"]
        if missing > 0:
            early.append((entry["chat"], missing))
        if entry["retry_after"]:
            free_at[key] = max(free_at.get(key, 0.0), entry["t_end"] + entry["retry_after"])
    return early


def most_in_a_second(times: Iterable[float]) -> int:
    """The most requests that any one second saw."""
    ordered = sorted(times)
    return max(
        (bisect_left(ordered, start + 1.0) - place for place, start in enumerate(ordered)),
        default=0,
    )


def later_by(free: Sequence[float], burdened: Sequence[float]) -> float:
    """Seconds by which any message of the second fan-out came later than its like in the first.

    Each from its own first message on, so that a slow machine is in both.
    """
    return max(
        (
            late - burdened[0] - (early - free[0])
            for early, late in zip(free, burdened, strict=False)
        ),
        default=0.0,
    )


def share_refused(log: Iterable[Json]) -> float:
    """Percent of the requests that were answered 429."""
    statuses = [entry["status"] for entry in log]
    return 100 * statuses.count(429) / max(1, len(statuses))
