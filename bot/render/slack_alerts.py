"""Slack: what staff channels are told."""

from bot.domain.alerts import AlertView
from bot.domain.forms import SlackBlocks
from bot.domain.staff import Acknowledged
from bot.domain.telling import AlertTold, DailyDigest, Fault
from bot.render import alerts
from bot.render import slack_blocks as kit
from bot.render.escape import Safe
from bot.render.slack_blocks import Block
from bot.render.voice import Voice, joined, lines

ACK_ROWS = 15  # alerts of a summary with a button of their own


def alert_told(say: Voice, told: AlertTold) -> SlackBlocks:
    if told.summary or len(told.alerts) != 1:
        return _summary(say, told)
    return alert(say, told.alerts[0])


def alert(say: Voice, view: AlertView) -> SlackBlocks:
    code = say.code(view.product.sku) if view.product else None
    head = joined([alerts.head(say, view), code])
    sums = alerts.face(say, view).arithmetic(say, view)
    ack = _acknowledge(say, view) if alerts.wants_answer(view) else None
    return kit.message(
        _push(say, view),
        kit.section(lines(head, *sums, alerts.waiting(say, view.waiting))),
        kit.context(joined(alerts.standing(say, view))),
        kit.actions(ack),
    )


def _push(say: Voice, view: AlertView) -> Safe:
    """What a phone shows without opening Slack."""
    quiet = say.quiet
    numbers = alerts.face(say, view).numbers(quiet, view)
    return joined([alerts.head(quiet, view), numbers, alerts.waiting(quiet, view.waiting)])


def _acknowledge(say: Voice, view: AlertView) -> Block:
    value = f"{view.id}:{view.version}"
    return kit.button(say.label("button.acknowledge"), "alert_ack", value, "primary")


def _summary(say: Voice, told: AlertTold) -> SlackBlocks:
    head = alerts.summary_head(say, told)
    single = kit.fitting(_with_button(say, view) for view in told.alerts[:ACK_ROWS])
    rest = [alerts.row(say, view) for view in told.alerts[len(single) :]]
    sections, shown = kit.packed(rest, room=kit.MESSAGE // 2, most=20)
    hidden = max(told.total, len(told.alerts)) - len(single) - shown
    more = kit.context(say.n("summary.more", hidden)) if hidden > 0 else None
    return kit.message(head, kit.section(say.bold(head)), *single, *sections, more)


def _with_button(say: Voice, view: AlertView) -> Block:
    ack = _acknowledge(say, view) if alerts.wants_answer(view) else None
    return kit.section(alerts.row(say, view), ack)


def digest(say: Voice, told: DailyDigest) -> SlackBlocks:
    title = say("digest.head", day=say.day(told.day))
    numbers = alerts.digest_numbers(say, told)
    low, shown = kit.packed([alerts.row(say, view) for view in told.low], kit.MESSAGE // 2, 20)
    hidden = max(told.low_total, len(told.low)) - shown
    wanted, _ = kit.packed(alerts.most_wanted(say, told), kit.MESSAGE // 4, 10)
    return kit.message(
        joined([title, *numbers]),
        kit.section(lines(say.bold(title), *numbers)),
        kit.section(say.bold(say("digest.low_head"))) if low else None,
        *low,
        kit.context(say.n("summary.more", hidden)) if hidden > 0 and low else None,
        kit.section(say.bold(say("digest.wanted_head"))) if wanted else None,
        *wanted,
    )


def fault(say: Voice, told: Fault) -> SlackBlocks:
    head = alerts.fault(say, told)
    detail = kit.context(say.words(told.detail, 500)) if told.detail.strip() else None
    return kit.note(head, detail)


def acknowledged(say: Voice, result: Acknowledged) -> SlackBlocks:
    return kit.note(alerts.acknowledged(say, result))
