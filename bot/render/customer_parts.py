"""Pieces of what customers are told, in whatever form: words, and the buttons under them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

from bot.domain.customers import Availability
from bot.domain.forms import Button
from bot.domain.stock import Product
from bot.domain.subscriptions import Subscription, SubscriptionState
from bot.domain.utf16 import units
from bot.render.escape import Safe, clean
from bot.render.voice import Voice, joined

ROOM = 3_900  # of a text, a little under Telegram's 4096: the shortest limit of a form
LABEL = 40  # a button's words that fit on a phone
Row = tuple[Button, ...]


@dataclass(frozen=True, slots=True)
class Said:
    """Words in a voice, and rows of buttons; a form makes its message of it.

    A button's data is `<verb>:<number>[:<number>]`, whatever the form.
    """

    text: Safe
    rows: tuple[Row, ...] = ()


def said(text: Safe, *rows: Row | None) -> Said:
    """The text over the rows that are not empty."""
    return Said(text, tuple(row for row in rows if row))


def press(label: str, data: str) -> Button:
    return Button(text=label, data=data)


def link(say: Voice, msgid: str, url: str) -> Row:
    """A row with one link, or none when a platform would refuse the address."""
    return (Button(text=say.label(msgid), url=url),) if good_url(url) else ()


@lru_cache(maxsize=256)
def good_url(url: str) -> bool:
    """http(s) with a dotted host: Telegram refuses a whole message for one bad button."""
    if not url.isprintable() or " " in url or len(url) > 2000:
        return False
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and "." in host.strip(".")


def facts(say: Voice, product: Product, *more: Safe | None) -> Safe:
    """The line under the first: code, price, what else there is to say."""
    return joined([say.code(product.sku), say.price(product), *more])


def product_label(say: Voice, stock: Availability) -> str:
    """A suggestion on a button: whether it is in stock, its name, its code."""
    mark = "✅" if stock.in_stock else "⏳"
    code = clean(stock.product.sku, 24)
    name = clean(stock.product.name, LABEL)
    text = f"{mark} {name} · {code}" if name else f"{mark} {code}"
    return say.label.words(text, LABEL + 30)


def place(say: Voice, number: int) -> Safe | None:
    """`You are number 3 in line.`"""
    if number < 1:
        return None
    return say("line.first") if number == 1 else say("line.place", place=number)


def stands(say: Voice, item: Subscription) -> Safe:
    """How one subscription stands, in a few words."""
    if item.state is SubscriptionState.WAITING and not item.armed:
        return say("stands.watching")
    if item.state is SubscriptionState.WAITING and item.place > 0:
        return say("stands.place", place=item.place)
    return say(STANDS[item.state])


STANDS = {
    SubscriptionState.WAITING: "stands.waiting",
    SubscriptionState.TOLD: "stands.told",
    SubscriptionState.PAUSED: "stands.paused",
    SubscriptionState.ENDED: "stands.ended",
}


def wanted(say: Voice, quantity: int) -> Safe | None:
    """`You want 3.`, when it is more than one."""
    return say("line.quantity", quantity=quantity) if quantity > 1 else None


def fitted(
    say: Voice, head: str, entries: Sequence[Safe], total: int = 0, room: int = ROOM
) -> Safe:
    """Head and as many entries as `room` holds; the rest, up to `total`, is counted."""
    text, shown = head, 0
    for entry in entries:
        longer = f"{text}\n{entry}"
        if units(longer) > room:
            break
        text, shown = longer, shown + 1
    rest = max(total, len(entries)) - shown
    return Safe(f"{text}\n{say.n('list.more', rest)}" if rest > 0 else text)
