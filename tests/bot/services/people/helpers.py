"""Mei, who is in Telegram and in Slack, and what she types there."""

from bot.domain.contacts import Address, Caller, Role
from bot.domain.joining import Joined, Refusal
from bot.domain.sources import Source
from bot.domain.staff import Acting
from bot.domain.ways import SLACK, TELEGRAM
from tests.support.shop import Shop

MEI = Caller(Address(TELEGRAM, "1"), "Mei", "en")
MEI_IN_SLACK = Caller(Address(SLACK, "U0MEI"), "mei")
TOM = Caller(Address(TELEGRAM, "2"), "Tom", "en")


async def code_for(shop: Shop, caller: Caller) -> str:
    return (await shop.services.joining.code(caller, shop.key())).code


async def give(shop: Shop, caller: Caller, code: str) -> Joined | Refusal:
    return await shop.services.joining.join(acting(shop, caller), code)


def acting(shop: Shop, caller: Caller, key: str = "") -> Acting:
    return Acting(caller, Source(caller.address.way), key or shop.key(), Role.CLERK)


async def undo(shop: Shop, caller: Caller, joining_id: int | None = None) -> object:
    return await shop.services.parting.undo(acting(shop, caller), joining_id)


async def joined(shop: Shop, one: Caller = MEI, other: Caller = MEI_IN_SLACK) -> Joined:
    """`one` is sent a code and `other` gives it."""
    code = await code_for(shop, one)
    shop.clock.forward(seconds=1)
    result = await give(shop, other, code)
    assert isinstance(result, Joined), result
    return result


async def wait_for(shop: Shop, caller: Caller, sku: str, quantity: int = 1) -> int:
    """The number of the place."""
    await shop.services.subscribing.notify(caller, sku, quantity, shop.key())
    return int((await shop.rows("subscription"))[-1].id)
