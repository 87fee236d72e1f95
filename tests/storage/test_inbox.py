"""The inbox: kept once, worked off in order per sender, then wiped."""

import asyncio
from datetime import timedelta

from sqlalchemy import select

from bot.domain.inbox import Arrival, InboxState
from storage import inbox
from storage.database import Database
from storage.tables import inbox as table
from storage.vault import Vault, generate_key
from tests.support.clock import Clock

LEASE = timedelta(seconds=30)


class Box:
    """The inbox of one test, each step in a transaction of its own."""

    def __init__(self, database: Database, vault: Vault, clock: Clock) -> None:
        self.database, self.vault, self.clock = database, vault, clock

    async def put(self, key: str, sender: str = "42", payload: str = "{}") -> Arrival:
        async with self.database.write() as tx:
            return await inbox.put(
                tx,
                self.vault,
                source="telegram",
                key=key,
                sender=sender,
                payload=payload,
                now=self.clock(),
            )

    async def claim(self, limit: int = 1) -> list[inbox.Claimed]:
        async with self.database.write() as tx:
            return await inbox.claim(tx, self.clock(), LEASE, limit)

    async def take(self) -> inbox.Claimed:
        (claimed,) = await self.claim()
        return claimed

    async def renew(self, arrival: inbox.Claimed) -> None:
        async with self.database.write() as tx:
            await inbox.renew(tx, [arrival], self.clock(), LEASE)

    async def done(self, arrival: inbox.Claimed) -> None:
        async with self.database.write() as tx:
            await inbox.done(tx, [arrival.id], self.clock())

    async def fail(self, arrival: inbox.Claimed, *, seconds: int) -> None:
        async with self.database.write() as tx:
            due = self.clock() + timedelta(seconds=seconds)
            await inbox.retry(tx, self.vault, arrival, "ConnectionError: 42", due)

    async def die(self, arrival: inbox.Claimed) -> None:
        async with self.database.write() as tx:
            await inbox.dead(tx, self.vault, arrival, "KeyError: 42", self.clock())

    async def counts(self) -> dict[InboxState, int]:
        async with self.database.read() as tx:
            return {k: n for k, n in (await inbox.count_by_state(tx)).items() if n}


async def test_an_arrival_is_kept_once(database: Database, vault: Vault, clock: Clock) -> None:
    box = Box(database, vault, clock)
    assert await box.put("1") is Arrival.NEW
    assert await box.put("1", payload="again") is Arrival.REPEATED
    assert await box.counts() == {InboxState.PENDING: 1}


async def test_an_arrival_that_is_done_is_still_known(
    database: Database, vault: Vault, clock: Clock
) -> None:
    box = Box(database, vault, clock)
    await box.put("1")
    await box.done(await box.take())
    assert await box.put("1") is Arrival.REPEATED
    assert not await box.claim()


async def test_a_claim_hands_out_what_was_put(
    database: Database, vault: Vault, clock: Clock
) -> None:
    box = Box(database, vault, clock)
    await box.put("7", payload='{"text": "/notify 小米"}')
    claimed = await box.take()
    assert (claimed.source, claimed.key, claimed.attempts) == ("telegram", "7", 1)
    assert vault.open(claimed.payload) == '{"text": "/notify 小米"}'


async def test_a_sender_s_next_arrival_waits_for_the_one_before(
    database: Database, vault: Vault, clock: Clock
) -> None:
    box = Box(database, vault, clock)
    for key, sender in (("1", "42"), ("2", "42"), ("3", "43")):
        await box.put(key, sender)
    first, other = await box.take(), await box.take()
    assert (first.key, other.key) == ("1", "3")
    assert not await box.claim()
    await box.done(first)
    assert (await box.take()).key == "2"


async def test_a_failed_arrival_keeps_its_place_before_the_sender_s_next(
    database: Database, vault: Vault, clock: Clock
) -> None:
    box = Box(database, vault, clock)
    await box.put("1")
    await box.put("2")
    await box.fail(await box.take(), seconds=5)
    assert not await box.claim()
    clock.forward(seconds=5)
    again = await box.take()
    assert (again.key, again.attempts) == ("1", 2)


async def test_a_dead_letter_lets_the_next_one_pass_and_can_be_replayed(
    database: Database, vault: Vault, clock: Clock
) -> None:
    box = Box(database, vault, clock)
    await box.put("1", payload="the first")
    await box.put("2")
    await box.die(await box.take())
    second = await box.take()
    assert second.key == "2"
    async with database.write() as tx:
        (letter,) = await inbox.dead_letters(tx, vault, limit=10)
        assert (letter.key, letter.error, letter.attempts) == ("1", "KeyError: 42", 1)
        assert await inbox.replay(tx, letter.id, clock())
        assert not await inbox.replay(tx, letter.id, clock())
    assert not await box.claim()  # the sender's second one is still in work
    await box.done(second)
    again = await box.take()
    assert (again.attempts, vault.open(again.payload)) == (1, "the first")


