"""Two contacts become those of one person by proof; without it nothing is joined."""

import asyncio

import pytest

from bot.domain.contacts import Address, Caller
from bot.domain.joining import ALPHABET, Joined, NotJoined, Refusal
from bot.domain.staff import Undone
from bot.domain.telling import JoinedTold, RestockTold
from bot.domain.ways import SLACK, TELEGRAM
from bot.services.bundle import Options
from bot.services.customers.subscribing import Limits
from storage import audit, contacts
from storage.database import Database
from storage.vault import Vault, generate_key
from tests.bot.services.people.helpers import (
    MEI,
    MEI_IN_SLACK,
    TOM,
    acting,
    code_for,
    give,
    joined,
    undo,
    wait_for,
)
from tests.support.clock import Clock
from tests.support.shop import ADMIN, Shop


async def apart(shop: Shop, one: Caller = MEI, other: Caller = MEI_IN_SLACK) -> bool:
    return (await shop.person(one)).id != (await shop.person(other)).id


async def test_a_code_sent_to_the_one_and_given_by_the_other_makes_them_one(shop: Shop) -> None:
    result = await joined(shop)
    assert result.ways == (TELEGRAM, SLACK)
    assert not await apart(shop)


@pytest.mark.parametrize("swapped", [False, True])
async def test_it_works_in_both_directions_and_the_older_person_stays(
    shop: Shop, swapped: bool
) -> None:
    for caller in (MEI, MEI_IN_SLACK):
        await shop.services.people.start(caller)
    older = await shop.person(MEI)
    await (joined(shop, MEI_IN_SLACK, MEI) if swapped else joined(shop))
    assert (await shop.person(MEI_IN_SLACK)).id == (await shop.person(MEI)).id == older.id


async def test_the_same_name_joins_nobody(shop: Shop) -> None:
    for caller in (MEI, Caller(MEI_IN_SLACK.address, MEI.name), Caller(TOM.address, MEI.name)):
        await shop.services.people.start(caller)
    assert await apart(shop)
    assert await apart(shop, MEI, TOM)


@pytest.mark.parametrize("typed", ["{}", " {} ", "lower", "{} ".replace("-", " "), "plain"])
async def test_a_code_is_read_however_it_is_typed(shop: Shop, typed: str) -> None:
    code = await code_for(shop, MEI)
    text = {"lower": code.lower(), "plain": code.replace("-", "")}.get(typed, typed.format(code))
    assert isinstance(await give(shop, MEI_IN_SLACK, text), Joined)


async def refused(shop: Shop, caller: Caller, code: str) -> NotJoined:
    result = await give(shop, caller, code)
    assert isinstance(result, Refusal), result
    return result.reason


async def test_a_forged_code_joins_nobody(shop: Shop) -> None:
    await shop.services.people.start(MEI_IN_SLACK)
    code = await code_for(shop, MEI)
    other = next(letter for letter in ALPHABET if letter != code[-1])
    for wrong in (code[:-1] + other, "1" + code, "", "hello", "Ünïcode", "9" * 30):
        assert await refused(shop, MEI_IN_SLACK, wrong) is NotJoined.UNKNOWN
        shop.clock.forward(hours=2)
    assert await apart(shop)


async def test_a_code_that_another_shop_signed_joins_nobody(shop: Shop) -> None:
    code = await code_for(shop, MEI)
    stranger = await Shop.open(shop.database, Vault([generate_key()]), shop.clock)
    assert await refused(stranger, TOM, code) is NotJoined.UNKNOWN


async def test_a_code_is_good_after_the_keys_were_changed(database: Database, clock: Clock) -> None:
    key, newer = generate_key(), generate_key()
    code = await code_for(await Shop.open(database, Vault([key]), clock), MEI)
    after = await Shop.open(database, Vault([newer, key]), clock)
    assert isinstance(await give(after, MEI_IN_SLACK, code), Joined)


async def test_a_code_expires(shop: Shop) -> None:
    code = await code_for(shop, MEI)
    shop.clock.forward(minutes=10)
    assert await refused(shop, MEI_IN_SLACK, code) is NotJoined.EXPIRED
    assert await apart(shop)


async def test_a_newer_code_takes_the_place_of_the_one_before(shop: Shop) -> None:
    first = await code_for(shop, MEI)
    second = await code_for(shop, MEI)
    assert await refused(shop, MEI_IN_SLACK, first) is NotJoined.EXPIRED
    assert isinstance(await give(shop, MEI_IN_SLACK, second), Joined)


