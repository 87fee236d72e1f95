"""A verb is one file (ping.py) and one row: nothing else has to know of it."""

from collections.abc import AsyncIterator

import pytest

from bot.domain import sources
from bot.domain.contacts import Role
from bot.domain.staff import Acting, Refused
from bot.sandbox.server import Sandbox
from handlers.verbs.act import do
from handlers.verbs.table import VERBS, Verbs
from tests.handlers.slack.desk import Desk, by_socket, open_desk, open_sandbox
from tests.handlers.verbs.ping import PING, Ping, Pong
from tests.support.shop import CLERK, VIEWER, Shop

ROWS = (*VERBS, PING)


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with open_sandbox() as sandbox:
        yield sandbox


@pytest.fixture
async def desk(sandbox: Sandbox, shop: Shop) -> AsyncIterator[Desk]:
    async with open_desk(sandbox, shop, verbs=ROWS) as desk, by_socket(desk):
        yield desk


def test_it_is_understood_and_without_its_row_it_is_a_search() -> None:
    assert Verbs(ROWS).understand("ping MUG-BLUE") == (PING, Ping("MUG-BLUE"))
    assert Verbs(ROWS).understand('"ping" +5')[0] is not PING
    assert Verbs().understand("ping MUG-BLUE")[0].word == ""


async def test_it_takes_the_role_that_its_row_says(shop: Shop) -> None:
    request = Ping("MUG-BLUE")
    assert await shop.do(PING, request, VIEWER) == Refused(Role.VIEWER, Role.CLERK)
    assert await shop.do(PING, request, CLERK) == Pong("MUG-BLUE", found=True)


async def test_who_asks_cannot_bring_a_lower_need_along(shop: Shop) -> None:
    acting = Acting(VIEWER, sources.SLACK, shop.key(), needed=Role.VIEWER)
    done = await do(shop.services, PING, Ping("MUG-BLUE"), acting)
    assert done.result == Refused(Role.VIEWER, Role.CLERK)


async def test_it_is_answered_in_slack_and_stands_in_the_help(desk: Desk) -> None:
    cleo, vera = desk.person("cleo"), desk.person("vera")
    await cleo.command("/stock ping MUG-BLUE")
    await cleo.wait_for("pong MUG-BLUE found")
    await cleo.command("/stock ping")
    await cleo.wait_for("`/stock ping MUG-BLUE` · all of it")
    await cleo.command("/stock help")
    await cleo.wait_for("`/stock ping MUG-BLUE` look it up")
    await vera.command("/stock ping MUG-BLUE")
    await vera.wait_for("this needs clerk")
