"""What a pacer knew is known to the next one on the same database."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select, text

from bot.channels.pacer import Pacer, telegram_rate
from bot.channels.slack_client import slack_pacer
from bot.domain.faults import DatabaseDown
from bot.domain.notices import Lane
from bot.domain.sending import RetryAfter
from bot.services.engine.pacing import PaceMemory
from storage.database import Database
from storage.tables import pace
from storage.vault import Vault, generate_key
from tests.bot.channels.crowd import Hours, most_in
from tests.support.clock import START, Clock
from tests.support.shop import Shop

GROUP = "-100123"


@pytest.fixture
def hours() -> Hours:
    return Hours()


Now = Callable[[], datetime]


@pytest.fixture
def wall(hours: Hours) -> Now:
    """The time of day, which goes on as the hours do."""
    began = hours.now
    return lambda: START + timedelta(seconds=hours.now - began)


class Runs:
    """Processes on one database, one after the other; a killed one stores nothing more."""

    def __init__(self, database: Database, vault: Vault, hours: Hours, wall: Now) -> None:
        self.database, self.vault, self.hours, self.wall = database, vault, hours, wall
        self.memory = self.remember()

    def remember(self) -> PaceMemory:
        return PaceMemory(self.database, self.vault, self.wall, "telegram")

    def start(self) -> Pacer:
        self.memory = self.remember()
        return Pacer(
            30, rate_of=telegram_rate, memory=self.memory, clock=self.hours, sleep=self.hours.sleep
        )

    async def rows(self) -> int:
        async with self.database.read() as tx:
            return int((await tx.execute(select(func.count()).select_from(pace))).scalar_one())


@pytest.fixture
def runs(database: Database, vault: Vault, hours: Hours, wall: Now) -> Runs:
    return Runs(database, vault, hours, wall)


async def test_a_hold_outlives_a_kill(runs: Runs, hours: Hours) -> None:
    pacer = runs.start()
    await pacer.turn("42", Lane.RESTOCK)
    await pacer.refused("42", 60)
    hours.now += 20
    pacer = runs.start()
    for seconds in (40, 20):
        with pytest.raises(RetryAfter) as later:
            await pacer.turn("42", Lane.REPLY)
        assert later.value.seconds == pytest.approx(seconds)
        hours.now += 20
    await pacer.turn("42", Lane.RESTOCK)


async def test_others_are_not_held(runs: Runs) -> None:
    await runs.start().refused("42", 60)
    await runs.start().turn("43", Lane.RESTOCK)


async def test_a_group_has_no_more_than_twenty_a_minute_over_restarts(
    runs: Runs, hours: Hours
) -> None:
    turns: list[float] = []

    async def write(pacer: Pacer) -> None:
        while True:
            await pacer.turn(GROUP, Lane.REPLY)
            turns.append(hours.now)

    for _ in range(6):
        pacer = runs.start()
        await pacer.load()
        task = asyncio.create_task(write(pacer))
        await hours.pass_by(15)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await runs.memory.keep()
    assert most_in(turns, 60) <= 20
    assert len(turns) >= 25


async def test_a_private_chat_needs_no_memory(runs: Runs) -> None:
    pacer = runs.start()
    await pacer.turn("42", Lane.RESTOCK)
    await runs.memory.keep()
    assert await runs.rows() == 0


async def test_slack_methods_that_are_counted_in_minutes_are_remembered(
    database: Database, vault: Vault, hours: Hours, wall: Now
) -> None:
    def start() -> tuple[Pacer, PaceMemory]:
        memory = PaceMemory(database, vault, wall, "slack")
        return slack_pacer(hours, hours.sleep, memory), memory

    pacer, memory = start()
    for _ in range(10):
        await pacer.turn("method:chat.update", Lane.REPLY)
    await memory.keep()
    pacer, _ = start()
    await pacer.load()
    task = asyncio.create_task(pacer.turn("method:chat.update", Lane.REPLY))
    await hours.pass_by(1.4)
    assert not task.done()
    await hours.pass_by(0.2)
    assert task.done()


async def test_many_notes_are_few_commits(runs: Runs) -> None:
    commits = 0

    def count() -> None:
        nonlocal commits
        commits += 1

    runs.database.after_commit.append(count)
    stop = asyncio.Event()
    task = asyncio.create_task(runs.memory.run(stop))
    for number in range(500):
        runs.memory.note(f"-{number}", 60, 0)
    await runs.memory.keep()
    stop.set()
    await task
    assert await runs.rows() == 500
    assert commits <= 2


async def test_what_is_noted_before_the_stop_is_stored(runs: Runs) -> None:
    stop = asyncio.Event()
    task = asyncio.create_task(runs.memory.run(stop))
    await asyncio.sleep(0)
    runs.memory.note(GROUP, 60, 0)
    stop.set()
    await task
    assert await runs.rows() == 1


async def test_after_the_key_was_changed_the_hold_is_still_known(
    database: Database, hours: Hours, wall: Now
) -> None:
    old, new = generate_key(), generate_key()
    await Runs(database, Vault([old]), hours, wall).start().refused("42", 60)
    pacer = Runs(database, Vault([new, old]), hours, wall).start()
    with pytest.raises(RetryAfter):
        await pacer.turn("42", Lane.RESTOCK)


async def test_whoever_stood_by_takes_up_what_the_other_process_was_told(runs: Runs) -> None:
    leads, stands_by = runs.start(), runs.start()
    await stands_by.turn("42", Lane.REPLY)
    await leads.refused("42", 60)
    await stands_by.load()
    with pytest.raises(RetryAfter):
        await stands_by.turn("42", Lane.REPLY)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_while_the_disk_is_full_a_hold_stands_and_it_is_stored_later(runs: Runs) -> None:
    pacer = runs.start()
    for number in range(2_000):
        runs.memory.note(f"-{number}", 60, 0)
    await limit_pages(runs.database, 1)
    await pacer.refused("42", 60)
    assert await runs.rows() == 0
    with pytest.raises(RetryAfter):
        await pacer.turn("42", Lane.REPLY)
    with pytest.raises(DatabaseDown):  # and the supervisor starts it again
        await asyncio.wait_for(runs.memory.run(asyncio.Event()), 30)
    await limit_pages(runs.database, 1_000_000)
    await runs.memory.keep()
    assert await runs.rows() == 2_001


async def limit_pages(database: Database, pages: int) -> None:
    """Few leave the file no room: to SQLite it is as if the disk were full."""
    async with database.write() as tx:
        await tx.execute(text(f"PRAGMA max_page_count = {pages}"))


async def test_what_is_free_again_is_purged(shop: Shop, clock: Clock) -> None:
    runs = Runs(shop.database, shop.vault, Hours(), clock)
    runs.memory.note(GROUP, 60, 0)
    await runs.memory.keep()
    await shop.services.upkeep.forget_old()
    assert await runs.rows() == 1
    clock.forward(seconds=61)
    await shop.services.upkeep.forget_old()
    assert await runs.rows() == 0


async def test_a_hold_of_a_clock_that_was_ahead_lasts_no_longer_than_was_said(
    database: Database, vault: Vault, clock: Clock
) -> None:
    memory = PaceMemory(database, vault, clock, "telegram")
    clock.forward(hours=3)
    memory.note("42", 5.0, 40.0)
    await memory.keep()
    clock.forward(hours=-3)
    again = PaceMemory(database, vault, clock, "telegram")
    await again.load()
    assert again.recall("42") == (5.0, 40.0)


@pytest.mark.parametrize("seconds", [1e12, 1e300, float("inf"), float("nan"), -5.0])
async def test_a_hold_that_cannot_be_meant_is_stored_all_the_same(
    runs: Runs, seconds: float
) -> None:
    pacer = runs.start()
    await pacer.turn("42", Lane.RESTOCK)
    await pacer.refused("42", RetryAfter(seconds).seconds)
    assert await runs.rows() in (0, 1)
