"""Slack: /stock why SKU, the arithmetic of the rules and of the line."""

from bot.domain.alerts import Reason
from bot.domain.notices import Rendered
from bot.domain.staff import RestockFact, StaffWhy, WhyLocation
from bot.render import alerts
from bot.render import slack_blocks as kit
from bot.render.escape import Safe
from bot.render.slack_card import title
from bot.render.voice import Voice, joined, lines

MOST_LOCATIONS = 20
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


def why(say: Voice, result: StaffWhy) -> Rendered:
    head = say("staffwhy.head", item=title(say, result.product))
    shown = kit.fitting(
        kit.section(_location(say, item)) for item in result.locations[:MOST_LOCATIONS]
    )
    rest = len(result.locations) - len(shown)
    return kit.message(
        say.quiet("staffwhy.head", item=title(say.quiet, result.product)),
        kit.section(head),
        *shown,
        kit.context(say.n("card.more_locations", rest)) if rest else None,
        kit.section(_customers(say, result)),
        kit.context(
            _restock(say, result.restock),
            say("staffwhy.ledger" if result.ledger_sum_matches else "staffwhy.ledger_wrong"),
        ),
    )


def _location(say: Voice, item: WhyLocation) -> Safe:
    position = item.position
    return lines(
        say.bold(say.place(position.location)),
        alerts.available_sum(say, position),
        alerts.projected_sum(say, item.available, item.incoming_in_time, item.projected)
        or _not_counted(say, item),
        _verdict(say, item),
        joined(alerts.standing(say, item.alert)) if item.alert else None,
    )


def _not_counted(say: Voice, item: WhyLocation) -> Safe | None:
    """Incoming that comes too late, or without a date, or without a lead time to judge it by."""
    position = item.position
    if not position.incoming:
        return None
    if position.incoming_due is None:
        return say("staffwhy.no_date", number=position.incoming)
    due = say.day(position.incoming_due)
    return say("staffwhy.late", number=position.incoming, day=due)


def _verdict(say: Voice, item: WhyLocation) -> Safe:
    msgid = VERDICTS.get(item.verdict, "verdict.no_rule")
    return say(
        msgid,
        available=item.available,
        projected=item.projected,
        point=item.position.reorder_point or 0,
        clear=item.clear_level or 0,
    )


def _customers(say: Voice, result: StaffWhy) -> Safe:
    msgid = "staffwhy.in_stock" if result.in_stock else "staffwhy.out_of_stock"
    sellable = say(msgid, available=result.sellable_available, level=result.out_level)
    line = say("staffwhy.line", waiting=result.waiting, paused=result.paused, told=result.told)
    return lines(say.bold(say("staffwhy.customers")), sellable, line)


def _restock(say: Voice, restock: RestockFact | None) -> Safe:
    if restock is None:
        return say("staffwhy.no_restock")
    opened = say.moment(restock.opened_at)
    if restock.closed_at is None:
        head = say("staffwhy.restock_open", opened=opened)
    else:
        closed = say.moment(restock.closed_at)
        head = say("staffwhy.restock_closed", opened=opened, closed=closed)
    counts = say(
        "staffwhy.restock_counts", told=restock.told, queued=restock.queued,
        dropped=restock.dropped, failed=restock.failed,
    )  # fmt: skip
    return Safe(f"{head} {counts}")
