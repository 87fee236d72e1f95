"""Group commit: what several tasks want to write at the same time shares one transaction."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

EVERY = 0.02  # seconds between two commits while there is more than one thing to write in each
LARGEST = 500  # things in one transaction: about 50 ms


Item = TypeVar("Item")
Result = TypeVar("Result")


class GroupCommit(Generic[Item, Result]):
    """`put` returns when its item is committed, alone or together with those of other tasks.

    One thing at a time is committed at once, so below some 30 a second each has a commit of its
    own. When more come while a commit is under way they wait for the next, at most EVERY apart.
    `write` gives a result for each item, in order, in one transaction. Use one loop.
    """

    def __init__(self, write: Callable[[Sequence[Item]], Awaitable[Sequence[Result]]]) -> None:
        self._write = write
        self._waiting: list[tuple[Item, asyncio.Future[Result]]] = []
        self._task: asyncio.Task[None] | None = None
        self._not_before = 0.0  # of the loop's time

    async def put(self, item: Item) -> Result:
        """Raises what `write` raised for this item. A caller that is cancelled has written."""
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._task is None:
            # In a task of its own: a caller that is cancelled must not take away the commit that
            # others wait for.
            self._task = asyncio.create_task(self._flush())
        return await future

    async def _flush(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._waiting:
                if (pause := self._not_before - loop.time()) > 0:
                    await asyncio.sleep(pause)
                batch, self._waiting = self._waiting[:LARGEST], self._waiting[LARGEST:]
                # One thing alone was no crowd: the next one need not wait either, so a quiet bot
                # never does.
                self._not_before = loop.time() + (EVERY if len(batch) > 1 else 0)
                await self._commit(batch)
        finally:
            self._task = None

    async def _commit(self, batch: list[tuple[Item, asyncio.Future[Result]]]) -> None:
        """One that cannot be written must not take the others with it: then each goes alone."""
        items = [item for item, _ in batch]
        # Gathered, not caught: what it raised is not ours to judge, it belongs to those who put
        # these.
        (results,) = await asyncio.gather(self._write(items), return_exceptions=True)
        if isinstance(results, BaseException) and len(batch) > 1:
            for one in batch:
                await self._commit([one])
            return
        for number, (_, future) in enumerate(batch):
            if future.done():  # its task was cancelled
                continue
            if isinstance(results, BaseException):
                future.set_exception(results)
            else:
                future.set_result(results[number])
