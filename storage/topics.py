"""What a transaction brought for the workers: only those wake up who wait for it."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum


class Topic(StrEnum):
    ARRIVAL = "arrival"  # something to work off in the inbox
    STOCK = "stock"  # a SKU to judge
    NOTICE = "notice"  # something to tell


_brought: ContextVar[set[Topic] | None] = ContextVar("brought", default=None)


def bring(topic: Topic) -> None:
    """The transaction under way has work for those who wait for this topic."""
    topics = _brought.get()
    if topics is not None:
        topics.add(topic)


@contextmanager
def collected() -> Iterator[set[Topic]]:
    """What is brought inside this block."""
    topics: set[Topic] = set()
    _brought.set(topics)
    try:
        yield topics
    finally:
        _brought.set(None)
