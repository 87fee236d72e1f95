"""Telegram: what staff chats are told."""

from bot.domain.alerts import AlertView
from bot.domain.forms import Button, TelegramHtml
from bot.domain.staff import Acknowledged, Refused
from bot.domain.telling import AlertTold, DailyDigest, Fault
from bot.render import alerts, roles
from bot.render.customer_parts import fitted, press
from bot.render.escape import Safe, clean
from bot.render.telegram_parts import message
from bot.render.voice import Voice, lines

DIGEST_LOW, DIGEST_WANTED, DIGEST_ROOM = 10, 5, 2800
ROWS = 20  # of a summary: a phone shows about that many
ACK_BUTTONS = 8  # of a summary: more would hide the text on a phone


def alert_told(say: Voice, told: AlertTold) -> TelegramHtml:
    if told.summary or len(told.alerts) != 1:
        return _summary(say, told)
    return alert(say, told.alerts[0])


def alert(say: Voice, view: AlertView) -> TelegramHtml:
    text = lines(
        alerts.head(say, view),
        say.code(view.product.sku) if view.product else None,
        "",
        *alerts.face(say, view).arithmetic(say, view),
        alerts.waiting(say, view.waiting),
        "",
        *alerts.standing(say, view),
    )
    return message(text, (_acknowledge(say, view),) if alerts.wants_answer(view) else None)


def _acknowledge(say: Voice, view: AlertView) -> Button:
    return press(say.label("button.acknowledge"), f"ack:{view.id}:{view.version}")


def _summary(say: Voice, told: AlertTold) -> TelegramHtml:
    head = say.bold(alerts.summary_head(say, told))
    entries = [alerts.row(say, view) for view in told.alerts]
    rows = [
        (press(f"👀 {_short(say.label, view)}", f"ack:{view.id}:{view.version}"),)
        for view in told.alerts
        if alerts.wants_answer(view)
    ]
    return message(fitted(say, head, entries[:ROWS], told.total), *rows[:ACK_BUTTONS])


def _short(label: Voice, view: AlertView) -> str:
    return clean(
        view.product.sku if view.product else alerts.face(label, view).name(label, view), 30
    )


def digest(say: Voice, told: DailyDigest) -> TelegramHtml:
    head = lines(
        say.bold(say("digest.head", day=say.day(told.day))),
        *[f"• {line}" for line in alerts.digest_numbers(say, told)],
    )
    if told.low:
        head = lines(head, "", say.bold(say("digest.low_head")))
        low = [alerts.row(say, view) for view in told.low[:DIGEST_LOW]]
        head = fitted(say, head, low, told.low_total, DIGEST_ROOM)
    if told.most_wanted:
        head = lines(head, "", say.bold(say("digest.wanted_head")))
    wanted = [Safe(f"• {line}") for line in alerts.most_wanted(say, told)[:DIGEST_WANTED]]
    return message(fitted(say, head, wanted), silent=True)


def fault(say: Voice, told: Fault) -> TelegramHtml:
    detail = say.words(told.detail, 500) if told.detail.strip() else None
    return message(lines(alerts.fault(say, told), detail))


def acknowledged(say: Voice, result: Acknowledged) -> TelegramHtml:
    return message(alerts.acknowledged(say, result))


def refused(say: Voice, result: Refused) -> TelegramHtml:
    return message(roles.refused(say, result))
