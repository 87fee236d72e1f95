"""Trouble on demand: refusals, cut connections, slow answers and the platforms' limits."""

import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]
PLATFORMS = ("telegram", "slack")
DEFAULTS: dict[str, Json] = {
    "telegram": {
        "limits": False,
        "latency_ms": 0,
        "fail_next": [],
        # No page says how long; clients give up on an unanswered button after about this long.
        "callback_ttl_s": 30,
        # https://core.telegram.org/bots/api#setwebhook "we will repeat the request"; no times given
        "webhook_retry_s": [0.2, 1, 5, 15, 60],
    },
    "slack": {
        "limits": False,
        "latency_ms": 0,
        "fail_next": [],
        # https://docs.slack.dev/apis/events-api/#retries nearly at once, a minute, five minutes
        "retry_delays_s": [0, 60, 300],
        # https://docs.slack.dev/interactivity/handling-user-interaction#acknowledgment_response
        "ack_timeout_s": 3,
    },
}


@dataclass
class Failure:
    """One planned failure, taken from `fail_next`."""

    method: str = "*"
    status: int | None = None
    error: str | None = None
    description: str | None = None
    retry_after: int | None = None
    chat_id: str | None = None
    drop_before: bool = False
    drop_after: bool = False
    times: int = 1

    @classmethod
    def of(cls, raw: Json) -> "Failure":
        known = {k: v for k, v in raw.items() if k in cls.__dataclass_fields__ and v is not None}
        chat = raw.get("chat_id", raw.get("channel"))
        known["chat_id"] = None if chat is None else str(chat)
        return cls(**known)

    def fits(self, method: str, chat: str) -> bool:
        return (
            self.times != 0
            and self.method in ("*", method)
            and (self.chat_id is None or self.chat_id == chat)
        )


class Faults:
    """The settings as the control API shows them, and the failures that are still to come."""

    def __init__(self) -> None:
        self.settings: dict[str, Json] = {}
        self.failures: dict[str, list[Failure]] = {}
        self.limits: dict[str, Limits] = {}
        self.reset()

    def reset(self) -> None:
        self.settings = {name: dict(values) for name, values in DEFAULTS.items()}
        self.failures = {name: [] for name in PLATFORMS}
        self.limits = {name: Limits() for name in PLATFORMS}

    def merge(self, changes: Json) -> None:
        """`fail_next` is added to what is planned; every other key replaces its old value."""
        for name in PLATFORMS:
            part = dict(changes.get(name) or {})
            self.failures[name] += [Failure.of(raw) for raw in part.pop("fail_next", [])]
            self.settings[name].update(part)

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
        """The next planned failure for this request, used up once (`times` below 0: for ever)."""
        for failure in self.failures[platform]:
            if failure.fits(method, chat):
                failure.times -= 1 if failure.times > 0 else 0
                return failure
        return None


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
