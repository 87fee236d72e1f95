"""What customers are told without asking."""

from bot.domain.forms import Button
from bot.domain.stock import Product
from bot.domain.telling import (
    RestockAnswered,
    RestockChanged,
    RestockOver,
    RestockTold,
    SoldOut,
    SubscriptionExpired,
)
from bot.render.customer_parts import Row, Said, facts, link, press, said
from bot.render.escape import Safe
from bot.render.voice import Voice, lines


def restock(say: Voice, told: RestockTold) -> Said:
    stock = told.stock
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
    return said(text, *_restock_buttons(say, stock.product, told.subscription_id))


def _restock_buttons(say: Voice, product: Product, subscription_id: int) -> tuple[Row, Row, Row]:
    """The way to buy it, the two answers, the reasons."""
    label = say.label
    answers = (
        press(label("button.bought"), f"bought:{subscription_id}"),
        press(label("button.no_thanks"), f"nothx:{subscription_id}"),
    )
    why = (press(label("button.why"), f"why:{product.id}"),)
    return link(say, "button.buy", product.url), answers, why


def restock_changed(say: Voice, told: RestockChanged) -> Said:
    """The restock message while there still is something to buy."""
    stock, name = told.stock, say.name(told.stock.product)
    if told.more:
        head = say("living.more", name=name, time=say.moment(told.at))
    else:
        head = say.n("living.few", stock.available, name=name, time=say.moment(told.at))
    text = lines(
        head,
        facts(say, stock.product),
        say("restock.quantity", quantity=told.quantity) if told.quantity > 1 else None,
        "",
        say("restock.answer"),
    )
    return said(text, *_restock_buttons(say, stock.product, told.subscription_id))


def restock_answered(say: Voice, told: RestockAnswered) -> Said:
    item = told.subscription
    text = lines(say("answered.ended", name=say.name(item.product)), facts(say, item.product))
    return said(text, (press(say.label("button.undo"), f"undo:{item.id}"),))


def restock_over(say: Voice, told: RestockOver) -> Said:
    """The restock message after it is gone: short, it was read already."""
    name = say.name(told.product)
    why = press(say.label("button.why"), f"why:{told.product.id}")
    if told.not_sold:
        return said(lines(say("notify.notforsale", name=name), facts(say, told.product)), (why,))
    if told.withdrawn:
        head = say("over.withdrawn", name=name)
    else:
        head = say("over.sold_out", name=name, time=say.moment(told.at))
    text = lines(head, facts(say, told.product), _kept(say, told.place))
    return said(text, (_stop(say, told.subscription_id), why))


def _kept(say: Voice, number: int) -> Safe | None:
    return say("over.place", place=number) if number > 0 else None


def sold_out(say: Voice, told: SoldOut) -> Said:
    text = lines(
        say("soldout.head", name=say.name(told.product)),
        facts(say, told.product),
        "",
        say("soldout.place", place=told.place) if told.place > 0 else say("soldout.waiting"),
    )
    why = press(say.label("button.why"), f"why:{told.product.id}")
    return said(text, (_stop(say, told.subscription_id), why))


def _stop(say: Voice, subscription_id: int) -> Button:
    return press(say.label("button.stop_waiting"), f"rm:{subscription_id}")


def subscription_expired(say: Voice, told: SubscriptionExpired) -> Said:
    name = say.name(told.product)
    renew = press(say.label("button.renew"), f"sub:{told.product.id}:1")
    text = lines(
        say.n("lapsed.head", told.days, name=name), facts(say, told.product), say("lapsed.hint")
    )
    return said(text, (renew,))
