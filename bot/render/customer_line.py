"""Answers about waiting: subscribed, the list, stopped, buttons pressed."""

from bot.domain.customers import (
    Changed,
    InStockAlready,
    LimitReached,
    NotForSale,
    NotFound,
    Stopped,
    Subscribed,
    SubscriptionList,
)
from bot.domain.subscriptions import Subscription, SubscriptionState
from bot.render.customer_parts import (
    Row,
    Said,
    facts,
    fitted,
    link,
    place,
    press,
    product_label,
    said,
    stands,
    wanted,
)
from bot.render.escape import Safe
from bot.render.voice import Voice, lines


def subscribed(say: Voice, result: Subscribed) -> Said:
    item = result.subscription
    told = item.state is SubscriptionState.TOLD
    text = lines(
        subscribed_words(say, result),
        facts(say, item.product),
        None if told else "",
        _what_next(say, result),
        None if told or result.quantity_changed else wanted(say, item.quantity),
    )
    buy = link(say, "button.buy", item.product.url) if told else None
    return said(text, buy, _subscribed_buttons(say, item))


def subscribed_words(say: Voice, result: Subscribed) -> Safe:
    """The first line, also the toast of a pressed button."""
    item = result.subscription
    return say(_subscribed_msgid(result), name=say.name(item.product), quantity=item.quantity)


def _subscribed_msgid(result: Subscribed) -> str:
    if result.quantity_changed:
        return "notify.quantity_changed"
    if result.watching:
        return "notify.watching_already" if result.already else "notify.watching"
    if result.subscription.state is SubscriptionState.TOLD:
        return "notify.told_already"
    return "notify.already" if result.already else "notify.waiting"


def _what_next(say: Voice, result: Subscribed) -> Safe | None:
    item = result.subscription
    if item.state is SubscriptionState.TOLD:
        return None
    if item.state is SubscriptionState.PAUSED:
        return say("line.paused")
    if result.watching or item.place < 1:
        return say("line.nothing_to_do")
    return lines(place(say, item.place), say("line.oldest_first"))


def _subscribed_buttons(say: Voice, item: Subscription) -> Row:
    label = say.label
    if item.state is SubscriptionState.PAUSED:
        first = press(label("button.resume"), f"resume:{item.id}")
    else:
        first = press(label("button.stop_waiting"), f"rm:{item.id}")
    return first, press(label("button.list"), "list:0")


def in_stock_already(say: Voice, result: InStockAlready) -> Said:
    stock = result.stock
    name = say.name(stock.product)
    if stock.few:
        head = say.n("instock.few", stock.available, name=name)
    else:
        head = say("instock.now", name=name)
    watch = press(say.label("button.next_time"), f"watch:{stock.product.id}:{result.quantity}")
    text = lines(head, facts(say, stock.product), "", say("instock.offer"))
    return said(text, link(say, "button.buy", stock.product.url), (watch,))


def not_found(say: Voice, result: NotFound, verb: str = "sub", quantity: int = 1) -> Said:
    """`verb` is what a suggestion does when pressed: sub, look or why."""
    if not result.query.strip():
        return said(say("notfound.link"))
    query = say.words(result.query, 80)
    if not result.closest:
        return said(lines(say("notfound.nothing", query=query), "", say("notfound.hint")))
    tail = f":{quantity}" if verb == "sub" else ""
    rows = [
        (press(product_label(say, stock), f"{verb}:{stock.product.id}{tail}"),)
        for stock in result.closest[:5]
    ]
    return said(lines(say("notfound.head", query=query), say("notfound.closest")), *rows)


def limit_reached(say: Voice, result: LimitReached) -> Said:
    text = lines(say.n("limit.reached", result.limit), say("limit.hint"))
    return said(text, (press(say.label("button.list"), "list:0"),))


def not_for_sale(say: Voice, result: NotForSale) -> Said:
    name = say.name(result.product)
    return said(lines(say("notify.notforsale", name=name), facts(say, result.product)))


