"""A lot nears its last day: as bot/render/rules/<kind>.py would say it."""

from datetime import datetime

from bot.domain.alerts import AlertView
from bot.domain.rules.kind import Explained, told
from bot.render.escape import Safe
from bot.render.voice import Voice
from tests.kinds.expiry.rule import Left


def name(say: Voice, alert: AlertView) -> Safe:
    return say.name(alert.product) if alert.product else say.words(alert.lot)


def head(say: Voice, alert: AlertView) -> Safe:
    return say.words(f"Expires {alert.lot}")


def numbers(say: Voice, alert: AlertView) -> Safe:
    return say.words(f"{told(Left, alert.numbers).days} days left")


def arithmetic(say: Voice, alert: AlertView) -> list[Safe]:
    return [numbers(say, alert)]


def row(say: Voice, alert: AlertView) -> Safe:
    return numbers(say, alert)


def ended(say: Voice, alert: AlertView, when: datetime) -> Safe:
    del alert
    return say.words(f"gone on {when:%d}")


def why(say: Voice, item: Explained) -> Safe:
    days = told(Left, item.judged.numbers).days
    return say.words(f"{item.judged.decision.reason}: {days} days left")
