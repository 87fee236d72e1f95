"""The outbox: each notice once, in order, one a contact at a time, none lost with its worker."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from bot.domain.contacts import Address, Caller
from bot.domain.notices import Claimed, Lane, NewNotice, NoticeKind, NoticeState, SettleReason
from bot.domain.ways import SLACK, TELEGRAM, WayName
from storage import claims, contacts, history, notices, persons
from storage.database import Database
from storage.tables import notice
from storage.vault import Vault
from tests.support.clock import Clock

LEASE = timedelta(seconds=30)


class Outbox:
    """The outbox of one test, each step in a transaction of its own."""

    def __init__(self, database: Database, vault: Vault, clock: Clock) -> None:
        self.database, self.vault, self.clock = database, vault, clock

    async def contact(self, value: str = "1", way: WayName = TELEGRAM) -> int:
        async with self.database.write() as tx:
            caller = Caller(Address(way, value))
            met = await persons.ensure(tx, self.vault, caller, self.clock(), wrote=True)
            return met.contact.id

    async def person(self, contact_id: int) -> int:
        async with self.database.read() as tx:
            found = await contacts.by_id(tx, self.vault, contact_id)
        assert found is not None
        assert found.person_id is not None
        return found.person_id

    async def queue(self, *new: NewNotice) -> list[int]:
        async with self.database.write() as tx:
            return await notices.queue(tx, new, self.clock())

    async def claim(self, limit: int = 10, way: WayName = TELEGRAM) -> list[Claimed]:
        async with self.database.write() as tx:
            return await claims.claim(tx, way, self.clock(), LEASE, limit)

    async def any_due(self, way: WayName = TELEGRAM) -> bool:
        async with self.database.read() as tx:
            return await claims.any_due(tx, way, self.clock())

    async def settle(self, claimed: Claimed, state: NoticeState = NoticeState.SENT) -> None:
        async with self.database.write() as tx:
            reason = SettleReason.DELIVERED
            await notices.settle(tx, [claimed.id], state, reason, self.clock())

    async def on_wire(self, claimed: Claimed) -> bool:
        async with self.database.write() as tx:
            return bool(await claims.on_wire(tx, [claimed], self.clock()))

    async def postpone(
        self, claimed: Claimed, due_at: datetime, *, doubtful: int | None = None
    ) -> None:
        async with self.database.write() as tx:
            await notices.postpone(tx, claimed.id, due_at, doubtful=doubtful)

    async def states(self) -> list[tuple[str, str]]:
        async with self.database.read() as tx:
            statement = select(notice.c.state, notice.c.reason).order_by(notice.c.id)
            return [(row.state, row.reason) for row in (await tx.execute(statement)).all()]


@pytest.fixture
def outbox(database: Database, vault: Vault, clock: Clock) -> Outbox:
    return Outbox(database, vault, clock)


def _new(contact_id: int, key: str, lane: Lane = Lane.RESTOCK) -> NewNotice:
    return NewNotice(NoticeKind.RESTOCK, key, contact_id, lane, f"subject of {key}", {"n": 1})


def _keys(claimed: Sequence[Claimed]) -> list[str]:
    return [item.subject.removeprefix("subject of ") for item in claimed]


async def test_a_notice_is_queued_once(outbox: Outbox) -> None:
    who = await outbox.contact()
    assert len(await outbox.queue(_new(who, "a"), _new(who, "b"))) == 2
    assert len(await outbox.queue(_new(who, "b"), _new(who, "c"))) == 1
    assert await outbox.queue() == []


async def test_a_thousand_notices_are_queued_in_one_go(outbox: Outbox) -> None:
    who = await outbox.contact()
    ids = await outbox.queue(*(_new(who, str(number)) for number in range(1200)))
    assert len(set(ids)) == 1200


async def test_a_claim_hands_out_what_was_queued(outbox: Outbox, clock: Clock) -> None:
    who = await outbox.contact()
    (notice_id,) = await outbox.queue(_new(who, "a"))
    assert await outbox.claim() == [
        Claimed(
            id=notice_id,
            kind=NoticeKind.RESTOCK,
            contact_id=who,
            lane=Lane.RESTOCK,
            subject="subject of a",
            payload={"n": 1},
            product_id=None,
            restock_id=None,
            subscription_id=None,
            attempts=0,
            doubtful=0,
            wired_at=None,
            created_at=clock(),
            way=TELEGRAM,
        )
    ]


async def test_the_faster_lane_goes_first_and_then_the_older_notice(outbox: Outbox) -> None:
    people = [await outbox.contact(str(number)) for number in range(4)]
    lanes = (Lane.DIGEST, Lane.RESTOCK, Lane.ALERT, Lane.RESTOCK)
    for who, lane, key in zip(people, lanes, "abcd", strict=True):
        await outbox.queue(_new(who, key, lane))
    assert _keys(await outbox.claim(limit=3)) == ["c", "b", "d"]
    assert _keys(await outbox.claim()) == ["a"]


async def test_a_contact_gets_the_next_notice_only_when_the_one_before_is_settled(
    outbox: Outbox,
) -> None:
    who, other = await outbox.contact("1"), await outbox.contact("2")
    await outbox.queue(_new(who, "a"), _new(who, "b"), _new(other, "c"))
    first, third = await outbox.claim()
    assert _keys([first, third]) == ["a", "c"]
    assert await outbox.claim() == []
    await outbox.settle(first)
    assert _keys(await outbox.claim()) == ["b"]


async def test_a_worker_gets_the_notices_of_its_platform(outbox: Outbox) -> None:
    await outbox.queue(_new(await outbox.contact("C1", SLACK), "a"))
    assert not await outbox.any_due()
    assert await outbox.claim() == []
    assert await outbox.any_due(SLACK)
    assert _keys(await outbox.claim(way=SLACK)) == ["a"]


async def test_a_postponed_notice_waits_until_it_is_due(outbox: Outbox, clock: Clock) -> None:
    await outbox.queue(_new(await outbox.contact(), "a"))
    (claimed,) = await outbox.claim()
    await outbox.postpone(claimed, clock() + timedelta(seconds=5))
    assert not await outbox.any_due()
    assert await outbox.claim() == []
    clock.forward(seconds=5)
    (again,) = await outbox.claim()
    assert not again.in_doubt


async def test_a_notice_that_may_have_arrived_says_so_when_it_comes_back(
    outbox: Outbox, clock: Clock
) -> None:
    await outbox.queue(_new(await outbox.contact(), "a"))
    (claimed,) = await outbox.claim()
    await outbox.postpone(claimed, clock(), doubtful=1)
    assert (await outbox.claim())[0].in_doubt


async def test_what_a_dead_worker_held_comes_back_in_doubt_when_its_lease_ends(
    outbox: Outbox, clock: Clock
) -> None:
    await outbox.queue(_new(await outbox.contact(), "a"))
    await outbox.on_wire((await outbox.claim())[0])
    clock.forward(seconds=29)
    assert await outbox.claim() == []
    clock.forward(seconds=1)
    assert await outbox.any_due()
    (again,) = await outbox.claim()
    assert (again.doubtful, again.attempts) == (1, 1)


async def test_what_a_dead_worker_had_not_sent_yet_is_in_no_doubt(
    outbox: Outbox, clock: Clock
) -> None:
    await outbox.queue(_new(await outbox.contact(), "a"))
    await outbox.claim()
    clock.forward(seconds=30)
    assert not (await outbox.claim())[0].in_doubt


async def test_the_only_worker_takes_over_at_once_when_it_starts(
    outbox: Outbox, clock: Clock
) -> None:
    await outbox.queue(_new(await outbox.contact(), "a"))
    await outbox.on_wire((await outbox.claim())[0])
    async with outbox.database.write() as tx:
        assert await notices.release_orphans(tx, clock()) == 1
    assert (await outbox.claim())[0].in_doubt


async def test_a_settled_notice_is_never_claimed_again(outbox: Outbox, clock: Clock) -> None:
    await outbox.queue(_new(await outbox.contact(), "a"))
    await outbox.settle((await outbox.claim())[0])
    clock.forward(days=1)
    assert await outbox.claim() == []
    assert await outbox.states() == [("sent", "delivered")]


async def test_what_waits_for_its_turn_is_dropped_and_may_not_leave_any_more(
    outbox: Outbox, clock: Clock
) -> None:
    who = await outbox.contact()
    await outbox.queue(_new(who, "a"))
    (held,) = await outbox.claim()
    async with outbox.database.write() as tx:
        await notices.drop_of_person(tx, await outbox.person(who), SettleReason.FORGOTTEN, clock())
    assert not await outbox.on_wire(held)
    assert await outbox.states() == [("dropped", "forgotten")]


async def test_two_that_hold_the_same_notice_do_not_both_send_it(
    outbox: Outbox, clock: Clock
) -> None:
    await outbox.queue(_new(await outbox.contact(), "a"))
    (paused,) = await outbox.claim()
    clock.forward(seconds=LEASE.total_seconds())
    (other,) = await outbox.claim()
    assert await outbox.on_wire(other)
    assert not await outbox.on_wire(paused)


async def test_only_what_is_not_on_the_wire_is_dropped(outbox: Outbox, clock: Clock) -> None:
    who = await outbox.contact()
    await outbox.queue(_new(who, "a"), _new(who, "b"))
    (held,) = await outbox.claim()
    assert await outbox.on_wire(held)
    async with outbox.database.write() as tx:
        await notices.drop_of_person(tx, await outbox.person(who), SettleReason.FORGOTTEN, clock())
    assert await outbox.states() == [("sending", ""), ("dropped", "forgotten")]


async def test_a_newer_state_of_a_message_takes_the_place_of_the_queued_one(
    outbox: Outbox, clock: Clock
) -> None:
    who = await outbox.contact()
    await outbox.queue(_new(who, "a"), _new(who, "b"))
    async with outbox.database.write() as tx:
        await notices.supersede(tx, "subject of a", clock())
    assert await outbox.states() == [("dropped", "superseded"), ("queued", "")]


async def test_workers_at_once_never_hold_two_notices_of_one_contact(outbox: Outbox) -> None:
    people = [await outbox.contact(str(number)) for number in range(6)]
    await outbox.queue(*(_new(who, f"{who}:{n}") for n in range(30) for who in people))
    claims = await asyncio.gather(*(outbox.claim(limit=2) for _ in range(8)))
    held = [item.contact_id for claim in claims for item in claim]
    assert len(held) == len(set(held))


async def test_a_detached_notice_makes_room_for_another_one(outbox: Outbox) -> None:
    who = await outbox.contact()
    (notice_id,) = await outbox.queue(_new(who, "a"))
    async with outbox.database.write() as tx:
        await notices.detach(tx, notice_id)
    assert len(await outbox.queue(_new(who, "a"))) == 1


async def test_old_notices_are_deleted_and_open_ones_stay(outbox: Outbox, clock: Clock) -> None:
    who = await outbox.contact()
    await outbox.queue(_new(who, "a"), _new(who, "b"))
    await outbox.settle((await outbox.claim())[0])
    async with outbox.database.write() as tx:
        assert await history.purge(tx, clock()) == 0
        assert await history.purge(tx, clock.forward(days=90)) == 1
        left = (await tx.execute(select(func.count()).select_from(notice))).scalar_one()
    assert left == 1


async def test_what_is_in_doubt_is_not_superseded_before_it_was_looked_for(
    outbox: Outbox, clock: Clock
) -> None:
    """Else a newer notice would post a second message, and the first would stand there for ever."""
    who = await outbox.contact()
    await outbox.queue(_new(who, "a"))
    (held,) = await outbox.claim()
    await outbox.on_wire(held)
    await outbox.postpone(held, clock(), doubtful=1)
    newer = NewNotice(NoticeKind.RESTOCK, "b", who, Lane.ALERT, "subject of a", {})
    async with outbox.database.write() as tx:
        await notices.supersede(tx, "subject of a", clock())
    await outbox.queue(newer)
    assert [item.id for item in await outbox.claim()] == [held.id]
