"""Group commit: alone at once, many together, and what fails takes nobody with it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from bot.services.engine.grouping import LARGEST, GroupCommit


@dataclass
class Book:
    """Notes each transaction; `gate` lets a test hold the first one up. Odd ones in `bad` fail."""

    batches: list[list[int]] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    began: asyncio.Event = field(default_factory=asyncio.Event)
    bad: set[int] = field(default_factory=set)

    async def write(self, items: Sequence[int]) -> list[int]:
        self.began.set()
        await self.gate.wait()
        if self.bad & set(items):
            raise ValueError(f"cannot write {sorted(self.bad & set(items))}")
        self.batches.append(list(items))
        return [item * 10 for item in items]


@pytest.fixture
def book() -> Book:
    return Book()


def group(book: Book) -> GroupCommit[int, int]:
    return GroupCommit(book.write)


async def put_behind_the_first(
    group: GroupCommit[int, int], book: Book, count: int
) -> list[asyncio.Task[int]]:
    """One that is being committed, and so many that come meanwhile."""
    tasks = [asyncio.create_task(group.put(0))]
    await book.began.wait()
    tasks += [asyncio.create_task(group.put(number)) for number in range(1, count + 1)]
    await asyncio.sleep(0)  # they start
    return tasks


async def test_one_alone_is_committed_at_once(book: Book) -> None:
    book.gate.set()
    assert await group(book).put(4) == 40
    assert book.batches == [[4]]


async def test_what_comes_during_a_commit_shares_the_next_one(book: Book) -> None:
    tasks = await put_behind_the_first(group(book), book, 20)
    book.gate.set()
    assert await asyncio.gather(*tasks) == [number * 10 for number in range(21)]
    assert book.batches == [[0], list(range(1, 21))]


async def test_a_transaction_holds_no_more_than_the_largest(book: Book) -> None:
    tasks = await put_behind_the_first(group(book), book, LARGEST + 1)
    book.gate.set()
    await asyncio.gather(*tasks)
    assert [len(batch) for batch in book.batches] == [1, LARGEST, 1]


async def test_one_that_cannot_be_written_takes_nobody_with_it(book: Book) -> None:
    book.bad = {3}
    tasks = await put_behind_the_first(group(book), book, 4)
    book.gate.set()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [r for r in results if not isinstance(r, ValueError)] == [0, 10, 20, 40]
    assert isinstance(results[3], ValueError)


async def test_the_next_one_is_written_after_a_failure(book: Book) -> None:
    book.bad = {1}
    book.gate.set()
    writing = group(book)
    with pytest.raises(ValueError, match="cannot write"):
        await writing.put(1)
    assert await writing.put(2) == 20


async def test_a_caller_that_is_cancelled_has_written_and_stops_nobody(book: Book) -> None:
    tasks = await put_behind_the_first(group(book), book, 2)
    tasks[1].cancel()
    book.gate.set()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(results[1], asyncio.CancelledError)
    assert (results[0], results[2]) == (0, 20)
    assert sorted(item for batch in book.batches for item in batch) == [0, 1, 2]
