"""Bots that are really broken, each in one way: the campaigns' judges find them."""

import asyncio
from contextlib import suppress
from contextvars import Context
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from bot.app.platforms import Platforms
from bot.app.running import App
from bot.channels.base import Channel
from bot.domain.contacts import Address, Caller
from bot.domain.forms import Rendered
from bot.domain.notices import Lane
from bot.domain.sending import InDoubt, NotSent
from bot.domain.ways import SLACK, TELEGRAM
from bot.sandbox.server import Sandbox
from bot.supervisor import Supervisor
from tests.faults.judging import Copies, Copy, judge_copies
from tests.faults.rows import SEED
from tests.faults.stage import MARKS, STAFF, add_crowd, sku
from tests.support.live import bot_settings, running
from tests.support.shop import Shop

pytestmark = pytest.mark.promises

PEOPLE = 20
ANN = Caller(Address(SLACK, STAFF))


@dataclass
class Wrapped:
    """The real channel, and a mistake of its own."""

    inner: Channel[Any]

    async def send(self, address: str, rendered: Rendered, lane: Lane) -> str:
        return await self.inner.send(address, rendered, lane)

    async def edit(self, address: str, ref: str, rendered: Rendered, lane: Lane) -> None:
        await self.inner.edit(address, ref, rendered, lane)

    async def find(self, address: str, notice_id: int, since: datetime) -> str | None:
        return await self.inner.find(address, notice_id, since)


class Blind(Wrapped):
    """Takes an answer that did not come for a message that did not arrive."""

    async def send(self, address: str, rendered: Rendered, lane: Lane) -> str:
        try:
            return await self.inner.send(address, rendered, lane)
        except InDoubt as doubt:
            raise NotSent(str(doubt)) from doubt


@dataclass
class Hasty(Wrapped):
    """Says "sent" before it is, and hears no more of it."""

    sending: set[asyncio.Task[str]] = field(default_factory=set)

    async def send(self, address: str, rendered: Rendered, lane: Lane) -> str:
        send = self.inner.send(address, rendered, lane)
        task = asyncio.create_task(send, context=Context())  # without the worker's hook
        self.sending.add(task)
        task.add_done_callback(self._forget)
        return "1"

    def _forget(self, task: asyncio.Task[str]) -> None:
        self.sending.discard(task)
        task.exception()


def wrap(platforms: Platforms, mistake: type[Wrapped]) -> None:
    real = platforms.opened[TELEGRAM]
    platforms.opened[TELEGRAM] = replace(real, channel=mistake(real.channel))


class BlindApp(App):
    def start_outbox(self, supervisor: Supervisor, platforms: Platforms) -> None:
        wrap(platforms, Blind)
        App.start_outbox(self, supervisor, platforms)


class HastyApp(App):
    def start_outbox(self, supervisor: Supervisor, platforms: Platforms) -> None:
        wrap(platforms, Hasty)
        App.start_outbox(self, supervisor, platforms)


async def what_arrives(folder: Path, kind: type[App], when: str) -> Copies:
    """A fan-out while some of the answers are cut, as the campaign judges it."""
    async with Sandbox() as sandbox:
        await sandbox.slack.user(STAFF)
        await sandbox.slack.channel("C1")
        crowd = sandbox.crowd(PEOPLE)
        cut = {"probability": 0.3, "when": when, "methods": ["sendMessage"]}
        await sandbox.driver.faults(telegram={"seed": SEED, "cut": cut})
        async with running(sandbox, bot_settings(sandbox, folder, log_level="ERROR"), kind) as shop:
            product = await shop.product(sku(0), f"Kettle {sku(0)}")
            await add_crowd(shop, crowd, [product])
            await shop.stock(f"{sku(0)} +1000", ANN)
            await settled(sandbox, shop)
        copies = [
            Copy(
                sku(0),
                str(chat),
                message.message_id,
                any(m in message.text for m in MARKS.values()),
            )
            for chat in crowd
            for message in sandbox.told(chat)
        ]
    return judge_copies([(sku(0), str(chat)) for chat in crowd], copies)


async def settled(sandbox: Sandbox, shop: Shop) -> None:
    """Until every notice is settled; a settled one shows in the database only."""
    changes = sandbox.world.changes
    async with asyncio.timeout(30):
        while any(row.settled_at is None for row in await shop.rows("notice")):
            with suppress(TimeoutError):
                async with asyncio.timeout(0.2):
                    await changes.beyond(changes.version)


async def test_the_real_bot_loses_nothing_and_marks_what_it_repeats(tmp_path: Path) -> None:
    found = await what_arrives(tmp_path, App, "after")
    assert found.repeated
    assert (found.lost, found.unmarked, found.third) == ([], [], [])


async def test_a_bot_that_sends_again_after_an_unknown_outcome_is_found(tmp_path: Path) -> None:
    found = await what_arrives(tmp_path, BlindApp, "after")
    assert found.unmarked


async def test_a_bot_that_marks_before_it_sends_is_found(tmp_path: Path) -> None:
    found = await what_arrives(tmp_path, HastyApp, "before")
    assert found.lost
