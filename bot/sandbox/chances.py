"""Trouble by chance, from a seed: the n-th request of a chat meets the same fate in every run.

What the order of requests is does not matter, so a campaign whose bot is faster or slower today
still meets the same refusals and cuts.
"""

import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.failures import Failure

Json = dict[str, Any]


@dataclass
class Chances:
    """The dice of one platform. `seed`, `refuse`, `cut`, `redeliver`, `jitter_ms`: see faults."""

    settings: Json
    seen: Counter[tuple[str, str]] = field(default_factory=Counter)
    rolled: Counter[str] = field(default_factory=Counter)

    def fate(self, method: str, chat: str) -> Failure | None:
        """What chance has in store for this request."""
        refuse, cut = self.settings["refuse"], self.settings["cut"]
        if not (_meant(refuse, method) or _meant(cut, method)):
            return None
        self.seen[method, chat] += 1
        dice = self._dice(f"{method}:{chat}:{self.seen[method, chat]}")
        if _meant(refuse, method) and dice.random() < refuse["probability"]:
            return Failure(status=429, retry_after=_seconds(refuse, dice), hold=True)
        if _meant(cut, method) and dice.random() < cut["probability"]:
            after = cut.get("when", "after") == "after"
            return Failure(drop_after=after, drop_before=not after)
        return None

    def deliveries(self, kind: str) -> int:
        """How often the platform hands over the next thing of this kind."""
        rule = self.settings["redeliver"]
        if not rule:
            return 1
        self.rolled[kind] += 1
        dice = self._dice(f"redeliver:{kind}:{self.rolled[kind]}")
        if dice.random() >= rule["probability"]:
            return 1
        return dice.randint(*rule.get("times", (2, 5)))

    def latency(self) -> float:
        """Seconds from the request to its answer, on the way there and back together."""
        jitter: float = self.settings["jitter_ms"]
        fixed: float = self.settings["latency_ms"]
        if jitter:
            self.rolled["latency"] += 1
            fixed += self._dice(f"latency:{self.rolled['latency']}").uniform(0, jitter)
        return fixed / 1000

    def _dice(self, what: str) -> random.Random:
        return random.Random(f"{self.settings['seed']}:{what}")  # noqa: S311  made to be foreseen


def _meant(rule: Json | None, method: str) -> bool:
    return bool(rule) and method in (rule or {}).get("methods", ("sendMessage", "chat.postMessage"))


def _seconds(rule: Json, dice: random.Random) -> int:
    low, high = rule.get("retry_after", (1, 60))
    return dice.randint(low, high)
