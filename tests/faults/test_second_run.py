"""One bot leads on a database; a second one is refused (SQLite) or takes over (PostgreSQL)."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.sandbox.server import Sandbox
from bot.sandbox.telegram_driver import Customer
from tests.support.databases import PostgresServer
from tests.support.process import BotProcess, settings_for

pytestmark = pytest.mark.promises

TAKES_OVER_WITHIN = 30.0  # seconds
STARTS_WITHIN = 60.0  # machines that run tests are slow


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as running:
        await running.slack.channel("C1")
        yield running


def bots(folder: Path, sandbox: Sandbox, url: str) -> tuple[BotProcess, BotProcess]:
    """Two that would run on the same database, with the same keys."""
    env = settings_for(sandbox, DATABASE_URL=url, ADMINS="slack:U1")
    return BotProcess(folder, env, name="first"), BotProcess(folder, env, name="second")


async def ask(customer: Customer, words: str = "/help", *, timeout: float = 5) -> str:  # noqa: ASYNC109
    """What the bot answers to it."""
    before = max((m["message_id"] for m in await customer.messages()), default=0)
    await customer.say(words)
    answer = await customer.wait_for(bool, timeout, after=before)
    return str(answer["text"])


async def test_a_second_run_on_the_same_file_refuses_in_one_line(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    first, second = bots(tmp_path, sandbox, "sqlite:///data/shop.db")
    async with first:
        await first.wait_until_listening(sandbox.driver)
        await second.start()
        assert await second.wait() == 1
        (line,) = second.text.splitlines()
        assert line.startswith("Error: Stockbell is already running on data/shop.db: stop that one")
        customer = await sandbox.telegram.customer()
        assert await ask(customer)
    assert "Traceback" not in first.text


async def test_a_killed_run_leaves_no_lock_behind(tmp_path: Path, sandbox: Sandbox) -> None:
    first, second = bots(tmp_path, sandbox, "sqlite:///data/shop.db")
    async with first:
        await first.wait_until_listening(sandbox.driver)
        await first.kill()
        async with second:
            await second.wait_until_listening(sandbox.driver)


async def test_on_postgresql_the_second_stands_by_and_takes_over_when_the_first_is_killed(
    tmp_path: Path, sandbox: Sandbox, postgres: PostgresServer
) -> None:
    first, second = bots(tmp_path, sandbox, postgres.new())
    async with first:
        await first.wait_until_listening(sandbox.driver)
        customer = await sandbox.telegram.customer()
        await ask(customer)
        async with second:
            await second.wait_for_output("standing by", STARTS_WITHIN)
            state = await sandbox.driver.state()
            assert state["slack"]["connections"] == 1
            await ask(customer)
            assert "starting" not in second.text
            await first.kill()
            assert await ask(customer, timeout=TAKES_OVER_WITHIN)
            await second.wait_for_output("starting")
        assert second.text.count("Traceback") == 0
    postgres.drop()


async def test_who_stands_by_stops_when_told_to(
    tmp_path: Path, sandbox: Sandbox, postgres: PostgresServer
) -> None:
    first, second = bots(tmp_path, sandbox, postgres.new())
    async with first:
        await first.wait_until_listening(sandbox.driver)
        await second.start()
        await second.wait_for_output("standing by", STARTS_WITHIN)
        assert await second.terminate() == 0
        assert "Traceback" not in second.text
    postgres.drop()


async def test_two_that_start_at_once_on_an_empty_database_migrate_it_once(
    tmp_path: Path, sandbox: Sandbox, empty_url: str
) -> None:
    first, second = bots(tmp_path, sandbox, empty_url)
    for bot in (first, second):
        bot.command = (*bot.command[:-1], "migrate")
    await asyncio.gather(first.start(), second.start())
    assert [await first.wait(), await second.wait()] == [0, 0], first.text + second.text
    said = first.text + second.text
    assert said.count("applied 0001") == 1
    assert said.count("The database is up to date.") == 2
