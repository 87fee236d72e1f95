"""/metrics: what Prometheus reads, and what it never gets to see."""

from datetime import timedelta

import pytest
from prometheus_client import REGISTRY
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from bot.app.ways import KNOWN
from bot.domain import sending
from bot.domain.contacts import ContactState
from bot.domain.health import InboxQueue, LaneQueue, Queues, Reach, WayPulse
from bot.domain.notices import Lane, NoticeState, SettleReason
from bot.domain.ways import SLACK, TELEGRAM
from handlers.http.metrics import Inside, Metrics
from tests.support.clock import START

QUIET = Inside(START, (), {}, Queues(), leads=True)


def families(page: bytes) -> dict[str, Metric]:
    return {family.name: family for family in text_string_to_metric_families(page.decode())}


def samples(page: bytes) -> dict[str, float]:
    """`name{label=value}` -> value, of our own metrics that are not zero."""
    found = {}
    for family in families(page).values():
        for sample in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
            if sample.value and sample.name.startswith("stockbell_"):
                found[f"{sample.name}{{{labels}}}"] = sample.value
    return found


@pytest.fixture
def metrics() -> Metrics:
    return Metrics("0.1.0", KNOWN.values())


def busy(metrics: Metrics) -> bytes:
    """A page on which every metric has a value."""
    counters = metrics.counters
    for state in NoticeState:
        counters.settled(SLACK, Lane.ALERT, state, SettleReason.DELIVERED, timedelta(seconds=2))
    counters.failed(SLACK, sending.NotSent("no line"))
    counters.answered(TELEGRAM, 0.03)
    counters.limited(TELEGRAM, 7)
    counters.worked_off("slack", "done", timedelta(milliseconds=20))
    queues = Queues(
        (LaneQueue(SLACK, Lane.ALERT, 5, 3, START - timedelta(seconds=90), 1),
         LaneQueue(None, Lane.RESTOCK, 1, 0, None)),
        (InboxQueue("telegram", 2, START - timedelta(seconds=4)),),
        dead=1,
    )  # fmt: skip
    platforms = (
        WayPulse(TELEGRAM, 29.5, 4, reach=Reach.ANSWERS),
        WayPulse(SLACK, 20.0, reach=Reach.SILENT),
    )
    parts = {"inbox": "running", "clock": "failed: OSError"}
    return metrics.page(Inside(START, platforms, parts, queues, leads=True))


def test_it_shows_what_was_counted_and_what_stands(metrics: Metrics) -> None:
    found = samples(busy(metrics))
    expected = {
        "stockbell_build_info{version=0.1.0}": 1,
        "stockbell_leader{}": 1,
        "stockbell_database_up{}": 1,
        "stockbell_part_running{part=inbox}": 1,
        "stockbell_platform_up{platform=telegram}": 1,
        "stockbell_pacer_waiting{platform=telegram}": 4,
        "stockbell_pacer_messages_per_second{platform=telegram}": 29.5,
        "stockbell_outbox_notices{lane=alert,platform=slack}": 5,
        "stockbell_outbox_notices{lane=restock,platform=none}": 1,
        "stockbell_outbox_due_notices{lane=alert,platform=slack}": 3,
        "stockbell_outbox_in_doubt_notices{lane=alert,platform=slack}": 1,
        "stockbell_outbox_oldest_due_seconds{lane=alert,platform=slack}": 90,
        "stockbell_inbox_arrivals{source=telegram}": 2,
        "stockbell_inbox_oldest_seconds{source=telegram}": 4,
        "stockbell_inbox_dead_letters{}": 1,
        "stockbell_send_errors_total{error=not_sent,platform=slack}": 1,
        "stockbell_rate_limited_total{platform=telegram}": 1,
        "stockbell_arrivals_total{outcome=done,source=slack}": 1,
        "stockbell_arrival_seconds_bucket{le=0.025,source=slack}": 1,
        "stockbell_request_seconds_bucket{le=0.05,platform=telegram}": 1,
        "stockbell_notice_seconds_sum{lane=alert}": 2,
        "stockbell_notices_settled_total"
        "{lane=alert,platform=slack,reason=delivered,state=uncertain}": 1,
    }
    assert {name: found.get(name) for name in expected} == expected
    assert "stockbell_platform_up{platform=slack}" not in found
    assert "stockbell_part_running{part=clock}" not in found


