"""How a low-stock alert reads, on both platforms: its head, its arithmetic, how it stands."""

from bot.domain.alerts import AlertState, AlertView, Severity
from bot.domain.staff import Acknowledged
from bot.domain.stock import Position
from bot.domain.telling import AlertTold, DailyDigest, Fault
from bot.domain.ways import SLACK, TELEGRAM
from bot.render.escape import Safe
from bot.render.voice import Voice, joined

MARKS = {Severity.LOW: "🟡", Severity.CRITICAL: "🟠", Severity.OUT: "🔴"}
STATE_MARKS = {
    AlertState.ACKNOWLEDGED: "👀",
    AlertState.RECOVERING: "📈",
    AlertState.RESOLVED: "✅",
}
HEADS = {
    Severity.LOW: "alert.low",
    Severity.CRITICAL: "alert.critical",
    Severity.OUT: "alert.out",
}
STATE_HEADS = {
    AlertState.RECOVERING: "alert.recovering",
    AlertState.RESOLVED: "alert.over",
}
PLATFORMS = {TELEGRAM: "Telegram", SLACK: "Slack"}  # names, the same everywhere
FAULTS = (
    "fault.undelivered",
    "fault.uncertain",
    "fault.form",
    "fault.dead_letter",
    "fault.job_failed",
    "fault.part_restarted",
    "fault.sweep_found",
    "fault.channel",
    "fault.platform_down",
    "fault.platform_down_over",
    "fault.platform_refuses",
    "fault.alerts_late",
    "fault.alerts_late_over",
    "fault.restocks_late",
    "fault.restocks_late_over",
)


def mark(alert: AlertView) -> str:
    """One sign for the state, else for the severity."""
    return STATE_MARKS.get(alert.state, MARKS[alert.severity])


def head(say: Voice, alert: AlertView) -> Safe:
    """`🟡 Low stock: Blue mug at main`."""
    msgid = STATE_HEADS.get(alert.state, HEADS[alert.severity])
    place = say.place(alert.position.location)
    return Safe(f"{mark(alert)} {say(msgid, name=say.name(alert.product), place=place)}")


def wants_answer(alert: AlertView) -> bool:
    """Whether somebody may still acknowledge it, on this message."""
    return alert.state is AlertState.FIRING and not alert.superseded


def available_sum(say: Voice, position: Position) -> Safe:
    """`12 on hand − 2 reserved = 10 available`; the terms that are zero are left out."""
    terms = [say("sum.on_hand", number=position.on_hand)]
    if position.reserved:
        terms.append(say("sum.reserved", number=position.reserved))
    if position.unsellable:
        terms.append(say("sum.unsellable", number=position.unsellable))
    total = say("sum.available", number=position.available)
    if len(terms) == 1:
        return total
    return Safe(f"{' − '.join(terms)} = {total}")


def projected_sum(say: Voice, available: int, incoming: int, projected: int) -> Safe | None:
    """`10 available + 5 incoming = 15 projected`, when something is coming in time."""
    if incoming <= 0:
        return None
    terms = (
        say("sum.available", number=available),
        say("sum.incoming", number=incoming),
        say("sum.projected", number=projected),
    )
    return Safe("{} + {} = {}".format(*terms))


def comparison(say: Voice, projected: int, point: int) -> Safe:
    """`3 ≤ 5 (reorder point)`."""
    return say("sum.at_or_under" if projected <= point else "sum.over", number=projected,
               point=point)  # fmt: skip


def arithmetic(say: Voice, alert: AlertView) -> list[Safe]:
    """Why it fires, term by term, and when it will be over."""
    position = alert.position
    available = available_sum(say, position)
    if alert.state is AlertState.RESOLVED:
        return [available]
    incoming = alert.projected - position.available
    projected = projected_sum(say, position.available, incoming, alert.projected)
    compared = comparison(say, alert.projected, alert.point)
    clears = say("alert.clears", clear=alert.clear_level)
    return [part for part in (available, projected, compared, clears) if part]


def standing(say: Voice, alert: AlertView) -> list[Safe]:
    """Since when, who has it, whether it is over: the small print."""
    parts = [say("alert.since", when=say.moment(alert.opened_at))]
    if alert.acknowledged_at is not None:
        who, when = say.person(alert.acknowledged_by), say.moment(alert.acknowledged_at)
        parts.append(say("alert.acknowledged", who=who, when=when))
    if alert.resolved_at is not None:
        enough = alert.position.available >= alert.clear_level
        msgid = "alert.enough" if enough else "alert.closed"
        parts.append(say(msgid, when=say.moment(alert.resolved_at)))
    if alert.superseded and alert.state is not AlertState.RESOLVED:
        parts.append(say("alert.superseded"))
    return parts


def waiting(say: Voice, count: int) -> Safe | None:
    return say.n("alert.waiting", count) if count > 0 else None


def row(say: Voice, alert: AlertView) -> Safe:
    """One alert in a list: one line, two on a phone."""
    position = alert.position
    name = f"{mark(alert)} {say.name(alert.product, 60)} {say.code(alert.product.sku)}"
    if alert.superseded and alert.resolved_at is None:
        return Safe(f"{name} · {say('alert.superseded')}")
    numbers = say(
        "alert.row", place=say.place(position.location), available=position.available,
        point=alert.point,
    )  # fmt: skip
    return Safe(f"{name} · {joined([numbers, waiting(say, alert.waiting)])}")


def summary_head(say: Voice, told: AlertTold) -> Safe:
    """`📦 The import left 12 products low.`"""
    if told.total <= len(told.alerts) and all(alert.resolved_at for alert in told.alerts):
        return say("summary.over")
    if told.source == "import":
        return say.n("summary.import", told.total)
    return say.n("summary.head", told.total)


def digest_numbers(say: Voice, digest: DailyDigest) -> list[Safe]:
    return [
        say.n("digest.low", digest.low_total),
        say.n("digest.restocks", digest.restocks),
        say.n("digest.told", digest.customers_told),
        say.n("digest.waiting", digest.waiting),
    ]


def most_wanted(say: Voice, digest: DailyDigest) -> list[Safe]:
    """Out of stock, with how many wait."""
    return [
        Safe(f"{say.name(product, 60)} {say.code(product.sku)} · {say.n('alert.waiting', count)}")
        for product, count in digest.most_wanted
    ]


def fault(say: Voice, told: Fault) -> Safe:
    """`⚠️ Slack cannot be reached since 14:02 ...`, `✅ Slack answers again after 12 minutes ...`"""
    since, until = told.since, told.until
    text = say(
        told.what if told.what in FAULTS else "fault.other",
        platform=PLATFORMS[told.way] if told.way else "",
        since=say.moment(since) if since else "",
        until=say.moment(until) if until else "",
        lasted=say.lasting(since, until) if since and until else "",
        waiting=told.waiting,
        command=say.code("/stock health"),
        inbox=say.code("stockbell inbox"),
    )
    return Safe(f"{'✅' if until else '⚠️'} {text}")


def acknowledged(say: Voice, result: Acknowledged) -> Safe:
    """The answer to whoever pressed the button."""
    name = say.name(result.alert.product, 60)
    if result.done:
        return say("ack.done", name=name)
    if result.alert.resolved_at is not None:
        return say("ack.over", name=name)
    return say("ack.before", name=name, who=say.person(result.alert.acknowledged_by))
