"""/stock health in every state, with given names and counts."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from bot.domain.contacts import Platform
from bot.domain.health import (
    HealthCard,
    InboxQueue,
    LaneQueue,
    PlatformPulse,
    Queues,
    Reach,
    Undelivered,
)
from bot.domain.notices import Lane, NoticeState, SettleReason
from bot.domain.telling import Fault
from bot.render.alerts import FAULTS
from tests.bot.render.samples import NOW

EARLIER = NOW - timedelta(minutes=12)
WELL = HealthCard(
    NOW,
    (PlatformPulse(Platform.TELEGRAM, 29.5, reach=Reach.ANSWERS),
     PlatformPulse(Platform.SLACK, 20.0, reach=Reach.ANSWERS, connected=True)),
    Queues(),
    database="sqlite",
    leads_since=EARLIER,
)  # fmt: skip


def cards(name: str, count: int) -> Iterator[HealthCard]:
    yield WELL
    for reach in Reach:
        for connected in (None, True, False):
            pulse = PlatformPulse(Platform.SLACK, 0.5, count, connected, reach, (NOW, count))
            yield replace(WELL, platforms=(pulse,), leads_since=None, database=name)
    queues = [
        LaneQueue(platform, lane, count, due, EARLIER if due else None, count)
        for platform in (None, *Platform)
        for lane in Lane
        for due in (0, count)
    ]
    undelivered = [
        Undelivered(platform, state, reason, count)
        for platform in (None, *Platform)
        for state in (NoticeState.FAILED, NoticeState.UNCERTAIN)
        for reason in (*[reason.value for reason in SettleReason], name)
    ]
    inbox = (InboxQueue("telegram", count, EARLIER), InboxQueue(name, count, EARLIER))
    yield replace(
        WELL,
        queues=Queues(tuple(queues), inbox, count),
        undelivered=tuple(undelivered),
        told=tuple(Fault(what, name, Platform.SLACK, EARLIER) for what in FAULTS),
        idle_parts=(("outbox slack", name), (name, "waiting: locked")) * 20,
    )
