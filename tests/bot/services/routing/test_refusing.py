"""A form that a platform refuses is a fault of the bot's own: staff hear of it, once."""

from typing import Any

import pytest

from bot.domain.telling import Fault
from bot.domain.ways import SLACK, TELEGRAM
from bot.services.routing.refusing import kind_of
from tests.support.shop import Shop

BROKEN = 'Can\'t parse entities: unsupported start tag "{}" at byte offset {}'
KIND = "Can't parse entities: unsupported start tag … at byte offset …"
LINK = "inline keyboard button URL '{}' is invalid: can't be opened"


async def told(shop: Shop) -> list[Any]:
    return [data for _, data in await shop.deliver(SLACK)]


async def test_staff_are_told_once_for_each_reason_a_day_and_not_for_each_message(
    shop: Shop,
) -> None:
    await shop.alert_channel()
    refused = shop.services.refusing.form_refused
    for number in range(20):
        await refused(TELEGRAM, BROKEN.format(f"tag{number}", number))
    (fault,) = await told(shop)
    assert fault == Fault("fault.form", KIND, TELEGRAM)
    await refused(TELEGRAM, "BUTTON_URL_INVALID")
    await refused(SLACK, "BUTTON_URL_INVALID")
    assert len(await told(shop)) == 2
    shop.clock.forward(days=1)
    await refused(TELEGRAM, BROKEN.format("b", 1))
    assert len(await told(shop)) == 1


async def test_without_staff_channels_nobody_is_told(shop: Shop) -> None:
    await shop.services.refusing.form_refused(SLACK, "invalid_blocks")
    assert await shop.rows("notice") == []


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        (BROKEN.format("Ann Stone", 17), KIND),
        (LINK.format("http://ann.example"), LINK.replace("'{}'", "…")),
        ("invalid_blocks", "invalid_blocks"),
    ],
)
def test_what_only_one_message_has_is_left_out(reason: str, kind: str) -> None:
    assert kind_of(reason) == kind
