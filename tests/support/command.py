"""A command of `stockbell` in this process: as good as one of its own, without the second to start.

It gets a folder, an environment of its own and a loop of its own. What has to be seen of a real
process (signals, locks, kills) uses tests.support.process.
"""

import contextlib
import logging
import os
from collections.abc import Iterator
from pathlib import Path

import structlog
from click.testing import CliRunner, Result

from bot import logs
from bot.commands import main
from tests.support.process import bare_environment


@contextlib.contextmanager
def logging_as_it_was() -> Iterator[None]:
    """What is configured inside, is not outside."""
    told, root = structlog.get_config(), logging.getLogger()
    handlers, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in logs.CHATTY}
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        for name, kept in levels.items():
            logging.getLogger(name).setLevel(kept)
        structlog.configure(**told)


@contextlib.contextmanager
def environment(env: dict[str, str]) -> Iterator[None]:
    before = os.environ.copy()
    os.environ.clear()
    os.environ.update(bare_environment() | env)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def stockbell(folder: Path, env: dict[str, str], *words: str) -> Result:
    """Its exit code and what it wrote. An exception, which would be a traceback, is raised.

    Where a loop runs already: `await asyncio.to_thread(stockbell, ...)`.
    """
    with logging_as_it_was(), environment(env), contextlib.chdir(folder):
        done = CliRunner().invoke(main, words)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done