async def test_a_code_joins_once(shop: Shop) -> None:
    code = await code_for(shop, MEI)
    await give(shop, MEI_IN_SLACK, code)
    assert await refused(shop, TOM, code) is NotJoined.USED
    assert await apart(shop, MEI, TOM)


async def test_ones_own_code_says_where_to_give_it_and_stays_good(shop: Shop) -> None:
    code = await code_for(shop, MEI)
    assert await refused(shop, MEI, code) is NotJoined.OWN
    assert isinstance(await give(shop, MEI_IN_SLACK, code), Joined)
    again = await code_for(shop, MEI)
    assert await refused(shop, MEI_IN_SLACK, again) is NotJoined.OWN


async def test_who_tries_codes_has_to_wait_and_even_a_good_one_is_refused(shop: Shop) -> None:
    code = await code_for(shop, MEI)
    for _ in range(5):
        assert await refused(shop, TOM, "17K7-Q3MX-D9P2") is NotJoined.UNKNOWN
    assert await refused(shop, TOM, code) is NotJoined.TRIES
    assert isinstance(await give(shop, MEI_IN_SLACK, code), Joined)
    shop.clock.forward(hours=1, seconds=1)
    assert isinstance(await give(shop, TOM, await code_for(shop, MEI)), Joined)


async def test_of_two_who_give_the_same_code_at_once_one_is_joined(shop: Shop) -> None:
    for caller in (MEI, MEI_IN_SLACK, TOM):
        await shop.services.people.start(caller)
    code = await code_for(shop, MEI)
    results = await asyncio.gather(*(give(shop, one, code) for one in (MEI_IN_SLACK, TOM)))
    assert sorted(type(result).__name__ for result in results) == ["Joined", "Refusal"]
    (refusal,) = [result for result in results if isinstance(result, Refusal)]
    assert refusal.reason is NotJoined.USED
    assert await apart(shop, MEI_IN_SLACK, TOM)


async def test_two_who_give_each_others_codes_at_once_become_one(shop: Shop) -> None:
    for _ in range(5):
        codes = [await code_for(shop, caller) for caller in (MEI, MEI_IN_SLACK)]
        results = await asyncio.gather(
            give(shop, MEI_IN_SLACK, codes[0]), give(shop, MEI, codes[1])
        )
        assert sorted(type(result).__name__ for result in results) == ["Joined", "Refusal"]
        assert not await apart(shop)
        await undo(shop, MEI)


async def test_a_code_that_is_delivered_again_gets_the_first_answer(shop: Shop) -> None:
    joining = shop.services.joining
    assert await joining.code(MEI, "k1") == await joining.code(MEI, "k1")
    code = (await joining.code(MEI, "k1")).code
    again = acting(shop, MEI_IN_SLACK, "k2")
    first = await joining.join(again, code)
    assert await joining.join(again, code) == first
    assert isinstance(first, Joined)


async def test_no_code_stands_in_the_database(shop: Shop) -> None:
    code = (await code_for(shop, MEI)).replace("-", "")
    rows = [str(value) for row in await shop.rows("join_code") for value in row]
    assert rows
    assert not [value for value in rows if code in value or code[-10:] in value]


async def test_of_two_places_in_a_line_the_earlier_one_is_kept_for_the_larger_wish(
    shop: Shop,
) -> None:
    await shop.product("MUG")
    await shop.product("TEA")
    first = await wait_for(shop, MEI_IN_SLACK, "MUG", 2)
    await wait_for(shop, TOM, "MUG")
    later = await wait_for(shop, MEI, "MUG", 3)
    other = await wait_for(shop, MEI, "TEA")
    result = await joined(shop)
    assert [(one.product.sku, one.place, one.quantity) for one in result.places] == [("MUG", 1, 3)]
    rows = {row.id: row for row in await shop.rows("subscription")}
    mei = (await shop.person(MEI)).id
    assert [(rows[n].state, rows[n].person_id) for n in (first, later, other)] == [
        ("waiting", mei), ("ended", mei), ("waiting", mei)
    ]  # fmt: skip
    await shop.moved("MUG +9")
    assert await told(shop) == [("U0MEI", 3), ("2", 1)]


async def told(shop: Shop) -> list[tuple[str, int]]:
    news = [*await shop.deliver(SLACK), *await shop.deliver(TELEGRAM)]
    return [(who, data.quantity) for who, data in news if isinstance(data, RestockTold)]