async def test_what_a_dead_worker_held_comes_back_when_its_lease_ends(
    database: Database, vault: Vault, clock: Clock
) -> None:
    box = Box(database, vault, clock)
    await box.put("1")
    await box.take()
    assert not await box.claim()
    clock.forward(seconds=30)
    assert (await box.take()).attempts == 2


async def test_the_only_worker_takes_over_at_once_when_it_starts(
    database: Database, vault: Vault, clock: Clock
) -> None:
    box = Box(database, vault, clock)
    await box.put("1")
    await box.take()
    async with database.write() as tx:
        assert await inbox.release_orphans(tx, clock()) == 1
    assert (await box.take()).attempts == 2


async def test_a_worker_knows_whether_a_claim_would_find_something(
    database: Database, vault: Vault, clock: Clock
) -> None:
    box = Box(database, vault, clock)

    async def any_due() -> bool:
        async with database.read() as tx:
            return await inbox.any_due(tx, clock())

    assert not await any_due()
    await box.put("1")
    await box.put("2")  # waits for the one before it
    assert await any_due()
    claimed = await box.take()
    assert not await any_due()
    await box.fail(claimed, seconds=5)
    assert not await any_due()
    clock.forward(seconds=5)
    assert await any_due()


async def test_one_claim_takes_the_first_arrivals_of_several_senders(
    database: Database, vault: Vault, clock: Clock
) -> None:
    box = Box(database, vault, clock)
    for number in range(8):
        await box.put(str(number), sender=str(number % 4))
    assert [arrival.key for arrival in await box.claim(limit=3)] == ["0", "1", "2"]
    assert [arrival.key for arrival in await box.claim(limit=3)] == ["3"]


async def test_a_lease_that_is_renewed_keeps_its_arrival(
    database: Database, vault: Vault, clock: Clock
) -> None:
    box = Box(database, vault, clock)
    await box.put("1")
    claimed = await box.take()
    for _ in range(5):
        clock.forward(seconds=20)
        await box.renew(claimed)
        assert not await box.claim()


async def test_what_went_to_another_worker_is_not_changed_by_the_one_before(
    database: Database, vault: Vault, clock: Clock
) -> None:
    box = Box(database, vault, clock)
    await box.put("1")
    slow = await box.take()
    clock.forward(seconds=30)
    await box.take()
    await box.fail(slow, seconds=0)
    await box.die(slow)
    await box.renew(slow)
    assert await box.counts() == {InboxState.WORKING: 1}
    clock.forward(seconds=30)
    assert (await box.take()).attempts == 3


async def test_what_is_done_is_wiped_and_later_forgotten(
    database: Database, vault: Vault, clock: Clock
) -> None:
    box = Box(database, vault, clock)
    await box.put("1")
    await box.fail(await box.take(), seconds=0)
    await box.done(await box.take())
    async with database.write() as tx:
        row = (await tx.execute(select(table))).one()
        assert (row.payload, row.error) == (None, None)
        assert await inbox.purge(tx, clock()) == 0
        assert await inbox.purge(tx, clock.forward(days=7)) == 1
    assert await box.counts() == {}


async def test_a_purge_leaves_dead_letters_and_open_work(
    database: Database, vault: Vault, clock: Clock
) -> None:
    box = Box(database, vault, clock)
    await box.put("1")
    await box.die(await box.take())
    await box.put("2")
    async with database.write() as tx:
        assert await inbox.purge(tx, clock.forward(days=30)) == 0
    assert await box.counts() == {InboxState.PENDING: 1, InboxState.DEAD: 1}


async def test_who_is_forgotten_leaves_no_dead_letters(
    database: Database, vault: Vault, clock: Clock
) -> None:
    box = Box(database, vault, clock)
    for key, sender in (("1", "42"), ("2", "43")):
        await box.put(key, sender)
        await box.die(await box.take())
    async with database.write() as tx:
        assert await inbox.forget_sender(tx, vault, "telegram", "42", clock()) == 1
        assert [letter.key for letter in await inbox.dead_letters(tx, vault, 10)] == ["2"]
    assert await box.put("1") is Arrival.REPEATED


async def test_workers_at_once_never_hold_the_same_arrival(
    database: Database, vault: Vault, clock: Clock
) -> None:
    box = Box(database, vault, clock)
    for number in range(12):
        await box.put(str(number), sender=str(number % 3))
    claimed = await asyncio.gather(*(box.claim() for _ in range(8)))
    keys = [arrival.key for found in claimed for arrival in found]
    assert len(keys) == len(set(keys))
    assert set(keys) <= {"0", "1", "2"}


async def test_rotation_seals_payloads_anew_so_that_the_old_key_can_go(
    database: Database, clock: Clock
) -> None:
    old, new = generate_key(), generate_key()
    await Box(database, Vault([old]), clock).put("1", payload="kept")
    box = Box(database, Vault([new, old]), clock)
    await box.fail(await box.take(), seconds=0)
    async with database.write() as tx:
        assert await inbox.rotate(tx, box.vault, limit=10) == 1
        assert await inbox.rotate(tx, box.vault, limit=10) == 0
    assert Vault([new]).open((await box.take()).payload) == "kept"
