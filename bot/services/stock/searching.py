"""Finding products by words: candidates from the gram index, ranked by how alike they read."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from math import log

from rapidfuzz import fuzz

from bot.domain.clock import Clock
from bot.domain.codes import sku_key
from bot.domain.grams import LONGEST, fold, grams, marked, rarest
from storage import products, search
from storage.database import Database
from storage.search import Candidate
from storage.tx import Tx

LONGEST_QUERY = 100  # characters; what a person types to name a product is shorter
BUDGET = 20_000  # postings that one search may read
COMMON = 10  # grams with long postings that still weigh in
CANDIDATES = 100  # what is ranked by reading it
ENOUGH = 45.0  # of 100; below it a product does not look like the words at all
ROUND = 100_000  # products whose grams are in memory at once: the more, the fewer jumps on disk
ADDED = 120_000  # postings added in one transaction: about 60 ms on SQLite
SETTLED = 4_000  # products settled in one transaction: about 40 ms on SQLite
MANY = 5_000  # products indexed in one go after which the index is tidied
BREATH = 200  # products after which other tasks get a turn


@dataclass(frozen=True, slots=True)
class _Query:
    """The words as they are compared. `weights`: what each gram that occurs anywhere says."""

    text: str
    key: str
    weights: Mapping[str, float]
    total: float  # of all grams, also those that occur nowhere


async def find(tx: Tx, words: str, limit: int = 5) -> list[int]:
    """Ids of the products that look most like the words, best first.

    By code and by name, brand and product; typing errors, word order, parts of words, Chinese and
    full-width characters are all right. Only products that are sold are found.
    """
    text = fold(words[:LONGEST_QUERY]).strip()
    wanted = grams([text])
    counts = await search.counts(tx, wanted)
    if not counts:
        return []
    query = _query(text, wanted, counts)
    weights = {g: max(1, round(10 * weight)) for g, weight in query.weights.items()}
    # Rare grams find, common ones only weigh in: the postings of a common gram (`mug` in a shop of
    # mugs) are most of the index, and reading them is what a search costs.
    rare = rarest(counts, BUDGET)
    common = sorted(counts.keys() - set(rare), key=lambda g: (counts[g], g))[:COMMON]
    ids = await search.candidates(
        tx, {g: weights[g] for g in rare}, {g: weights[g] for g in common}, CANDIDATES
    )
    ranked = [(_alike(query, row), -row.id) for row in await search.sellable(tx, ids)]
    ranked.sort(reverse=True)
    return [-minus_id for alike, minus_id in ranked[:limit] if alike >= ENOUGH]


async def exact(tx: Tx, words: str) -> int | None:
    """The id of the product whose code this is, after normalising; also one no longer sold."""
    found = await products.by_key(tx, sku_key(words))
    return None if found is None else found.id


def _query(text: str, wanted: Set[str], counts: Mapping[str, int]) -> _Query:
    most = max(counts.values()) + 1
    weights = {g: 1 + log(most / count) for g, count in counts.items()}
    # An unknown gram counts half: a typing error makes three of them at once.
    nowhere = 1 + log(most)  # a gram that occurs in no product is a rare one, mistyped
    total = sum(weights.values()) + nowhere * 0.5 * (len(wanted) - len(counts))
    return _Query(text, sku_key(text), weights, total)


def _alike(query: _Query, row: Candidate) -> float:
    """0 to 100: half by the grams they share, half by reading; a code that begins so wins."""
    name = fold(row.name)
    held = marked((row.sku, row.name, row.brand, row.product))
    shared = sum(weight for g, weight in query.weights.items() if g in held) / query.total
    # Three ways to be alike: all words in any order; a part of a long name, for a little less; a
    # code.
    reads = max(
        fuzz.token_set_ratio(query.text, name),
        fuzz.partial_ratio(query.text, name) * 0.9,
        fuzz.ratio(query.key, row.sku_key),
    )
    starts = row.sku_key.startswith(query.key)
    return float(50 * shared + 0.45 * reads + 0.05 * fuzz.ratio(query.text, name) + 20 * starts)


async def reindex(
    database: Database,
    clock: Clock,
    piece: int = ROUND,
    many: int = MANY,
    changed_by: datetime | None = None,
) -> int:
    """Rebuild the grams of all products that changed (by then), round by round; returns how many.

    First the new grams are added, then each product gives its old ones back and is settled: who
    searches meanwhile finds it by both, and who is killed meanwhile starts the round over. A
    product that is no longer sold holds no grams.
    """
    done = 0
    while True:
        async with database.read() as tx:
            items = await search.unindexed(tx, piece, changed_by)
        if not items:
            if done >= many:
                await search.tidy(database)
            return done
        # Gram by gram, not product by product: the table lies in the order of grams, so each piece
        # is written in one place instead of all over it.
        for postings in _pieces(await _new(items)):
            async with database.write() as tx:
                await search.add(tx, postings)
            await database.yield_turn()
        for at in range(0, len(items), SETTLED):
            async with database.write() as tx:
                done += await _settle(tx, items[at : at + SETTLED], clock())
            await database.yield_turn()


async def _new(items: Sequence[search.Unindexed]) -> dict[str, list[int]]:
    """The products that lack each gram, both in order."""
    found: defaultdict[str, list[int]] = defaultdict(list)
    for number, item in enumerate(items):
        for gram in _grams(item.text) - _grams(item.indexed):
            found[gram].append(item.id)
        if number % BREATH == 0:
            # This never waits for anything: without a break nobody else would get a turn.
            await asyncio.sleep(0)
    return {gram: found[gram] for gram in sorted(found)}


def _pieces(postings: Mapping[str, list[int]]) -> Iterator[dict[str, list[int]]]:
    """About so many at a time as one transaction adds; a gram is not divided."""
    piece: dict[str, list[int]] = {}
    size = 0
    for gram, ids in postings.items():
        piece[gram] = ids
        size += len(ids)
        if size >= ADDED:
            yield piece
            piece, size = {}, 0
    if piece:
        yield piece


def _grams(text: str) -> set[str]:
    """Of one text with lines; cutting a long line is `grams`' matter."""
    return grams((text,) if len(text) <= LONGEST else text.split("\n"))


async def _settle(tx: Tx, items: Sequence[search.Unindexed], now: datetime) -> int:
    """Take the old grams of what has not changed meanwhile; returns how many that were."""
    now_there = {item.id: item for item in await search.still_unindexed(tx, [i.id for i in items])}
    same = [item for item in items if now_there.get(item.id) == item]
    before = [item for item in same if item.indexed]
    old = {(g, item.id) for item in before for g in _grams(item.indexed) - _grams(item.text)}
    await search.remove(tx, sorted(old))
    await search.settle(tx, same, now)
    for item in items:
        # It was renamed while we worked: it has the grams of both names until the next round.
        if now_there.get(item.id, item) != item:
            await search.postpone(tx, item)
    return len(same)
