"""SIGTERM takes nothing new, waits for what is on the wire, and the bot is gone within 10 s."""

import asyncio
import os
import signal
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import func, select

from storage.database import Database
from storage.tables import notice
from tests.faults.stage import Stage, staged

pytestmark = pytest.mark.promises

GONE_WITHIN = 10.0
PATIENCE = 60.0
INFO = {"LOG_LEVEL": "INFO"}


async def on_the_wire(stage: Stage) -> int:
    database = Database(stage.url)
    try:
        async with database.read() as tx:
            counted = select(func.count()).where(notice.c.on_wire, notice.c.settled_at.is_(None))
            return int((await tx.execute(counted)).scalar_one())
    finally:
        await database.close()


async def until_on_the_wire(stage: Stage, count: int) -> None:
    async with asyncio.timeout(PATIENCE):
        while await on_the_wire(stage) < count:
            await stage.until(lambda: False, 0.05)


async def stopped(stage: Stage) -> int:
    """SIGTERM; the exit code, in the time that was promised."""
    began = asyncio.get_running_loop().time()
    code = await stage.bot.terminate(PATIENCE)
    assert asyncio.get_running_loop().time() - began <= GONE_WITHIN
    return code


async def test_answers_that_take_two_seconds_are_waited_for_and_nothing_is_repeated(
    tmp_path: Path,
) -> None:
    async with staged(tmp_path, crowd=30, env=INFO) as stage:
        await stage.sandbox.driver.faults(telegram={"latency_ms": 2_000})
        await stage.restock(0)
        await until_on_the_wire(stage, 4)
        assert await stopped(stage) == 0
        assert await on_the_wire(stage) == 0
        before = len(stage.copies())
        assert 4 <= before < 30  # it did not tell everybody first either
        await stage.sandbox.driver.clear_faults()
        await stage.again()
        assert await stage.everybody_told(0, PATIENCE)
        assert not await stage.quiet(PATIENCE)
        assert set(Counter(copy.chat for copy in stage.copies()).values()) == {1}
        assert not any(copy.marked for copy in stage.copies())
    assert "Traceback" not in stage.bot.text


async def test_answers_that_never_come_are_in_doubt_and_told_once_more_with_a_mark(
    tmp_path: Path,
) -> None:
    async with staged(tmp_path, crowd=5, env=INFO) as stage:
        await stage.sandbox.driver.faults(telegram={"latency_ms": 120_000})
        await stage.restock(0)
        await until_on_the_wire(stage, 1)
        assert await stopped(stage) == 0
        doubtful = await on_the_wire(stage)
        assert doubtful
        await stage.sandbox.driver.clear_faults()
        await stage.again()
        assert await stage.everybody_told(0, PATIENCE)
        assert not await stage.quiet(PATIENCE)
        assert sum(copy.marked for copy in stage.copies()) == doubtful
        assert max(Counter(copy.chat for copy in stage.copies()).values()) <= 2
    assert "Traceback" not in stage.bot.text


async def test_a_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    async with staged(tmp_path, crowd=5, env=INFO) as stage:
        await stage.sandbox.driver.faults(telegram={"latency_ms": 120_000})
        await stage.restock(0)
        await until_on_the_wire(stage, 1)
        for number in (signal.SIGTERM, signal.SIGINT):
            os.kill(stage.bot.pid, number)
            with suppress(ProcessLookupError):
                await stage.bot.wait_for_output("stopping", PATIENCE)
        assert await stage.bot.wait(PATIENCE) == -signal.SIGINT
        assert "did not stop in time" not in stage.bot.text


async def test_what_arrived_while_it_stopped_is_answered_after_the_start(tmp_path: Path) -> None:
    async with staged(tmp_path, crowd=1, env=INFO) as stage:
        await stage.sandbox.driver.faults(telegram={"latency_ms": 2_000})
        customers = [await stage.sandbox.telegram.customer(f"C{n}") for n in range(10)]
        for customer in customers:
            await customer.say("/help")
        assert await stopped(stage) == 0
        await stage.sandbox.driver.clear_faults()
        await stage.again()
        for customer in customers:
            await customer.wait_for(bool, PATIENCE)
            assert len(await customer.messages()) == 1
