"""Importing what is big."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def loading() -> Iterator[None]:
    """For imports. They make a million objects that stay: to look for garbage among them takes a
    fifth of the start, and later pauses whoever waits for an answer. They are taken out of that
    for good.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
