"""Slack: /stock why SKU, the arithmetic of the rules and of the line."""

from bot.domain.forms import SlackBlocks
from bot.domain.rules.kind import Explained
from bot.domain.staff import RestockFact, StaffWhy
from bot.render import alerts
from bot.render import slack_blocks as kit
from bot.render.escape import Safe
from bot.render.slack_card import title
from bot.render.voice import Voice, joined, lines

MOST_LOCATIONS = 20


def why(say: Voice, result: StaffWhy) -> SlackBlocks:
    head = say("staffwhy.head", item=title(say, result.product))
    shown = kit.fitting(kit.section(_rule(say, item)) for item in result.rules[:MOST_LOCATIONS])
    rest = len(result.rules) - len(shown)
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


def _rule(say: Voice, item: Explained) -> Safe:
    standing = joined(alerts.standing(say, item.alert)) if item.alert else None
    return lines(say.view.faces[item.kind].why(say, item), standing)


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
