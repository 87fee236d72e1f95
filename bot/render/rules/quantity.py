"""How low stock reads."""

from dataclasses import replace
from datetime import datetime

from bot.domain.alerts import AlertState, AlertView, Severity
from bot.domain.rules.kind import Explained, told
from bot.domain.rules.quantity import Facts, Quantities, Reason
from bot.domain.stock import Position
from bot.render.alerts import place_of
from bot.render.escape import Safe
from bot.render.voice import Voice, lines

HEADS = {
    Severity.LOW: "alert.low",
    Severity.CRITICAL: "alert.critical",
    Severity.OUT: "alert.out",
}
STATE_HEADS = {
    AlertState.RECOVERING: "alert.recovering",
    AlertState.RESOLVED: "alert.over",
}
VERDICTS: dict[str, str] = {
    Reason.NO_RULE: "verdict.no_rule",
    Reason.INACTIVE: "verdict.inactive",
    Reason.ABOVE_POINT: "verdict.above_point",
    Reason.FIRES: "verdict.fires",
    Reason.RISES: "verdict.rises",
    Reason.STILL_LOW: "verdict.still_low",
    Reason.RECOVERING: "verdict.recovering",
    Reason.CLEARS: "verdict.clears",
    Reason.RULE_GONE: "verdict.rule_gone",
}


def name(say: Voice, alert: AlertView) -> Safe:
    return say.name(alert.product, 60) if alert.product else say("place.everything")


def head(say: Voice, alert: AlertView) -> Safe:
    """`Low stock: Blue mug at main`."""
    msgid = STATE_HEADS.get(alert.state, HEADS[alert.severity])
    item = say.name(alert.product) if alert.product else say("place.everything")
    return say(msgid, name=item, place=place_of(say, alert))


def numbers(say: Voice, alert: AlertView) -> Safe:
    point = _numbers(alert).point
    return say("alert.numbers", available=_available(alert), point=point)


def row(say: Voice, alert: AlertView) -> Safe:
    return say(
        "alert.row",
        place=place_of(say, alert),
        available=_available(alert),
        point=_numbers(alert).point,
    )


def arithmetic(say: Voice, alert: AlertView) -> list[Safe]:
    kept, here = _numbers(alert), _position(alert)
    available = available_sum(say, here) if here else say("sum.available", number=kept.available)
    if alert.state is AlertState.RESOLVED:
        return [available]
    incoming = kept.projected - _available(alert)
    projected = projected_sum(say, _available(alert), incoming, kept.projected)
    compared = comparison(say, kept.projected, kept.point)
    clears = say("alert.clears", clear=kept.clear)
    return [part for part in (available, projected, compared, clears) if part]


def ended(say: Voice, alert: AlertView, when: datetime) -> Safe:
    enough = _available(alert) >= _numbers(alert).clear
    return say("alert.enough" if enough else "alert.closed", when=say.moment(when))


def why(say: Voice, item: Explained) -> Safe:
    facts = told(Facts, item.judged.facts)
    kept = told(Quantities, item.judged.numbers)
    incoming = kept.projected - kept.available
    return lines(
        say.bold(say.place(facts.position.location)),
        available_sum(say, facts.position),
        projected_sum(say, kept.available, incoming, kept.projected)
        or _not_counted(say, facts.position),
        say(
            VERDICTS[item.judged.decision.reason],
            available=kept.available,
            projected=kept.projected,
            point=kept.point,
            clear=kept.clear,
        ),
    )


def _not_counted(say: Voice, position: Position) -> Safe | None:
    """Incoming that comes too late, or without a date, or without a lead time to judge it by."""
    if not position.incoming:
        return None
    if position.incoming_due is None:
        return say("staffwhy.no_date", number=position.incoming)
    due = say.day(position.incoming_due)
    return say("staffwhy.late", number=position.incoming, day=due)


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
    msgid = "sum.at_or_under" if projected <= point else "sum.over"
    return say(msgid, number=projected, point=point)


def _numbers(alert: AlertView) -> Quantities:
    return told(Quantities, alert.numbers)


def _position(alert: AlertView) -> Position | None:
    """As it is; of an alert that is over as it was then: what came later is another alert's."""
    here = alert.position
    if here is None or alert.resolved_at is None:
        return here
    return replace(here, on_hand=here.on_hand - here.available + _numbers(alert).available)


def _available(alert: AlertView) -> int:
    here = _position(alert)
    return _numbers(alert).available if here is None else here.available