def changed(say: Voice, result: Changed) -> Said:
    item = result.subscription
    text = lines(changed_words(say, result), facts(say, item.product), _after(say, item))
    return said(text, _changed_buttons(say, item))


def changed_words(say: Voice, result: Changed) -> Safe:
    """What the button did, or how it stands when it did nothing."""
    name = say.name(result.subscription.product, 60)
    if not result.done:
        return say("changed.already", name=name, standing=stands(say, result.subscription))
    return say(CHANGED.get(result.verb, "changed.undo"), name=name)


CHANGED = {
    "remove": "changed.remove",
    "pause": "changed.pause",
    "resume": "changed.resume",
    "undo": "changed.undo",
    "bought": "changed.bought",
    "no_thanks": "changed.no_thanks",
}


def _after(say: Voice, item: Subscription) -> Safe | None:
    return place(say, item.place) if item.state is SubscriptionState.WAITING else None


def _changed_buttons(say: Voice, item: Subscription) -> Row:
    label = say.label
    back = press(label("button.list"), "list:0")
    if item.state is SubscriptionState.ENDED:
        return press(label("button.undo"), f"undo:{item.id}"), back
    if item.state is SubscriptionState.PAUSED:
        return press(label("button.resume"), f"resume:{item.id}"), back
    return press(label("button.stop_waiting"), f"rm:{item.id}"), back


def stopped(say: Voice, result: Stopped) -> Said:
    ended = result.subscriptions
    if not ended:
        return said(say("stop.nothing_at_all" if result.everything else "stop.nothing"))
    undo = press(say.label("button.undo"), f"stopundo:{ended[0].id}")
    if len(ended) == 1:
        text = say("stop.one", name=say.name(ended[0].product))
        return said(lines(text, facts(say, ended[0].product)), (undo,))
    entries = [Safe("• " + joined_name(say, item)) for item in ended[:20]]
    head = say.n("stop.many", len(ended))
    return said(fitted(say, head, entries, len(ended)), (undo,))


def joined_name(say: Voice, item: Subscription) -> Safe:
    return Safe(f"{say.name(item.product, 60)} {say.code(item.product.sku)}")


def subscription_list(say: Voice, result: SubscriptionList) -> Said:
    if not result.subscriptions:
        return said(say("list.empty"))
    entries = [
        _entry(say, number, item) for number, item in enumerate(result.subscriptions, start=1)
    ]
    rows = [
        _entry_buttons(say, number, item, result.page)
        for number, item in enumerate(result.subscriptions, start=1)
    ]
    head = say.bold(say("list.head"))
    return said(fitted(say, f"{head}\n", entries), *rows, _pager(say, result))


def _entry(say: Voice, number: int, item: Subscription) -> Safe:
    asked = say("list.quantity", quantity=item.quantity) if item.quantity > 1 else None
    tail = f" · {asked}" if asked else ""
    name = f"{number}. {say.name(item.product)} {say.code(item.product.sku)}"
    return lines(name, f"    {stands(say, item)}{tail}")


def _entry_buttons(say: Voice, number: int, item: Subscription, page: int) -> Row:
    label = say.label
    remove = press(label("list.remove", number=number), f"rm:{item.id}:{page}")
    if item.state is SubscriptionState.PAUSED:
        return press(label("list.resume", number=number), f"resume:{item.id}:{page}"), remove
    return press(label("list.pause", number=number), f"pause:{item.id}:{page}"), remove


def _pager(say: Voice, result: SubscriptionList) -> Row:
    label = say.label
    before = press(label("list.before"), f"list:{result.page - 1}")
    after = press(label("list.after", page=result.page + 2, pages=result.pages),
                  f"list:{result.page + 1}")  # fmt: skip
    has_before, has_after = result.page > 0, result.page + 1 < result.pages
    return ((before,) if has_before else ()) + ((after,) if has_after else ())
