"""How an alert reads, whatever its kind, on both platforms; the kind adds its own words."""

from bot.domain.alerts import AlertState, AlertView, Severity
from bot.domain.sources import CLI
from bot.domain.staff import Acknowledged
from bot.domain.telling import AlertTold, DailyDigest, Fault
from bot.render.escape import Safe
from bot.render.voice import Face, Voice, joined

MARKS = {Severity.LOW: "🟡", Severity.CRITICAL: "🟠", Severity.OUT: "🔴"}
STATE_MARKS = {
    AlertState.ACKNOWLEDGED: "👀",
    AlertState.RECOVERING: "📈",
    AlertState.RESOLVED: "✅",
}
FAULTS = (
    "fault.undelivered",
    "fault.uncertain",
    "fault.form",
    "fault.dead_letter",
    "fault.job_failed",
    "fault.part_restarted",
    "fault.sweep_found",
    "fault.channel",
    "fault.clock",
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


def face(say: Voice, alert: AlertView) -> Face:
    """The words of the alert's kind. Raises KeyError for one that bot.app does not know."""
    return say.view.faces[alert.kind]


def head(say: Voice, alert: AlertView) -> Safe:
    """`🟡 Low stock: Blue mug at main`."""
    return Safe(f"{mark(alert)} {face(say, alert).head(say, alert)}")


def name(say: Voice, alert: AlertView) -> Safe:
    """What it is about, with the SKU's code."""
    code = say.code(alert.product.sku) if alert.product else None
    return joined([face(say, alert).name(say, alert), code], " ")


def place_of(say: Voice, alert: AlertView) -> Safe:
    """Where, as the texts of a kind name it."""
    return say.place(alert.location) if alert.location else say("place.all")


def wants_answer(alert: AlertView) -> bool:
    """Whether somebody may still acknowledge it, on this message."""
    return alert.state is AlertState.FIRING and not alert.superseded


def standing(say: Voice, alert: AlertView) -> list[Safe]:
    """Since when, who has it, whether it is over: the small print."""
    parts = [say("alert.since", when=say.moment(alert.opened_at))]
    if alert.acknowledged_at is not None:
        who, when = say.person(alert.acknowledged_by), say.moment(alert.acknowledged_at)
        parts.append(say("alert.acknowledged", who=who, when=when))
    if alert.resolved_at is not None:
        parts.append(face(say, alert).ended(say, alert, alert.resolved_at))
    if alert.superseded and alert.state is not AlertState.RESOLVED:
        parts.append(say("alert.superseded"))
    return parts


def waiting(say: Voice, count: int) -> Safe | None:
    return say.n("alert.waiting", count) if count > 0 else None


def row(say: Voice, alert: AlertView) -> Safe:
    """One alert in a list: one line, two on a phone."""
    marked = f"{mark(alert)} {name(say, alert)}"
    if alert.superseded and alert.resolved_at is None:
        return Safe(f"{marked} · {say('alert.superseded')}")
    numbers = face(say, alert).row(say, alert)
    return Safe(f"{marked} · {joined([numbers, waiting(say, alert.waiting)])}")


def summary_head(say: Voice, told: AlertTold) -> Safe:
    """`📦 The import left 12 products low.`"""
    if told.total <= len(told.alerts) and all(alert.resolved_at for alert in told.alerts):
        return say("summary.over")
    if told.source == CLI:
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
        platform=say.title(told.way) if told.way else "",
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
    name = face(say, result.alert).name(say, result.alert)
    if result.done:
        return say("ack.done", name=name)
    if result.alert.resolved_at is not None:
        return say("ack.over", name=name)
    return say("ack.before", name=name, who=say.person(result.alert.acknowledged_by))
