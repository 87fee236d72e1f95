"""A small seeded share of what is done to the database, and what its judge finds."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from bot.sandbox.server import Sandbox
from storage.vault import generate_key
from tests.faults import breaking
from tests.faults.broken_database import SAID, Seen, judged
from tests.faults.rows import SEED, failed, holds
from tests.support.databases import PostgresServer, own_postgres_server
from tests.support.process import BotProcess, settings_for

# Root may write everywhere, so this right is taken away first: capabilities(7), prctl(2).
UNPRIVILEGED = """
import ctypes, os, sys
PR_CAPBSET_DROP, CAP_DAC_OVERRIDE = 24, 1
ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, 0, 0, 0)
os.execv(sys.executable, [sys.executable, "-m", "bot", "run"])
"""


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STOCKBELL_BROKEN_SECONDS", "1")


@pytest.mark.promises
async def test_a_locked_and_a_full_sqlite_cost_nothing_but_time(tmp_path: Path) -> None:
    holds("sqlite", await breaking.on_sqlite(tmp_path, SEED))


@pytest.mark.promises
async def test_a_postgresql_that_is_stopped_and_started_costs_nothing_but_time(
    tmp_path: Path, postgres: PostgresServer
) -> None:
    with ExitStack() as stack:
        server = postgres
        if postgres.data is None:  # not ours to stop
            server = stack.enter_context(own_postgres_server())
        holds("postgresql", await breaking.on_server(server, tmp_path, SEED, "stopped"))
        server.drop()


def settings(sandbox: Sandbox, url: str) -> dict[str, str]:
    key = generate_key()
    return settings_for(sandbox, DATABASE_URL=url, PERSONAL_DATA_KEYS=key, ADMINS="slack:U1")


@pytest.fixture
def read_only_file(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "shop.db").touch(0o444)
    folder.chmod(0o555)
    yield folder / "shop.db"
    folder.chmod(0o755)


@pytest.mark.promises
async def test_a_read_only_file_at_the_start_is_said_in_one_line(
    tmp_path: Path, read_only_file: Path
) -> None:
    async with Sandbox() as sandbox:
        env = settings(sandbox, f"sqlite:///{read_only_file}")
        bot = BotProcess(tmp_path, env, command=("-c", UNPRIVILEGED))
        await bot.start()
        assert await bot.wait(60) == 1
    (said,) = bot.text.splitlines()
    assert said.startswith(f"Error: DATABASE_URL: the file {read_only_file} cannot be opened: ")


@pytest.mark.promises
async def test_a_bot_that_finds_a_read_only_server_says_so_and_leads_when_it_can(
    tmp_path: Path, postgres: PostgresServer
) -> None:
    url = postgres.new()
    name = make_url(url).database
    postgres.run(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    async with Sandbox() as sandbox, BotProcess(tmp_path, settings(sandbox, url)) as bot:
        await bot.wait_for_output(SAID, 60)
        await tried_again(postgres, str(name), times=2)
        meanwhile = bot.text
        postgres.run(
            f"ALTER DATABASE {name} RESET default_transaction_read_only",
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'",
        )
        await bot.wait_for_output("starting", 60)
    assert bot.text.count(SAID) == 1
    assert meanwhile.count("cannot lead") == 1
    assert "standing by" not in meanwhile  # nobody else leads
    assert "Traceback" not in bot.text
    postgres.drop()


async def tried_again(postgres: PostgresServer, name: str, times: int) -> None:
    """Until the bot has asked for the lock so many times more."""
    for _ in range(times):
        for held in (0, 1):  # it gives the lock back, and takes it once more
            async with asyncio.timeout(30):
                # another process: there is nothing to wait on
                while await asyncio.to_thread(postgres.advisory_locks, name) != held:  # noqa: ASYNC110
                    await asyncio.sleep(0.02)


@pytest.mark.parametrize(
    ("seen", "bar"),
    [
        (Seen(lost=["in-1"]), "lost"),
        (Seen(repeated=[("R0000", "7")]), "repeated"),
        (Seen(unmarked=[("R0000", "7")]), "without a word"),
        (Seen(restarts=1), "started anew"),
        (Seen(twice=["in-1"]), "done twice"),
        (Seen(unanswered=["7"]), "without an answer"),
        (Seen(log="Traceback (most recent call last):"), "tracebacks"),
        (Seen(log=f"{SAID}\n{SAID}"), "say so"),
        (Seen(well_after=16), "well again"),
        (Seen(red_after=11), "healthz"),
    ],
)
def test_the_judge_finds(seen: Seen, bar: str) -> None:
    assert [bar in row.what for row in failed(judged("", seen, red=True), timing=True)] == [True]


def test_one_line_and_a_red_page_are_as_it_should_be() -> None:
    seen = Seen(log=SAID, reason="the disk is full", red_after=3, well_after=1)
    assert not failed(judged("", seen, red=True), timing=True)
