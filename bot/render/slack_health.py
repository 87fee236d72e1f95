"""Slack: /stock health, how the bot itself is, and what to do where something is wrong."""

from collections.abc import Iterable

from bot.domain.forms import SlackBlocks
from bot.domain.health import HealthCard, InboxQueue, LaneQueue, Reach, Undelivered, WayPulse
from bot.domain.notices import Lane, NoticeState, SettleReason
from bot.render import slack_blocks as kit
from bot.render.alerts import fault
from bot.render.escape import Safe
from bot.render.slack_blocks import Block
from bot.render.voice import Voice, joined, lines

LANES = {
    Lane.REPLY: "lane.reply",
    Lane.ALERT: "lane.alert",
    Lane.RESTOCK: "lane.restock",
    Lane.EDIT: "lane.edit",
    Lane.DIGEST: "lane.digest",
    Lane.LIVING: "lane.living",
}
REACHED = {
    Reach.UNKNOWN: "health.unknown",
    Reach.ANSWERS: "health.answers",
    Reach.SILENT: "health.silent",
    Reach.REFUSES: "health.refuses",
}
WHY = {
    SettleReason.REJECTED: "health.why_rejected",
    SettleReason.BROKEN: "health.why_broken",
    SettleReason.UNKNOWN: "health.why_unknown",
}
DATABASES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
ROOM = kit.MESSAGE // 5  # of each part


def health(say: Voice, card: HealthCard) -> SlackBlocks:
    head = Safe(f"{'🟢' if card.well else '🟠'} {say(_verdict(card))}")
    return kit.message(
        head,
        kit.section(say.bold(head)),
        *_packed(fault(say, told) for told in card.told),
        *_packed(line for pulse in card.platforms for line in _platform(say, pulse)),
        *_packed(_waiting(say, card)),
        *_packed(_undelivered(say, card.undelivered)),
        *_packed(_arrivals(say, card)),
        *_packed(say("health.part", name=name, state=state) for name, state in card.idle_parts),
        kit.context(_process(say, card)),
    )


def _verdict(card: HealthCard) -> str:
    return "health.well" if card.well else "health.look"


def _packed(entries: Iterable[Safe]) -> list[Block]:
    return kit.packed(list(entries), ROOM, most=3)[0]


def _platform(say: Voice, pulse: WayPulse) -> list[Safe]:
    """Whether it answers, what to do if not, and how fast it is spoken to."""
    name = say.title(pulse.way)
    mark = "❌" if pulse.down else "✅"
    closed = say("health.unconnected", platform=name) if pulse.connected is False else None
    pace = say("health.pace", rate=f"{pulse.rate:.1f}".removesuffix(".0"))
    turns = say.n("health.turns", pulse.waiting) if pulse.waiting else None
    limited = None
    if pulse.limited is not None:
        at, seconds = pulse.limited
        limited = say("health.limited", when=say.moment(at), seconds=round(seconds))
    answers = Safe(f"{mark} {say(REACHED[pulse.reach], platform=name)}")
    return [lines(answers, closed, joined([pace, turns, limited]))]


def _waiting(say: Voice, card: HealthCard) -> list[Safe]:
    if not card.queues.outbox:
        return [say("health.nothing_waits")]
    return [_queue(say, queue) for queue in card.queues.outbox]


def _queue(say: Voice, queue: LaneQueue) -> Safe:
    """`Telegram, restock messages: 1,204 wait, the oldest for 3 minutes · 1 may have arrived`."""
    what = Safe(f"{_name(say, queue)}, {say(LANES.get(queue.lane, 'lane.edit'))}")
    if queue.oldest is None:
        waits = say.n("health.put_off", queue.open, what=what)
    else:
        waits = say.n("health.queue", queue.open, what=what, lasting=say.lasting(queue.oldest))
    return joined([waits, say.n("health.doubtful", queue.doubtful) if queue.doubtful else None])


def _name(say: Voice, item: LaneQueue | Undelivered) -> Safe:
    return say.words(say.title(item.way)) if item.way else say("health.forgotten")


def _undelivered(say: Voice, found: tuple[Undelivered, ...]) -> list[Safe]:
    if not found:
        return [say("health.all_delivered")]
    return [say.bold(say("health.undelivered_head")), *[_ended(say, item) for item in found]]


def _ended(say: Voice, item: Undelivered) -> Safe:
    """`Telegram: 3 failed. The platform refused them: ...`"""
    uncertain = item.state is NoticeState.UNCERTAIN
    count = say.n("health.uncertain" if uncertain else "health.failed", item.count)
    known = item.reason in set(SettleReason)
    why = WHY.get(SettleReason(item.reason)) if known else None
    if why is None and uncertain:
        why = "health.why_unknown"
    return Safe(f"{_name(say, item)}: {count} {say(why or 'health.why_other')}")


def _arrivals(say: Voice, card: HealthCard) -> list[Safe]:
    told = [_arrived(say, queue) for queue in card.queues.inbox if queue.oldest]
    if card.queues.dead:
        command = say.code("stockbell inbox")
        told.append(say.n("health.dead", card.queues.dead, command=command))
    return told


def _arrived(say: Voice, queue: InboxQueue) -> Safe:
    oldest = say.lasting(queue.oldest) if queue.oldest else ""
    return say.n("health.arrivals", queue.open, source=queue.source, lasting=oldest)


def _process(say: Voice, card: HealthCard) -> Safe:
    """Database, who leads, the oldest thing: the small print."""
    database = DATABASES.get(card.database, card.database)
    leads = card.leads_since
    return joined(
        [
            say("health.database", name=database),
            say("health.leads", when=say.moment(leads)) if leads else say("health.stands_by"),
            say("health.oldest", when=say.moment(card.oldest)) if card.oldest else None,
        ]
    )