def test_what_is_over_is_not_shown_any_more(metrics: Metrics) -> None:
    busy(metrics)
    found = samples(metrics.page(QUIET))
    gauges = ("stockbell_outbox", "stockbell_inbox", "stockbell_pacer", "stockbell_platform")
    assert [name for name in found if name.startswith(gauges)] == []


def test_without_a_database_the_counts_are_still_there(metrics: Metrics) -> None:
    busy(metrics)
    telegram = WayPulse(TELEGRAM, 30.0, reach=Reach.UNKNOWN)
    found = samples(metrics.page(Inside(START, (telegram,), {}, None, leads=False)))
    assert "stockbell_platform_up{platform=telegram}" not in found  # nobody asked it
    assert "stockbell_database_up{}" not in found
    assert "stockbell_leader{}" not in found
    assert found["stockbell_rate_limited_total{platform=telegram}"] == 1


@pytest.mark.parametrize(
    ("error", "name"),
    [
        (sending.RetryAfter(3), "retry_after"),
        (sending.NotSent(), "not_sent"),
        (sending.InDoubt(), "in_doubt"),
        (sending.Gone(ContactState.BLOCKED), "gone"),
        (sending.Moved("-1002"), "moved"),
        (sending.Rejected(), "rejected"),
        (sending.Unchanged(), "unchanged"),
        (sending.MessageLost(), "message_lost"),
        (sending.CannotLook(), "cannot_look"),
        (ZeroDivisionError(), "own_fault"),
    ],
)
def test_every_error_is_counted_by_what_it_means(
    metrics: Metrics, error: Exception, name: str
) -> None:
    key = f"stockbell_send_errors_total{{error={name},platform=slack}}"
    assert key not in samples(metrics.page(QUIET))
    metrics.counters.failed(SLACK, error)
    assert samples(metrics.page(QUIET))[key] == 1


def test_every_error_there_is_has_its_own_name(metrics: Metrics) -> None:
    """An error that is added to bot.domain.sending must not be counted as a fault of our own."""
    for kind in sending.SendError.__subclasses__():
        metrics.counters.failed(SLACK, kind.__new__(kind))
    key = "stockbell_send_errors_total{error=own_fault,platform=slack}"
    assert key not in samples(metrics.page(QUIET))


LABELS = {"platform", "lane", "state", "reason", "error", "source", "outcome", "part", "version",
          "le"}  # fmt: skip


def test_labels_are_words_of_ours_and_names_follow_the_conventions(metrics: Metrics) -> None:
    """No chat, person, product or message is a label: none of these names exists."""
    for family in families(busy(metrics)).values():
        if not family.name.startswith("stockbell_"):
            continue
        assert {label for sample in family.samples for label in sample.labels} <= LABELS
        assert family.documentation
        if family.type == "histogram":
            assert family.name.endswith("_seconds")
        if family.type == "counter":
            assert all(s.name.endswith(("_total", "_created")) for s in family.samples)


def test_two_bots_in_one_process_count_for_themselves(metrics: Metrics) -> None:
    other = Metrics("0.1.0", KNOWN.values())
    other.counters.limited(SLACK, 1)
    key = "stockbell_rate_limited_total{platform=slack}"
    assert key in samples(other.page(QUIET))
    assert key not in samples(metrics.page(QUIET))
    assert [m.name for m in REGISTRY.collect() if m.name.startswith("stockbell")] == []
