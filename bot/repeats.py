"""Of the same trouble, again and again, the log says the first few and then how many more."""

import logging
import re
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

log = logging.getLogger(__name__)

WHOLE = 1  # of a kind in a window: with its traceback
SHOWN = 3  # of a kind in a window: as a line
WINDOW = 60.0  # seconds
KINDS = 200  # that are remembered
LONGEST = 300  # characters of its words that tell one kind from another
_VARIES = re.compile(r"0x[0-9a-f]+|\d+")  # addresses and numbers in the words of libraries
_OF_EACH = ("event", "timestamp", "level", "logger", "exception")
_FRAME = re.compile(r'File "([^"]+)", line (\d+)')


@dataclass(slots=True)
class _Seen:
    since: float
    count: int = 0


class Repeats(logging.Filter):
    """For a handler. Somebody outside who can cause a line can cause a million: no disk is theirs.

    How many were held back is said before the next line of any kind.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._seen: OrderedDict[str, _Seen] = OrderedDict()

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno < logging.INFO or record.name == log.name:
            return True  # who asks for DEBUG wants all of it
        now = self._clock()
        self._tell_of_ended(now)
        seen = self._seen.setdefault(kind_of(record), _Seen(now))
        if len(self._seen) > KINDS:
            self._seen.popitem(last=False)
        seen.count += 1
        if seen.count > WHOLE:
            _shorten(record)
        return seen.count <= SHOWN

    def _tell_of_ended(self, now: float) -> None:
        """Of each kind whose window is over: how many of it were held back."""
        ended = [(kind, one) for kind, one in self._seen.items() if now - one.since >= WINDOW]
        for kind, _ in ended:
            self._seen.pop(kind, None)  # a library's thread may have been faster
        for kind, one in ended:
            if one.count > SHOWN:
                words = kind.partition("\n")[0]
                log.warning("%d more like this were held back: %s", one.count - SHOWN, words)


def kind_of(record: logging.LogRecord) -> str:
    """What makes two lines one trouble: who says it, its words without numbers, where it failed.
    The first line is for people."""
    event = _event(record)
    said = record.msg if event is None else event.get("event", "")
    words = _VARIES.sub("#", str(said).strip()[:LONGEST]).partition("\n")[0]
    fields = {} if event is None else {k: v for k, v in event.items() if k not in _OF_EACH}
    told = _VARIES.sub("#", str(fields)[:LONGEST])
    return f"{record.name}: {words}\n{told} {_failure(record, event)}"


def _event(record: logging.LogRecord) -> dict[str, Any] | None:
    """A record of structlog's has its fields in the place of a message."""
    return record.msg if isinstance(record.msg, dict) else None


def _failure(record: logging.LogRecord, event: dict[str, Any] | None) -> str:
    if event is not None and event.get("exception"):
        trace = str(event["exception"])
        frames = _FRAME.findall(trace)
        last = trace.strip().splitlines()[-1].partition(":")[0]
        return f"{last} {frames[-1] if frames else ''}"
    if record.exc_info and record.exc_info[1] is not None:
        trace_end = record.exc_info[2]
        while trace_end is not None and trace_end.tb_next is not None:
            trace_end = trace_end.tb_next
        line = trace_end.tb_lineno if trace_end else 0
        return f"{type(record.exc_info[1]).__name__} {line}"
    return ""


def _shorten(record: logging.LogRecord) -> None:
    """The same fault at the same place was shown whole a moment ago."""
    event = _event(record)
    if event is not None:
        trace = event.pop("exception", None)
        if trace:
            event["error"] = str(trace).strip().splitlines()[-1]
    elif record.exc_info:
        error = record.exc_info[1]
        record.msg, record.args = f"{record.getMessage()} ({error!r})", ()
        record.exc_info = record.exc_text = None
