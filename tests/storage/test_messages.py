"""What a platform shows, so that it can be edited."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.contacts import Address
from bot.domain.living import Says
from bot.domain.notices import Lane, NewNotice, NoticeKind
from bot.domain.ways import SLACK
from storage import contacts, messages, notices
from storage.database import Database
from storage.messages import Message
from storage.vault import Vault
from tests.support.clock import Clock


@pytest.fixture
async def tx(database: Database) -> AsyncIterator[AsyncConnection]:
    async with AsyncExitStack() as stack:
        yield await stack.enter_async_context(database.write())


@pytest.fixture
async def channel(tx: AsyncConnection, vault: Vault, clock: Clock) -> int:
    return (await contacts.channel(tx, vault, Address(SLACK, "C0ALERTS"), clock())).id


@pytest.fixture
async def notice_id(tx: AsyncConnection, channel: int, clock: Clock) -> int:
    new = NewNotice(NoticeKind.ALERT, "alert:1", channel, Lane.ALERT, "alert:1")
    return (await notices.queue(tx, [new], clock()))[0]


async def _remember(
    tx: AsyncConnection, channel: int, notice_id: int, ref: str, clock: Clock
) -> None:
    posted = messages.Posted(channel, "alert:1", ref, notice_id, "hash")
    await messages.remember(tx, [posted], clock())


async def stored(tx: AsyncConnection, channel: int, subject: str = "alert:1") -> Message | None:
    return (await messages.find_many(tx, [(channel, subject)])).get((channel, subject))


async def test_a_message_is_found_by_its_subject(
    tx: AsyncConnection, channel: int, notice_id: int, clock: Clock
) -> None:
    await _remember(tx, channel, notice_id, "17.001", clock)
    found = await stored(tx, channel)
    assert found is not None
    assert (found.ref, found.shown, found.says, found.edits) == ("17.001", "hash", Says.UNKNOWN, 0)
    assert await stored(tx, channel, "alert:2") is None


async def test_a_message_posted_anew_takes_the_place_of_the_old_one(
    tx: AsyncConnection, channel: int, notice_id: int, clock: Clock
) -> None:
    await _remember(tx, channel, notice_id, "17.001", clock)
    await _remember(tx, channel, notice_id, "17.002", clock)
    found = await stored(tx, channel)
    assert found is not None
    assert found.ref == "17.002"


async def test_an_edit_counts_up_and_keeps_what_is_shown(
    tx: AsyncConnection, channel: int, notice_id: int, clock: Clock
) -> None:
    await _remember(tx, channel, notice_id, "17.001", clock)
    before = await stored(tx, channel)
    assert before is not None
    await messages.edited(tx, before.id, "other hash", clock(), Says.OVER)
    assert await stored(tx, channel) == replace(before, edits=1, shown="other hash", says=Says.OVER)


async def test_a_lost_message_and_those_of_a_deleted_contact_are_forgotten(
    tx: AsyncConnection, channel: int, notice_id: int, clock: Clock
) -> None:
    await _remember(tx, channel, notice_id, "17.001", clock)
    found = await stored(tx, channel)
    assert found is not None
    await messages.lost(tx, found.id)
    assert await stored(tx, channel) is None
    await _remember(tx, channel, notice_id, "17.002", clock)
    await contacts.delete(tx, channel)
    assert await stored(tx, channel) is None
