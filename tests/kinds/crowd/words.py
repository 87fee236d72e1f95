"""Too many customers wait: as bot/render/rules/<kind>.py would say it."""

from datetime import datetime

from bot.domain.alerts import AlertView
from bot.domain.rules.kind import Explained, told
from bot.render.escape import Safe
from bot.render.voice import Voice
from tests.kinds.crowd.rule import Waiting


def name(say: Voice, alert: AlertView) -> Safe:
    del alert
    return say.words("the line")


def head(say: Voice, alert: AlertView) -> Safe:
    return say.words(f"Crowd at {alert.severity.word}: {told(Waiting, alert.numbers).waiting} wait")


def numbers(say: Voice, alert: AlertView) -> Safe:
    return _sum(say, told(Waiting, alert.numbers))


def arithmetic(say: Voice, alert: AlertView) -> list[Safe]:
    return [_sum(say, told(Waiting, alert.numbers))]


def row(say: Voice, alert: AlertView) -> Safe:
    return _sum(say, told(Waiting, alert.numbers))


def ended(say: Voice, alert: AlertView, when: datetime) -> Safe:
    del alert
    return say.words(f"the line is short since {when:%H:%M}")


def why(say: Voice, item: Explained) -> Safe:
    kept = told(Waiting, item.judged.numbers)
    return Safe(f"{say.words(item.judged.decision.reason)}: {_sum(say, kept)}")


def _sum(say: Voice, kept: Waiting) -> Safe:
    sign = ">" if kept.waiting > kept.most else "≤"
    return say.words(f"{kept.waiting} waiting {sign} {kept.most}")
