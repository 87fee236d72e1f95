"""Telegram: what customers are told without asking."""

from bot.domain.notices import Rendered
from bot.domain.subscriptions import SubscriptionState
from bot.domain.telling import (
    RestockAnswered,
    RestockOver,
    RestockTold,
    SoldOut,
    SubscriptionExpired,
)
from bot.render.escape import Safe
from bot.render.telegram_parts import Row, facts, link, message, press
from bot.render.voice import Voice, lines


def restock(say: Voice, told: RestockTold) -> Rendered:
    stock, label = told.stock, say.label
    name = say.name(stock.product)
    head = (
        say.n("restock.few", stock.available, name=name)
        if stock.few
        else say("restock.back", name=name)
    )
    text = lines(
        head,
        facts(say, stock.product),
        say("restock.quantity", quantity=told.quantity) if told.quantity > 1 else None,
        "",
        say("restock.answer"),
        say("restock.repeated") if told.repeated else None,
    )
    answers = (
        press(label("button.bought"), f"bought:{told.subscription_id}"),
        press(label("button.no_thanks"), f"nothx:{told.subscription_id}"),
    )
    reason = (press(label("button.why"), f"why:{stock.product.id}"),)
    return message(text, link(say, "button.buy", stock.product.url), answers, reason)


def restock_answered(say: Voice, told: RestockAnswered) -> Rendered:
    item = told.subscription
    text = lines(say(ANSWERED[told.state], name=say.name(item.product)), facts(say, item.product))
    return message(text, *_answered_buttons(say, told))


ANSWERED = {
    SubscriptionState.WAITING: "answered.waiting",
    SubscriptionState.TOLD: "answered.told",
    SubscriptionState.PAUSED: "answered.paused",
    SubscriptionState.ENDED: "answered.ended",
}


def _answered_buttons(say: Voice, told: RestockAnswered) -> list[Row]:
    item, label = told.subscription, say.label
    if told.state is SubscriptionState.ENDED:
        return [(press(label("button.undo"), f"undo:{item.id}"),)]
    if told.state is SubscriptionState.PAUSED:
        return [(press(label("button.resume"), f"resume:{item.id}"),)]
    buy = link(say, "button.buy", item.product.url) if told.stock.in_stock else ()
    answers = (
        press(label("button.bought"), f"bought:{item.id}"),
        press(label("button.no_thanks"), f"nothx:{item.id}"),
    )
    return [buy, answers]


def restock_over(say: Voice, told: RestockOver) -> Rendered:
    """The restock message after it is gone: short, it was read already."""
    name = say.name(told.product)
    if told.withdrawn:
        head = say("over.withdrawn", name=name)
    else:
        head = say("over.sold_out", name=name, time=say.moment(told.at))
    why = (press(say.label("button.why"), f"why:{told.product.id}"),)
    return message(lines(head, facts(say, told.product), _kept(say, told.place)), why)


def _kept(say: Voice, number: int) -> Safe | None:
    return say("over.place", place=number) if number > 0 else None


def sold_out(say: Voice, told: SoldOut) -> Rendered:
    text = lines(
        say("soldout.head", name=say.name(told.product)),
        facts(say, told.product),
        "",
        say("soldout.place", place=told.place) if told.place > 0 else say("soldout.waiting"),
    )
    stop = press(say.label("button.stop_waiting"), f"rm:{told.subscription_id}")
    return message(text, (stop, press(say.label("button.why"), f"why:{told.product.id}")))


def subscription_expired(say: Voice, told: SubscriptionExpired) -> Rendered:
    name = say.name(told.product)
    renew = press(say.label("button.renew"), f"sub:{told.product.id}:1")
    text = lines(
        say.n("lapsed.head", told.days, name=name), facts(say, told.product), say("lapsed.hint")
    )
    return message(text, (renew,))
