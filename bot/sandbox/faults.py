"""Trouble on demand: refusals, cut connections, slow answers and the platforms' limits.

`POST /sandbox/faults {"telegram": {...}, "slack": {...}}` changes the settings of a platform:

    latency_ms, jitter_ms   a round trip takes latency + 0..jitter; half of it passes before the
                            platform acts, half after (what is killed then has been accepted)
    fail_next               failures that are planned one by one, see Failure; added to the others
    limits                  true: the limits of the platform hold
    limit_kind              Telegram: "window", 33 in any second; "bucket", `rate` a second and
                            `capacity` at once (30 and 30)
    refuse                  {"probability", "retry_after": [1, 60], "methods": [...]} or null: 429
                            by chance; the chat is then refused until its time has come
    cut                     {"probability", "when": "after" | "before", "methods": [...]} or null:
                            the connection is cut after or before the platform accepted it
    redeliver               {"probability", "times": [2, 5]} or null: an update to a web hook or a
                            Slack delivery comes so often though it was confirmed
    seed                    of all that happens by chance

`GET /sandbox/log` shows each request with its time, and `retry_after` where it was refused.
`POST /sandbox/door {"open": false}` refuses connections: see server.Sandbox.
"""

import math
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.chances import Chances
from bot.sandbox.failures import Failure

Json = dict[str, Any]
PLATFORMS = ("telegram", "slack")
UNHELD = ("response_url", "conversations.history")  # they have limits of their own
DEFAULTS: dict[str, Json] = {
    "telegram": {
        "limits": False,
        "latency_ms": 0,
        "jitter_ms": 0,
        "fail_next": [],
        "refuse": None,
        "cut": None,
        "redeliver": None,
        "seed": 0,
        # https://core.telegram.org/bots/faq#broadcasting-to-users "about 30 messages per second"
        "limit_kind": "window",
        "rate": 30.0,
        "capacity": 30.0,
        # https://core.telegram.org/bots/api#sendmessage allow_paid_broadcast "up to 1000 messages
        # per second, ignoring broadcasting limits for a fee"
        "paid_rate": 1000.0,
        # No page says how long; clients give up on an unanswered button after about this long.
        "callback_ttl_s": 30,
        # https://core.telegram.org/bots/api#setwebhook "we will repeat the request"; no times given
        "webhook_retry_s": [0.2, 1, 5, 15, 60],
    },
    "slack": {
        "limits": False,
        "latency_ms": 0,
        "jitter_ms": 0,
        "fail_next": [],
        "refuse": None,
        "cut": None,
        "redeliver": None,
        "seed": 0,
        # https://docs.slack.dev/apis/events-api/#retries nearly at once, a minute, five minutes
        "retry_delays_s": [0, 60, 300],
        # https://docs.slack.dev/interactivity/handling-user-interaction#acknowledgment_response
        "ack_timeout_s": 3,
    },
}


class Faults:
    """The settings as the control API shows them, and the failures that are still to come."""

    def __init__(self) -> None:
        self.settings: dict[str, Json] = {}
        self.failures: dict[str, list[Failure]] = {}
        self.limits: dict[str, Limits] = {}
        self.chances: dict[str, Chances] = {}
        self.held: dict[tuple[str, str], float] = {}
        self.reset()

    def reset(self) -> None:
        self.settings = {name: dict(values) for name, values in DEFAULTS.items()}
        self.failures = {name: [] for name in PLATFORMS}
        self.limits = {name: Limits() for name in PLATFORMS}
        self.chances = {name: Chances(self.settings[name]) for name in PLATFORMS}
        self.held = {}

    def merge(self, changes: Json) -> None:
        """`fail_next` is added to what is planned; every other key replaces its old value.

        Giving a `seed` throws the dice from the beginning.
        """
        for name in PLATFORMS:
            part = dict(changes.get(name) or {})
            self.failures[name] += [Failure.of(raw) for raw in part.pop("fail_next", [])]
            self.settings[name].update(part)
            if "seed" in part:
                self.chances[name] = Chances(self.settings[name])

    def as_json(self) -> Json:
        return {
            name: {
                **self.settings[name],
                "fail_next": [vars(failure) for failure in self.failures[name] if failure.times],
            }
            for name in PLATFORMS
        }

    def get(self, platform: str, key: str) -> Any:
        return self.settings[platform][key]

    def take(self, platform: str, method: str, chat: str) -> Failure | None:
        """What this request meets: a plan, a wait that is not over yet, or chance."""
        failure = (
            self._planned(platform, method, chat)
            or self._still_held(platform, method, chat)
            or self.chances[platform].fate(method, chat)
        )
        if failure is not None and failure.hold and failure.retry_after and chat:
            self.held[platform, chat] = time.monotonic() + failure.retry_after
        return failure

    def _planned(self, platform: str, method: str, chat: str) -> Failure | None:
        """The next planned failure, used up once (`times` below 0: for ever)."""
        for failure in self.failures[platform]:
            if failure.fits(method, chat):
                failure.times -= 1 if failure.times > 0 else 0
                return failure
        return None

    def _still_held(self, platform: str, method: str, chat: str) -> Failure | None:
        """Who does not wait is refused: "the number of seconds left to wait before the request can
        be repeated" (https://core.telegram.org/bots/api#responseparameters); on Slack "the number
        of seconds until you can retry" (https://docs.slack.dev/apis/web-api/rate-limits)."""
        until = self.held.get((platform, chat))
        if until is None or method in UNHELD:
            return None
        left = until - time.monotonic()
        if left <= 0:
            del self.held[platform, chat]
            return None
        return Failure(status=429, retry_after=math.ceil(left))


@dataclass
class Window:
    """At most `limit` events in any `seconds`."""

    limit: int
    seconds: float
    seen: deque[float] = field(default_factory=deque)

    def wait(self, now: float) -> float:
        """Seconds until there is room; 0 when there is."""
        while self.seen and self.seen[0] <= now - self.seconds:
            self.seen.popleft()
        if len(self.seen) < self.limit:
            return 0.0
        return self.seen[0] + self.seconds - now


@dataclass
class Bucket:
    """`rate` per second on average, `burst` at once."""

    rate: float
    burst: float
    level: float = 0.0
    at: float = 0.0

    def wait(self, now: float) -> float:
        self.level = max(0.0, self.level - (now - self.at) * self.rate)
        self.at = now
        return 0.0 if self.level + 1 <= self.burst else (self.level + 1 - self.burst) / self.rate


class Limits:
    """The counters behind `limits: true`; a refused request does not count."""

    def __init__(self) -> None:
        self.windows: dict[str, Window] = {}
        self.buckets: dict[str, Bucket] = {}

    def spend(self, windows: dict[str, Window], buckets: dict[str, Bucket]) -> float:
        """0 and counts the request in all its counters, or the seconds to wait."""
        now = time.monotonic()
        spent_windows = [self.windows.setdefault(key, fresh) for key, fresh in windows.items()]
        spent_buckets = [self.buckets.setdefault(key, fresh) for key, fresh in buckets.items()]
        waits = [w.wait(now) for w in spent_windows] + [b.wait(now) for b in spent_buckets]
        if any(waits):
            return max(waits)
        for window in spent_windows:
            window.seen.append(now)
        for bucket in spent_buckets:
            bucket.level += 1
        return 0.0