async def test_who_is_about_to_be_told_twice_is_told_once(shop: Shop) -> None:
    await shop.product("MUG")
    for caller in (MEI, MEI_IN_SLACK):
        await wait_for(shop, caller, "MUG")
    await shop.moved("MUG +9")
    await joined(shop)
    assert len(await told(shop)) == 1


async def test_who_was_told_as_the_one_is_not_told_again_as_the_other(shop: Shop) -> None:
    await shop.product("MUG")
    for caller in (MEI, MEI_IN_SLACK):
        await wait_for(shop, caller, "MUG")
    await shop.moved("MUG +9")
    await shop.deliver(SLACK)
    await joined(shop)
    assert await told(shop) == []
    assert [row.state for row in await shop.rows("subscription")] == ["told", "ended"]
    await shop.moved("MUG =0")
    await shop.moved("MUG +1")
    assert len(await told(shop)) == 1


async def test_a_button_of_the_place_that_ended_means_the_one_that_is_left(shop: Shop) -> None:
    await shop.product("MUG")
    kept = await wait_for(shop, MEI, "MUG")
    ended = await wait_for(shop, MEI_IN_SLACK, "MUG")
    await joined(shop)
    await shop.services.subscribing.change(MEI_IN_SLACK, ended, "remove")
    rows = {row.id: (row.state, row.reason) for row in await shop.rows("subscription")}
    assert rows == {kept: ("ended", "stopped"), ended: ("ended", "joined")}


async def test_together_they_wait_for_no_more_than_one_person_may(shop: Shop) -> None:
    limited = await Shop.open(
        shop.database, shop.vault, shop.clock, Options(limits=Limits(per_person=2))
    )
    for sku in ("MUG", "TEA", "CUP"):
        await shop.product(sku)
    for caller, skus in ((MEI, ("MUG", "TEA")), (MEI_IN_SLACK, ("TEA", "CUP"))):
        for sku in skus:
            await wait_for(limited, caller, sku)
    code = await code_for(limited, MEI)
    assert await give(limited, MEI_IN_SLACK, code) == Refusal(NotJoined.LIMIT, 2)
    assert await apart(limited)
    await limited.services.subscribing.stop(MEI_IN_SLACK, "CUP")
    assert isinstance(await give(limited, MEI_IN_SLACK, code), Joined)


async def test_the_contact_that_has_the_code_hears_who_gave_it(shop: Shop) -> None:
    result = await joined(shop)
    assert await shop.deliver(TELEGRAM) == [
        ("1", JoinedTold(SLACK, result.joining_id, undone=False))
    ]
    await undo(shop, MEI_IN_SLACK)
    (news,) = await shop.deliver(TELEGRAM)
    assert isinstance(news[1], JoinedTold)
    assert news[1].undone


async def test_it_is_audited(shop: Shop) -> None:
    await joined(shop)
    await undo(shop, MEI)
    async with shop.database.read() as tx:
        found = await audit.recent(tx, 5)
    mei, slack = (await shop.person(MEI)).id, (await shop.person(MEI_IN_SLACK)).id
    assert [(entry.action, entry.subject, entry.detail["person"]) for entry in found] == [
        ("part", f"person:{mei}", slack), ("join", f"person:{mei}", slack)
    ]  # fmt: skip
    assert found[1].actor_id == slack


async def test_a_chosen_language_is_the_persons(shop: Shop) -> None:
    await shop.services.people.start(MEI)
    await shop.services.people.set_language(MEI_IN_SLACK, "zh_CN")
    await joined(shop)
    assert (await shop.person(MEI)).language == "zh_CN"
    await undo(shop, MEI)
    assert ((await shop.person(MEI)).language, (await shop.person(MEI)).language_chosen) == (
        "en", False
    )  # fmt: skip


async def test_one_can_say_where_to_be_told(shop: Shop) -> None:
    await shop.product("MUG")
    await wait_for(shop, MEI, "MUG")
    await joined(shop)
    shop.clock.forward(seconds=1)
    assert (await shop.services.parting.told_here(MEI)).way == TELEGRAM
    shop.clock.forward(seconds=1)
    await shop.services.people.start(MEI_IN_SLACK)
    await shop.moved("MUG +1")
    assert await told(shop) == [("1", 1)]


