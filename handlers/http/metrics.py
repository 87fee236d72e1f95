"""/metrics for Prometheus: what was counted, and what stands in the database at this moment.

Labels are words of ours alone (platforms, lanes, states, reasons, parts): no product, no person.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from bot.domain import sending
from bot.domain.health import Queues, WayPulse
from bot.domain.notices import Lane, NoticeState, SettleReason
from bot.domain.way import Way
from bot.domain.ways import WayName

# Seconds. A notice goes out in 20 ms when nothing waits, and 10,000 take 340 s at 30 a second.
NOTICE = (0.01, 0.02, 0.05, 0.1, 0.5, 1, 5, 15, 60, 180, 360, 900, 3600)
REQUEST = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20)
ERRORS = (
    sending.RetryAfter, sending.NotSent, sending.InDoubt, sending.Gone, sending.Moved,
    sending.Rejected, sending.Unchanged, sending.MessageLost, sending.CannotLook,
)  # fmt: skip
OWN_FAULT = "own_fault"  # no SendError: an exception of ours


@dataclass(frozen=True, slots=True)
class Inside:
    """What is read for one scrape. `queues` None: the database does not answer."""

    at: datetime
    platforms: Sequence[WayPulse]
    parts: Mapping[str, str]
    queues: Queues | None
    leads: bool


class Made:
    """Makes the metrics of one registry; `labels` names those of each."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.labels: dict[str, tuple[str, ...]] = {}

    def counter(self, name: str, text: str, *labels: str) -> Counter:
        self.labels[f"stockbell_{name}_total"] = labels
        return Counter(f"stockbell_{name}", text, labels, registry=self.registry)

    def seconds(self, name: str, text: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        name = f"stockbell_{name}_seconds"
        self.labels[name] = labels
        return Histogram(name, text, labels, buckets=buckets, registry=self.registry)

    def gauge(self, name: str, text: str, *labels: str) -> Gauge:
        self.labels[f"stockbell_{name}"] = labels
        return Gauge(f"stockbell_{name}", text, labels, registry=self.registry)


class Counters:
    """Telemetry."""

    def __init__(self, made: Made, ways: Iterable[Way]) -> None:
        self._settled = made.counter(
            "notices_settled", "Notices that are done, and how", "platform", "lane", "state",
            "reason",
        )  # fmt: skip
        self._took = made.seconds(
            "notice", "From the moment a notice was first due to its arrival", NOTICE, "lane"
        )
        self._errors = made.counter(
            "send_errors", "Tries to tell a notice that failed, and how", "platform", "error"
        )
        self._limited = made.counter("rate_limited", "Answers with status 429", "platform")
        self._requests = made.seconds(
            "request", "From a request leaving to its answer", REQUEST, "platform"
        )
        self._arrivals = made.counter(
            "arrivals", "Arrivals that were worked on, and how that ended", "source", "outcome"
        )
        self._worked = made.seconds(
            "arrival", "From an arrival being stored to being worked off", REQUEST, "source"
        )
        for way in ways:  # so that a rate is seen from the first error on
            self._limited.labels(way.name)
            for error in (*way.errors, None):
                self._errors.labels(way.name, name_of(error))

    def settled(
        self, way: WayName, lane: Lane, state: NoticeState, reason: SettleReason,
        took: timedelta,
    ) -> None:  # fmt: skip
        """See Telemetry."""
        self._settled.labels(way, lane.name.lower(), state, reason).inc()
        if state is NoticeState.SENT:
            self._took.labels(lane.name.lower()).observe(took.total_seconds())

    def failed(self, way: WayName, error: Exception) -> None:
        """See Telemetry."""
        kind = next((kind for kind in ERRORS if isinstance(error, kind)), None)
        self._errors.labels(way, name_of(kind)).inc()

    def answered(self, way: WayName, seconds: float) -> None:
        """See Telemetry."""
        self._requests.labels(way).observe(seconds)

    def limited(self, way: WayName, seconds: float) -> None:
        """See Telemetry."""
        del seconds
        self._limited.labels(way).inc()

    def worked_off(self, source: str, outcome: str, took: timedelta) -> None:
        """See Telemetry."""
        self._arrivals.labels(source, outcome).inc()
        if outcome == "done":
            self._worked.labels(source).observe(took.total_seconds())


def name_of(error: type[Exception] | None) -> str:
    """`RetryAfter` is retry_after."""
    if error is None:
        return OWN_FAULT
    letters = (f"_{char.lower()}" if char.isupper() else char for char in error.__name__)
    return "".join(letters).removeprefix("_")


class Standing:
    """Gauges that are set for each scrape; what is not there any more is not shown."""

    def __init__(self, made: Made, version: str) -> None:
        gauge = made.gauge
        self._build = gauge("build_info", "Always 1; the version is a label", "version")
        self._build.labels(version).set(1)
        self._leader = gauge("leader", "1: this process leads, 0: it stands by")
        self._database = gauge("database_up", "Whether the database answers")
        self._part = gauge("part_running", "Whether this part of the bot runs", "part")
        self._up = gauge("platform_up", "Whether the platform answers and takes our token",
                         "platform")  # fmt: skip
        self._turns = gauge("pacer_waiting", "Requests that wait for their turn", "platform")
        self._rate = gauge("pacer_messages_per_second", "What the account may send at present",
                           "platform")  # fmt: skip
        of = ("platform", "lane")
        self._open = gauge("outbox_notices", "Notices that are not settled", *of)
        self._due = gauge("outbox_due_notices", "Of these, those whose time has come", *of)
        self._doubt = gauge("outbox_in_doubt_notices", "Of these, those that may be there", *of)
        self._age = gauge("outbox_oldest_due_seconds", "Since when the first of them is due", *of)
        self._inbox = gauge("inbox_arrivals", "Arrivals that are not worked off", "source")
        self._inbox_age = gauge("inbox_oldest_seconds", "Age of the first of them", "source")
        self._dead = gauge("inbox_dead_letters", "Arrivals that were given up and are kept")

    def set(self, inside: Inside) -> None:
        """Show what stands now."""
        self._leader.set(inside.leads)
        self._database.set(inside.queues is not None)
        for gauge in (self._part, self._up, self._turns, self._rate):
            gauge.clear()
        for name, state in inside.parts.items():
            self._part.labels(name).set(state == "running")
        for pulse in inside.platforms:
            if inside.leads:  # who stands by is connected to none
                self._up.labels(pulse.way).set(not pulse.down)
            self._turns.labels(pulse.way).set(pulse.waiting)
            self._rate.labels(pulse.way).set(pulse.rate)
        self._set_queues(inside.queues or Queues(), inside.at)

    def _set_queues(self, queues: Queues, now: datetime) -> None:
        for gauge in (self._open, self._due, self._doubt, self._age, self._inbox, self._inbox_age):
            gauge.clear()
        for queue in queues.outbox:
            labels = (queue.way or "none", queue.lane.name.lower())
            self._open.labels(*labels).set(queue.open)
            self._due.labels(*labels).set(queue.due)
            self._doubt.labels(*labels).set(queue.doubtful)
            self._age.labels(*labels).set(_age(queue.oldest, now))
        for arrivals in queues.inbox:
            self._inbox.labels(arrivals.source).set(arrivals.open)
            self._inbox_age.labels(arrivals.source).set(_age(arrivals.oldest, now))
        self._dead.set(queues.dead)


def _age(oldest: datetime | None, now: datetime) -> float:
    return max((now - oldest).total_seconds(), 0.0) if oldest else 0.0


class Metrics:
    """All metrics of one bot: `counters` is told what happens, `page` shows it."""

    def __init__(self, version: str, ways: Iterable[Way]) -> None:
        self._made = Made()
        ProcessCollector(registry=self._made.registry)
        self.counters = Counters(self._made, ways)
        self._standing = Standing(self._made, version)

    @property
    def labels(self) -> dict[str, tuple[str, ...]]:
        """Every metric's name and its labels."""
        return dict(self._made.labels)

    def page(self, inside: Inside) -> bytes:
        """In Prometheus' text form."""
        self._standing.set(inside)
        return generate_latest(self._made.registry)


def metrics_route(metrics: Metrics, look: Callable[[], Awaitable[Inside]]) -> BaseRoute:
    """GET /metrics; `look` reads what stands now."""

    async def scrape(_: Request) -> Response:
        page = metrics.page(await look())
        return Response(page, headers={"Content-Type": CONTENT_TYPE_LATEST})

    return Route("/metrics", scrape, methods=["GET"])
