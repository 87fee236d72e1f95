"""Of a trouble that comes again and again the log says the first few, then how many more."""

import logging
from collections.abc import Iterator
from io import StringIO

import pytest
import structlog

from bot import logs
from bot.repeats import KINDS, SHOWN, WINDOW, Repeats


class Time:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Log:
    """The whole chain of the bot's log, into a text."""

    def __init__(self) -> None:
        logs.configure("INFO", "text", ["a-secret-word"])
        self.time = Time()
        self._stream = StringIO()
        [handler] = logging.getLogger().handlers
        assert isinstance(handler, logging.StreamHandler)
        handler.setStream(self._stream)
        self.repeats = Repeats(self.time)
        handler.filters[:] = [self.repeats]

    @property
    def lines(self) -> list[str]:
        return self._stream.getvalue().splitlines()


@pytest.fixture
def log() -> Iterator[Log]:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in logs.CHATTY}
    yield Log()
    root.handlers[:], level = before
    root.setLevel(level)
    for name, kept in levels.items():
        logging.getLogger(name).setLevel(kept)
    structlog.reset_defaults()


def fail(number: int) -> None:
    raise ValueError(f"no room for {number}, a-secret-word")


def test_two_thousand_of_a_kind_are_a_few_lines_and_one_traceback(log: Log) -> None:
    ours, theirs = structlog.get_logger("shop.test"), logging.getLogger("some.library")
    for number in range(2000):
        try:
            fail(number)
        except ValueError:
            ours.exception("it failed", number=number)
            theirs.exception("Exception in ASGI application %d\n", number)
        theirs.warning("socket.accept() failed at <obj 0x7f%d>", number)
    text = "\n".join(log.lines)
    assert text.count("Traceback") == 2
    assert text.count("it failed") == text.count("ASGI application") == SHOWN
    assert text.count("socket.accept() failed") == SHOWN
    assert "no room for 1" in text  # a shortened one still says what
    assert "a-secret-word" not in text


@pytest.mark.parametrize("next_words", ["telegram unavailable", "started"])
def test_how_many_were_held_back_is_said_whatever_comes_next(log: Log, next_words: str) -> None:
    ours, theirs = structlog.get_logger("shop.test"), logging.getLogger("some.library")
    for _ in range(SHOWN + 7):
        ours.warning("telegram unavailable")
        theirs.warning("odd")
    log.time.now += WINDOW
    ours.warning(next_words)
    *said, last = log.lines[-3:]
    for words in ("shop.test: telegram unavailable", "some.library: odd"):
        assert any(f"7 more like this were held back: {words}" in line for line in said)
    assert next_words in last


def test_another_trouble_is_never_held_back_for_it(log: Log) -> None:
    ours = structlog.get_logger("shop.test")
    for _ in range(50):
        ours.warning("a request broke off")
    ours.warning("the database cannot be used", reason="disk full")
    for part in ("inbox", "clock", "rules", "http", "outbox slack"):
        ours.error("part stopped", part=part)
    for error in (KeyError("a"), OSError("b")):
        try:
            raise error
        except (KeyError, OSError):
            ours.exception("it failed")
    assert sum("the database cannot be used" in line for line in log.lines) == 1
    assert sum("Traceback" in line for line in log.lines) == 2
    assert sum("part stopped" in line for line in log.lines) == 5


def test_thousands_of_kinds_take_no_memory(log: Log) -> None:
    for number in range(5000):
        logging.getLogger(f"library.{'x' * (number % 977)}{number}").warning("odd")
    assert len(log.repeats._seen) <= KINDS
