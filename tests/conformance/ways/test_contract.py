"""What every way out promises: one suite over all of them, on real sockets."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from bot.app.opening import now
from bot.app.ways import KNOWN
from bot.channels.pacer import before_wire
from bot.domain import sending
from bot.domain.notices import Lane
from bot.domain.sending import CannotLook, Gone, InDoubt, MessageLost, Rejected, RetryAfter
from tests.conformance.ways.pigeon import PIGEON
from tests.conformance.ways.rigs import LATER, RIGS, Fault, Rig


@pytest.fixture(params=RIGS)
async def rig(request: pytest.FixtureRequest) -> AsyncIterator[Rig]:
    async with RIGS[request.param]() as opened:
        yield opened


async def send(rig: Rig, text: str = "9 left", address: str = "", lane: Lane = Lane.ALERT) -> str:
    return await rig.channel.send(address or rig.address, rig.form(text), lane)


@contextmanager
def fails(rig: Rig, kind: type[sending.SendError]) -> Iterator["pytest.ExceptionInfo[Exception]"]:
    """With what its row says that it can fail with."""
    with pytest.raises(kind) as found:
        yield found
    assert any(issubclass(type(found.value), known) for known in rig.way.errors)


def test_every_way_is_held_to_this() -> None:
    assert {name.split()[0] for name in RIGS} == {*KNOWN, PIGEON}


async def test_what_is_sent_arrives_and_has_a_reference(rig: Rig) -> None:
    first, second = await send(rig), await send(rig, "8 left")
    assert await rig.read(rig.address) == ["9 left", "8 left"]
    assert first
    assert first != second


async def test_a_form_that_is_refused_arrives_as_plain_words_and_is_complained_of(
    rig: Rig,
) -> None:
    await rig.channel.send(rig.address, rig.broken, Lane.ALERT)
    (text,) = await rig.read(rig.address)
    assert text.strip() == "the words"
    assert len(rig.complaints) == 1


async def test_whoever_is_told_to_wait_says_how_long_and_holds_up_nobody_else(rig: Rig) -> None:
    await rig.fail(Fault.LATER)
    with fails(rig, RetryAfter) as later:
        await send(rig)
    assert isinstance(later.value, RetryAfter)
    assert (later.value.seconds, later.value.account) == (LATER, False)
    with fails(rig, RetryAfter):  # at once: the request does not even leave
        await send(rig)
    await send(rig, address=rig.other)
    assert (await rig.read(rig.address), await rig.read(rig.other)) == ([], ["9 left"])


async def test_without_an_answer_it_is_in_doubt_and_was_sent_once(rig: Rig) -> None:
    await rig.fail(Fault.CUT)
    with fails(rig, InDoubt):
        await send(rig)
    assert await rig.read(rig.address) == ["9 left"]


async def test_a_fault_of_the_platform_leaves_it_in_doubt(rig: Rig) -> None:
    await rig.fail(Fault.TROUBLE)
    with fails(rig, InDoubt):
        await send(rig)


async def test_what_may_not_be_said_is_refused_for_good(rig: Rig) -> None:
    await rig.fail(Fault.REJECTED)
    with fails(rig, Rejected):
        await send(rig)
    assert (await rig.read(rig.address), rig.complaints) == ([], [])


async def test_where_nobody_is_it_says_why(rig: Rig) -> None:
    for address, state in rig.away.items():
        with fails(rig, Gone) as gone:
            await send(rig, address=address)
        assert isinstance(gone.value, Gone)
        assert gone.value.state is state


async def test_where_a_message_can_be_edited_it_shows_what_is_new(rig: Rig) -> None:
    ref = await send(rig)
    if not rig.way.can_edit:
        with pytest.raises(MessageLost):
            await rig.channel.edit(rig.address, ref, rig.form("8 left"), Lane.EDIT)
        assert await rig.read(rig.address) == ["9 left"]
        return
    await rig.channel.edit(rig.address, ref, rig.form("8 left"), Lane.EDIT)
    assert await rig.read(rig.address) == ["8 left"]
    await rig.channel.edit(rig.address, ref, rig.broken, Lane.EDIT)
    assert await rig.read(rig.address) == ["the words"]


async def test_an_edit_that_changes_nothing_does_no_harm(rig: Rig) -> None:
    if not rig.way.can_edit:
        return
    ref = await send(rig)
    if sending.Unchanged in rig.way.errors:
        with pytest.raises(sending.Unchanged):
            await rig.channel.edit(rig.address, ref, rig.form("9 left"), Lane.EDIT)
    else:
        await rig.channel.edit(rig.address, ref, rig.form("9 left"), Lane.EDIT)
    assert await rig.read(rig.address) == ["9 left"]


async def test_a_message_that_is_not_there_cannot_be_edited(rig: Rig) -> None:
    with pytest.raises(MessageLost):
        await rig.channel.edit(rig.address, "99999", rig.form("8 left"), Lane.EDIT)


async def test_where_it_can_be_looked_up_a_message_is_found_by_its_notice(rig: Rig) -> None:
    marked, since = rig.form("9 left").marked(7), now() - timedelta(hours=1)
    ref = await rig.channel.send(rig.address, marked, Lane.ALERT)
    if not rig.way.can_look_up:
        with pytest.raises(CannotLook):
            await rig.channel.find(rig.address, 7, since)
        return
    assert await rig.channel.find(rig.address, 7, since) == ref
    assert await rig.channel.find(rig.address, 8, since) is None


def places(rig: Rig) -> list[str]:
    return [rig.address, rig.other, *rig.away]


async def test_it_knows_its_addresses(rig: Rig) -> None:
    assert all(map(rig.way.is_address, places(rig)))
    assert not any(map(rig.way.is_address, ("", " ", "a b", "a:b", "a,b")))
    assert rig.way.is_person(rig.way.example)
    assert not rig.way.is_person("")


async def test_every_message_spends_a_turn_of_the_one_account(rig: Rig) -> None:
    ref = await send(rig)
    await send(rig, lane=Lane.REPLY)
    expected = [Lane.ALERT, Lane.REPLY]
    if rig.way.can_edit:
        await rig.channel.edit(rig.address, ref, rig.form("8 left"), Lane.EDIT)
        expected.append(Lane.EDIT)
    assert rig.pacer.turns == expected


async def test_what_is_withdrawn_when_its_turn_comes_does_not_leave(rig: Rig) -> None:
    async def withdrawn() -> None:
        raise sending.Withdrawn

    with before_wire(withdrawn), pytest.raises(sending.Withdrawn):
        await send(rig)
    assert await rig.read(rig.address) == []
