"""/stock health in every state, with given names and counts."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from bot.domain.health import (
    HealthCard,
    InboxQueue,
    LaneQueue,
    Queues,
    Reach,
    Undelivered,
    WayPulse,
)
from bot.domain.notices import Lane, NoticeState, SettleReason
from bot.domain.telling import Fault
from bot.domain.ways import SLACK, TELEGRAM
from bot.render.alerts import FAULTS
from tests.bot.render.samples import NOW

EARLIER = NOW - timedelta(minutes=12)
WELL = HealthCard(
    NOW,
    (
        WayPulse(TELEGRAM, 29.5, reach=Reach.ANSWERS),
        WayPulse(SLACK, 20.0, reach=Reach.ANSWERS, connected=True),
    ),
    Queues(),
    database="sqlite",
    leads_since=EARLIER,
)


def cards(name: str, count: int) -> Iterator[HealthCard]:
    yield WELL
    for reach in Reach:
        for connected in (None, True, False):
            pulse = WayPulse(SLACK, 0.5, count, connected, reach, (NOW, count))
            yield replace(WELL, platforms=(pulse,), leads_since=None, database=name)
    queues = [
        LaneQueue(way, lane, count, due, EARLIER if due else None, count)
        for way in (None, TELEGRAM, SLACK)
        for lane in Lane
        for due in (0, count)
    ]
    undelivered = [
        Undelivered(way, state, reason, count)
        for way in (None, TELEGRAM, SLACK)
        for state in (NoticeState.FAILED, NoticeState.UNCERTAIN)
        for reason in (*[reason.value for reason in SettleReason], name)
    ]
    inbox = (InboxQueue("telegram", count, EARLIER), InboxQueue(name, count, EARLIER))
    yield replace(
        WELL,
        queues=Queues(tuple(queues), inbox, count),
        undelivered=tuple(undelivered),
        told=tuple(Fault(what, name, SLACK, EARLIER) for what in FAULTS),
        idle_parts=(("outbox slack", name), (name, "waiting: locked")) * 20,
    )