async def test_forgetting_in_one_erases_both_and_without_proof_only_the_one(shop: Shop) -> None:
    await joined(shop)
    await shop.services.people.start(TOM)
    await shop.services.people.forget(MEI_IN_SLACK)
    async with shop.database.read() as tx:
        for caller, there in ((MEI, False), (MEI_IN_SLACK, False), (TOM, True)):
            found = await contacts.find(tx, shop.vault, caller.address)
            assert (found is not None) is there
    assert [row.id for row in await shop.rows("person") if row.joined_id] == []


async def test_joining_and_forgetting_at_once_leave_no_half_a_person(shop: Shop) -> None:
    await shop.product("MUG")
    for _ in range(6):
        for caller in (MEI, MEI_IN_SLACK):
            await wait_for(shop, caller, "MUG")
        code = await code_for(shop, MEI)
        await asyncio.gather(
            give(shop, MEI_IN_SLACK, code), shop.services.people.forget(MEI_IN_SLACK)
        )
        await asyncio.gather(*map(shop.services.people.forget, (MEI, MEI_IN_SLACK)))
        live = [row for row in await shop.rows("subscription") if row.state != "ended"]
        assert live == []
        assert {row.person_id for row in await shop.rows("subscription")} == {None}


async def test_who_asks_while_they_are_joined_gets_one_place(shop: Shop) -> None:
    await shop.product("MUG")
    for _ in range(6):
        await wait_for(shop, MEI, "MUG")
        code = await code_for(shop, MEI)
        await shop.services.people.start(MEI_IN_SLACK)
        await asyncio.gather(
            give(shop, MEI_IN_SLACK, code),
            shop.services.subscribing.notify(MEI_IN_SLACK, "MUG", 1, shop.key()),
        )
        mei = (await shop.person(MEI)).id
        live = [row for row in await shop.rows("subscription") if row.state != "ended"]
        assert [row.person_id for row in live] == [mei]
        await shop.services.people.forget(MEI)


async def test_who_is_joined_while_a_restock_opens_is_told_once(shop: Shop) -> None:
    await shop.product("MUG")
    for _ in range(6):
        for caller in (MEI, MEI_IN_SLACK):
            await wait_for(shop, caller, "MUG")
        code = await code_for(shop, MEI)
        await asyncio.gather(give(shop, MEI_IN_SLACK, code), shop.moved("MUG +9"))
        assert len(await told(shop)) == 1
        await shop.moved("MUG =0")
        await shop.services.people.forget(MEI)


async def test_a_member_undoes_what_they_did_as_the_other_half(shop: Shop) -> None:
    """What somebody did stays theirs, whichever of the two they were."""
    clerk = Caller(Address(SLACK, "U0CLERK"))
    await shop.product("MUG")
    await shop.services.people.start(MEI)
    await shop.stock("MUG +5", clerk)
    await joined(shop, clerk, MEI)
    done = await shop.services.undoing.undo(acting(shop, MEI), None)
    assert isinstance(done, Undone)
    assert done.undone.actor == "slack:U0CLERK"


async def test_whatever_happens_at_the_same_time_nobody_waits_for_each_other(shop: Shop) -> None:
    """Persons are locked before SKUs, and weakly: what holds a SKU never waits for a person."""
    services = shop.services
    for sku in ("MUG", "TEA"):
        await shop.product(sku)
    for _ in range(3):
        for caller in (MEI, MEI_IN_SLACK):
            for sku in ("TEA", "MUG"):
                await wait_for(shop, caller, sku)
        code = await code_for(shop, MEI)
        await asyncio.gather(
            give(shop, MEI_IN_SLACK, code),
            shop.moved("MUG +9"),
            shop.moved("TEA +9"),
            shop.stock("role <@U0MANAGER> manager", ADMIN),
            services.people.blocked(MEI.address),
            services.subscribing.notify(MEI_IN_SLACK, "TEA", 2, shop.key()),
            services.upkeep.forget_old(),
        )
        await told(shop)
        await asyncio.gather(
            undo(shop, MEI),
            shop.moved("MUG =0"),
            shop.moved("TEA =0"),
            services.people.came_back(MEI.address),
            services.people.start(MEI_IN_SLACK),
            shop.stock("role <@U0CLERK> clerk", ADMIN),
        )
        live = [row for row in await shop.rows("subscription") if row.state != "ended"]
        whose = {(await shop.person(caller)).id for caller in (MEI, MEI_IN_SLACK)}
        assert len(whose) == 2
        assert sorted((row.person_id, row.product_id) for row in live) == sorted(
            (person, product) for person in whose for product in (1, 2)
        )
        for caller in (MEI, MEI_IN_SLACK):
            await services.people.forget(caller)
