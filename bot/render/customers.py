"""What customers read, in whatever form: the answers about waiting and the notices, by type."""

from collections.abc import Callable, Mapping
from typing import Any

from bot.domain import customers, telling
from bot.render import customer_line as line
from bot.render import customer_look as look
from bot.render import customer_notices as told
from bot.render.customer_parts import Said
from bot.render.voice import Voice

Words = Mapping[type, Callable[[Voice, Any], Said]]

ANSWERS: Words = {
    customers.Availability: look.availability,
    customers.NotFound: line.not_found,
    customers.Subscribed: line.subscribed,
    customers.InStockAlready: line.in_stock_already,
    customers.LimitReached: line.limit_reached,
    customers.NotForSale: line.not_for_sale,
    customers.Changed: line.changed,
    customers.SubscriptionList: line.subscription_list,
    customers.Stopped: line.stopped,
    customers.CustomerWhy: look.why,
}
NOTICES: Words = {
    telling.RestockTold: told.restock,
    telling.RestockAnswered: told.restock_answered,
    telling.RestockChanged: told.restock_changed,
    telling.RestockOver: told.restock_over,
    telling.SoldOut: told.sold_out,
    telling.SubscriptionExpired: told.subscription_expired,
}
