"""What there is to buy, and why somebody was or was not told."""

from bot.domain.customers import Availability, CustomerWhy, ToldFact
from bot.domain.living import Says
from bot.domain.notices import NoticeKind, NoticeState, SettleReason
from bot.domain.subscriptions import EndReason, Subscription, SubscriptionState
from bot.render.customer_parts import Row, Said, facts, link, press, said
from bot.render.escape import Safe
from bot.render.voice import Voice, lines


def availability(say: Voice, stock: Availability) -> Said:
    product, name = stock.product, say.name(stock.product)
    if not stock.in_stock:
        text = lines(say("look.out", name=name), facts(say, product), _waiting(say, stock))
        wait = press(say.label("button.tell_me"), f"sub:{product.id}:1")
        return said(text, (wait,), link(say, "button.page", product.url))
    head = say.n("look.few", stock.available, name=name) if stock.few else say("look.in", name=name)
    watch = press(say.label("button.next_time"), f"watch:{product.id}:1")
    return said(lines(head, facts(say, product)), link(say, "button.buy", product.url), (watch,))


def _waiting(say: Voice, stock: Availability) -> Safe | None:
    return say.n("look.waiting", stock.waiting) if stock.waiting else None


def why(say: Voice, facts_of: CustomerWhy) -> Said:
    """The customer's own arithmetic, in order of thought: stock, you, the rule, what was sent."""
    name = say.name(facts_of.product)
    points = [_stock_fact(say, facts_of), *_own_facts(say, facts_of), say("why.rule")]
    text = lines(
        say("why.head", name=name),
        say.code(facts_of.product.sku),
        "",
        *[f"• {point}" for point in points],
        *_told_facts(say, facts_of.told),
    )
    return said(text, _why_buttons(say, facts_of))


def _stock_fact(say: Voice, facts_of: CustomerWhy) -> Safe:
    if facts_of.in_stock:
        return say("why.in_stock", available=facts_of.available)
    return say("why.out_of_stock", available=facts_of.available)


def _own_facts(say: Voice, facts_of: CustomerWhy) -> list[Safe]:
    item = facts_of.subscription
    if item is None:
        return [say(ENDED[facts_of.ended])]
    since = say("why.since", day=say.day(item.created_at), lasting=say.lasting(item.created_at))
    own = [since, _place_fact(say, item)]
    if item.quantity > 1:
        own.append(say("why.quantity", quantity=item.quantity))
    return own


def _place_fact(say: Voice, item: Subscription) -> Safe:
    if item.state is SubscriptionState.WAITING and not item.armed:
        return say("why.watching")
    if item.state is SubscriptionState.WAITING and item.place > 1:
        return say.n("why.place", item.place - 1, place=item.place)
    return say(PLACE[item.state])


PLACE = {
    SubscriptionState.WAITING: "why.first",
    SubscriptionState.TOLD: "why.told",
    SubscriptionState.PAUSED: "why.paused",
    SubscriptionState.ENDED: "why.never",
}
ENDED = {
    None: "why.never",
    EndReason.STOPPED: "why.stopped",
    EndReason.BOUGHT: "why.bought",
    EndReason.NO_THANKS: "why.no_thanks",
    EndReason.EXPIRED: "why.expired",
    EndReason.FORGOTTEN: "why.never",
    EndReason.JOINED: "why.never",
}


def _told_facts(say: Voice, told: tuple[ToldFact, ...]) -> list[str]:
    if not told:
        return []
    entries = [f"• {_told_fact(say, fact)}{_edited(say, fact)}" for fact in told[:5]]
    return ["", say("why.told_head"), *entries]


def _told_fact(say: Voice, fact: ToldFact) -> Safe:
    return say(
        "why.told_entry",
        when=say.moment(fact.at),
        what=say(KINDS.get(fact.kind, "told.other")),
        outcome=say(outcome(fact)),
    )


def _edited(say: Voice, fact: ToldFact) -> str:
    """What the message says since it was edited."""
    if fact.edited_at is None or fact.says not in SAYS:
        return ""
    return say("why.edited", when=say.moment(fact.edited_at), what=say(SAYS[fact.says]))


def outcome(fact: ToldFact) -> str:
    """The catalogue id for how a notice ended."""
    return OUTCOMES.get(fact.reason) or OUTCOMES.get(fact.state) or "outcome.other"


KINDS: dict[str, str] = {
    NoticeKind.RESTOCK: "told.restock",
    NoticeKind.SOLD_OUT: "told.sold_out",
    NoticeKind.SUBSCRIPTION_EXPIRED: "told.expired",
}
SAYS: dict[str, str] = {  # of an edited message
    Says.FEW: "says.few",
    Says.BACK: "says.more",
    Says.OVER: "says.over",
}
OUTCOMES: dict[str, str] = {
    SettleReason.DELIVERED: "outcome.delivered",
    SettleReason.EDITED: "outcome.delivered",
    SettleReason.UNCHANGED: "outcome.delivered",
    SettleReason.SOLD_OUT_BEFORE: "outcome.sold_out_before",
    SettleReason.UNSUBSCRIBED: "outcome.unsubscribed",
    SettleReason.PAUSED: "outcome.paused",
    SettleReason.RESTOCK_CLOSED: "outcome.restock_closed",
    SettleReason.BLOCKED: "outcome.blocked",
    SettleReason.GONE: "outcome.gone",
    SettleReason.REJECTED: "outcome.failed",
    SettleReason.SUPERSEDED: "outcome.superseded",
    NoticeState.QUEUED: "outcome.queued",
    NoticeState.SENDING: "outcome.queued",
    NoticeState.SENT: "outcome.delivered",
    NoticeState.UNCERTAIN: "outcome.uncertain",
    NoticeState.FAILED: "outcome.failed",
}


def _why_buttons(say: Voice, facts_of: CustomerWhy) -> Row:
    item, product = facts_of.subscription, facts_of.product
    if item is not None and item.state is SubscriptionState.PAUSED:
        return (press(say.label("button.resume"), f"resume:{item.id}"),)
    if item is not None:
        return (press(say.label("button.stop_waiting"), f"rm:{item.id}"),)
    if not product.active:
        return ()
    verb, msgid = ("watch", "button.next_time") if facts_of.in_stock else ("sub", "button.tell_me")
    return (press(say.label(msgid), f"{verb}:{product.id}:1"),)
