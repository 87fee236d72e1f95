"""The command inbox: what could not be worked off, in words, and again."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner, Result

from bot.app.ways import KNOWN
from bot.services.bundle import build_services
from bot.services.inbox.arriving import ATTEMPTS, Failed, Worked
from handlers.cli.inbox import Desk, inbox_command
from storage.database import Database
from storage.vault import Vault
from tests.support.clock import Clock
from tests.support.command import stockbell
from tests.support.databases import run_apart

ZONE = ZoneInfo("Asia/Shanghai")
SECRET = "my secret wish"


class Box:
    """A database and the command on it."""

    def __init__(self, url: str, vault: Vault, clock: Clock) -> None:
        self.url, self.vault, self.clock = url, vault, clock

    @asynccontextmanager
    async def desk(self) -> AsyncIterator[Desk]:
        database = Database(self.url)
        try:
            services = build_services(database, self.vault, self.clock, KNOWN)
            yield Desk(services.arriving, ZONE)
        finally:
            await database.close()

    def run(self, *arguments: str) -> Result:
        return CliRunner().invoke(inbox_command(self.desk), list(arguments))

    def fill(self, *errors: Exception, waiting: int = 0) -> None:
        """A dead letter for each of the errors."""
        run_apart(self._fill(errors, waiting))

    async def _fill(self, errors: tuple[Exception, ...], waiting: int) -> None:
        async with self.desk() as desk:
            for number, error in enumerate(errors):
                await desk.arriving.accept("telegram", str(number), f"{number}", {"text": SECRET})
                for _ in range(ATTEMPTS):
                    (claimed,) = await desk.arriving.turn([], 1)
                    await desk.arriving.turn([Failed(claimed, error)], 0)
                    self.clock.forward(minutes=10)
            for number in range(waiting):
                await desk.arriving.accept("telegram", f"w{number}", f"w{number}", {})

    def work(self) -> list[str]:
        """What a running bot would do next."""
        done: list[str] = []
        run_apart(self._work(done))
        return done

    async def _work(self, done: list[str]) -> None:
        async with self.desk() as desk:
            while claimed := await desk.arriving.turn([], 8):
                done.extend(one.key for one in claimed)
                await desk.arriving.turn([Worked(one) for one in claimed], 0)


@pytest.fixture
def box(database_url: str, vault: Vault, clock: Clock) -> Box:
    return Box(database_url, vault, clock)


def test_an_empty_inbox_is_said_in_one_line(box: Box) -> None:
    shown = box.run()
    assert (shown.exit_code, shown.output.splitlines()) == (
        0, ["Waiting: 0. In work: 0. Given up and kept: 0."],
    )  # fmt: skip


def test_what_was_given_up_is_listed_with_when_and_why_and_no_word_of_a_person(box: Box) -> None:
    arrived = box.clock() + timedelta(hours=8)
    box.fill(RuntimeError(SECRET), KeyError("telegram"), waiting=2)
    shown = box.run()
    assert shown.exit_code == 0
    first, newest, oldest, hint = shown.output.splitlines()
    assert first == "Waiting: 2. In work: 0. Given up and kept: 2."
    assert oldest.split()[:2] == ["1", "telegram"]
    assert f"arrived {arrived:%Y-%m-%d %H:%M}, given up" in oldest
    assert oldest.endswith(
        "after 6 tries: a fault of the bot (RuntimeError); the log has the details"
    )
    assert newest.endswith("telegram is not set up (its token is missing in .env)")
    assert hint == "Try again: stockbell inbox replay NUMBER (or --all)"
    assert SECRET not in shown.output


def test_only_show_shows_what_was_written(box: Box) -> None:
    box.fill(RuntimeError("broken"))
    shown = box.run("--show", "1")
    assert shown.exit_code == 0
    assert SECRET in shown.output
    assert "RuntimeError('broken')" in shown.output


def test_one_is_tried_again_with_all_its_tries(box: Box) -> None:
    box.fill(RuntimeError("once"), RuntimeError("once"))
    shown = box.run("replay", "2")
    assert (shown.exit_code, shown.output) == (0, "Number 2 is tried again.\n")
    assert box.work() == ["1"]
    assert box.run("replay", "2").exit_code == 1  # it is done now


def test_all_are_tried_again_in_the_order_in_which_they_came(box: Box) -> None:
    box.fill(*(RuntimeError("once") for _ in range(3)))
    assert box.run("replay", "--all").output == "To be tried again: 3.\n"
    assert box.work() == ["0", "1", "2"]
    assert box.run("replay", "--all").output == "To be tried again: 0.\n"


@pytest.mark.parametrize("command", [("--show", "7"), ("replay", "7")])
def test_a_number_that_is_not_there_is_said_and_fails(box: Box, command: tuple[str, str]) -> None:
    shown = box.run(*command)
    assert (shown.exit_code, shown.output) == (1, "Nothing is kept under number 7.\n")


@pytest.mark.parametrize("command", [("replay",), ("replay", "7", "--all")])
def test_a_replay_wants_either_a_number_or_all(box: Box, command: tuple[str, ...]) -> None:
    shown = box.run(*command)
    assert shown.exit_code == 2
    assert "give a number, or --all" in shown.output


def test_a_long_list_shows_the_newest(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handlers.cli.inbox.SHOWN", 2)
    box.fill(*(RuntimeError("once") for _ in range(3)))
    lines = box.run().output.splitlines()
    assert [line.split()[0] for line in lines[1:3]] == ["3", "2"]
    assert lines[3] == "... and 1 more, older ones"


def test_the_command_line_knows_it_and_needs_no_running_bot(
    tmp_path: Path, sqlite_url: str
) -> None:
    done = stockbell(tmp_path, {"DATABASE_URL": sqlite_url}, "inbox")
    assert done.exit_code == 0
    assert done.output.splitlines()[-1] == "Waiting: 0. In work: 0. Given up and kept: 0."
