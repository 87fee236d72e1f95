"""What a platform shows, so that it can be edited."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.contacts import Address
from bot.domain.notices import Lane, NewNotice, NoticeKind
from bot.domain.ways import SLACK
from storage import contacts, messages, notices
from storage.database import Database
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
    posted = messages.Shown(channel, "alert:1", ref, notice_id, "hash")
    await messages.remember(tx, [posted], clock())


async def test_a_message_is_found_by_its_subject(
    tx: AsyncConnection, channel: int, notice_id: int, clock: Clock
) -> None:
    await _remember(tx, channel, notice_id, "17.001", clock)
    row = await messages.find(tx, channel, "alert:1")
    assert row is not None
    assert (row.ref, row.shown, row.revision) == ("17.001", "hash", 1)
    assert [found.id for found in await messages.of_subject(tx, "alert:1")] == [row.id]
    assert await messages.find(tx, channel, "alert:2") is None


async def test_a_message_posted_anew_takes_the_place_of_the_old_one(
    tx: AsyncConnection, channel: int, notice_id: int, clock: Clock
) -> None:
    await _remember(tx, channel, notice_id, "17.001", clock)
    await _remember(tx, channel, notice_id, "17.002", clock)
    assert [row.ref for row in await messages.of_subject(tx, "alert:1")] == ["17.002"]


async def test_an_edit_counts_up_and_keeps_what_is_shown(
    tx: AsyncConnection, channel: int, notice_id: int, clock: Clock
) -> None:
    await _remember(tx, channel, notice_id, "17.001", clock)
    (row,) = await messages.of_subject(tx, "alert:1")
    await messages.edited(tx, row.id, "other hash", clock.forward(seconds=1))
    (row,) = await messages.of_subject(tx, "alert:1")
    assert (row.revision, row.shown, row.edited_at) == (2, "other hash", clock())


async def test_a_lost_message_and_those_of_a_deleted_contact_are_forgotten(
    tx: AsyncConnection, channel: int, notice_id: int, clock: Clock
) -> None:
    await _remember(tx, channel, notice_id, "17.001", clock)
    (row,) = await messages.of_subject(tx, "alert:1")
    await messages.lost(tx, row.id)
    assert await messages.of_subject(tx, "alert:1") == []
    await _remember(tx, channel, notice_id, "17.002", clock)
    await contacts.delete(tx, channel)
    assert await messages.of_subject(tx, "alert:1") == []
