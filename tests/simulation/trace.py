"""What happened, in order: equal for two runs of one seed."""

import sys
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

import structlog


class Trace:
    """`events` are (virtual time, words)."""

    def __init__(self) -> None:
        self.events: list[tuple[float, str]] = []
        self.muted = False

    def add(self, time: float, event: str) -> None:
        if not self.muted:
            self.events.append((round(time, 6), event))

    def tail(self, lines: int = 160) -> str:
        return "\n".join(f"{time:10.3f}  {event}" for time, event in self.events[-lines:])


@contextmanager
def bot_log_into(add: Callable[[str], None]) -> Iterator[None]:
    """Inside this block what the bot logs becomes a part of the trace."""

    def keep(_logger: Any, method: str, event: MutableMapping[str, Any]) -> str:
        if event.pop("exc_info", None):
            event["error"] = _words(sys.exc_info()[1])
        words = " ".join(f"{name}={value}" for name, value in event.items() if name != "event")
        if method != "debug":
            add(f"log {event['event']} {words}".strip())
        raise structlog.DropEvent

    before = structlog.get_config()
    structlog.configure(processors=[keep], cache_logger_on_first_use=False)
    try:
        yield
    finally:
        structlog.configure(**before)


def _words(error: BaseException | None) -> str:
    """The first line: the rest may name addresses in memory."""
    return f"{type(error).__name__}: {error}".splitlines()[0][:120]
