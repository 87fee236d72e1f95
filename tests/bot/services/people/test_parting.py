"""What was joined is taken apart again for a day: places, roles and acts as they were."""

import pytest

from bot.domain.contacts import Address, Caller, Role
from bot.domain.joining import Joined, NothingParted, NotParted, Parted
from bot.domain.staff import LastAdmin, RoleList, RoleSet
from bot.domain.telling import RestockTold
from bot.domain.ways import SLACK, TELEGRAM
from bot.services.bundle import Options
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
from tests.support.shop import ADMIN, CLERK, MANAGER, VIEWER, Shop

ANN = Caller(Address(TELEGRAM, "900"), "Ann", "en")


async def part(shop: Shop, caller: Caller = MEI, joining_id: int | None = None) -> object:
    return await undo(shop, caller, joining_id)


async def lines(shop: Shop) -> list[tuple[int, str, int, int]]:
    """(id, state, quantity, whose) of every subscription."""
    rows = await shop.rows("subscription")
    return [(row.id, row.state, row.quantity, row.person_id) for row in rows]


async def test_everybody_has_the_own_places_again(shop: Shop) -> None:
    for sku in ("MUG", "TEA", "CUP"):
        await shop.product(sku)
    await wait_for(shop, MEI_IN_SLACK, "MUG", 2)
    paused = await wait_for(shop, MEI, "MUG", 3)
    await wait_for(shop, MEI, "TEA")
    stopped = await wait_for(shop, MEI_IN_SLACK, "CUP")
    await shop.services.subscribing.change(MEI, paused, "pause")
    await shop.services.subscribing.change(MEI_IN_SLACK, stopped, "remove")
    before = await lines(shop)
    await joined(shop)
    assert await lines(shop) != before
    assert isinstance(await part(shop), Parted)
    assert await lines(shop) == before
    assert (await shop.person(MEI)).id != (await shop.person(MEI_IN_SLACK)).id


async def test_the_lines_go_on_after_it(shop: Shop) -> None:
    await shop.product("MUG")
    for caller in (MEI, MEI_IN_SLACK, TOM):
        await wait_for(shop, caller, "MUG")
    await shop.moved("MUG +9")
    await joined(shop)
    await part(shop)
    news = [*await shop.deliver(TELEGRAM), *await shop.deliver(SLACK)]
    assert sorted(who for who, data in news if isinstance(data, RestockTold)) == ["1", "2", "U0MEI"]


async def test_who_was_told_before_and_is_back_in_the_line_waits(shop: Shop) -> None:
    await shop.product("MUG")
    for caller in (MEI, MEI_IN_SLACK):
        await wait_for(shop, caller, "MUG")
    await shop.moved("MUG +9")
    await shop.deliver(SLACK)
    await joined(shop)
    assert [state for _, state, *_ in await lines(shop)] == ["told", "ended"]
    await shop.moved("MUG =0")
    await part(shop)
    assert [state for _, state, *_ in await lines(shop)] == ["waiting", "waiting"]


async def test_what_was_ended_since_stays_ended(shop: Shop) -> None:
    await shop.product("MUG")
    for caller in (MEI, MEI_IN_SLACK):
        await wait_for(shop, caller, "MUG")
    await joined(shop)
    await shop.services.subscribing.stop(MEI_IN_SLACK)
    await part(shop)
    assert [state for _, state, *_ in await lines(shop)] == ["ended", "ended"]


async def test_another_wish_since_stays_with_the_earlier_place(shop: Shop) -> None:
    await shop.product("MUG")
    for caller in (MEI, MEI_IN_SLACK):
        await wait_for(shop, caller, "MUG")
    await joined(shop)
    await wait_for(shop, MEI, "MUG", 7)
    await part(shop)
    assert [quantity for _, _, quantity, _ in await lines(shop)] == [7, 1]


async def test_what_was_asked_for_as_one_stays_with_the_older_person(shop: Shop) -> None:
    await shop.product("MUG")
    await shop.services.people.start(MEI)
    await joined(shop)
    await wait_for(shop, MEI_IN_SLACK, "MUG")
    await part(shop)
    assert [whose for *_, whose in await lines(shop)] == [(await shop.person(MEI)).id]


async def test_after_a_day_it_is_for_good(shop: Shop) -> None:
    await joined(shop)
    shop.clock.forward(days=1, seconds=1)
    assert await part(shop) == NothingParted(NotParted.TOO_LATE)
    shop.clock.forward(days=2)
    await shop.services.upkeep.forget_old()
    assert await part(shop) == NothingParted(NotParted.NOTHING)
    assert (await shop.person(MEI)).id == (await shop.person(MEI_IN_SLACK)).id


async def test_nothing_is_taken_apart_twice_or_by_others(shop: Shop) -> None:
    await shop.services.people.start(TOM)
    join = (await joined(shop)).joining_id
    assert await part(shop, TOM) == NothingParted(NotParted.NOTHING)
    assert await part(shop, TOM, join) == NothingParted(NotParted.NOTHING)
    assert isinstance(await part(shop, MEI_IN_SLACK, join), Parted)
    assert await part(shop, MEI, join) == NothingParted(NotParted.NOTHING)


async def test_an_undo_that_is_delivered_again_undoes_nothing_more(shop: Shop) -> None:
    await joined(shop)
    await joined(shop, MEI, TOM)
    again = acting(shop, MEI, "again")
    for _ in range(2):
        assert await shop.services.parting.undo(again) == Parted(None)
    assert (await shop.person(MEI)).id == (await shop.person(MEI_IN_SLACK)).id


async def test_what_was_joined_later_has_to_go_first(shop: Shop) -> None:
    await shop.product("MUG")
    for caller in (TOM, MEI_IN_SLACK, MEI):
        await wait_for(shop, caller, "MUG")
    before = await lines(shop)
    first = (await joined(shop)).joining_id
    second = (await joined(shop, MEI, TOM)).joining_id
    whole = {(await shop.person(caller)).id for caller in (MEI, MEI_IN_SLACK, TOM)}
    assert len(whole) == 1
    assert await part(shop, MEI, first) == NothingParted(NotParted.NOTHING)
    assert isinstance(await part(shop, MEI, second), Parted)
    assert isinstance(await part(shop, MEI, first), Parted)
    assert await lines(shop) == before


async def roles(shop: Shop) -> dict[str, Role]:
    found = await shop.stock("role", ADMIN)
    assert isinstance(found, RoleList)
    return dict(found.members)


async def test_no_role_is_no_vote(shop: Shop) -> None:
    result = await joined(shop, MEI, CLERK)
    assert (result.role, result.lowered) == (Role.CLERK, None)
    assert (await shop.person(MEI)).role is Role.CLERK


async def test_of_two_roles_the_lower_counts_until_an_admin_says_otherwise(shop: Shop) -> None:
    result = await joined(shop, MANAGER, CLERK)
    assert (result.role, result.lowered) == (Role.CLERK, Role.MANAGER)
    assert "slack:U0MANAGER" not in await roles(shop)
    said = await shop.stock("role <@U0MANAGER> manager", ADMIN)
    assert isinstance(said, RoleSet)
    assert (await shop.person(CLERK)).role is Role.MANAGER


async def test_a_member_who_was_joined_is_one_member(shop: Shop) -> None:
    before = len(await roles(shop))
    await joined(shop, MEI, CLERK)
    assert len(await roles(shop)) == before


async def test_admins_of_the_settings_win(shop: Shop) -> None:
    assert (await joined(shop, ADMIN, CLERK)).role is Role.ADMIN
    await part(shop, ADMIN)
    assert ((await shop.person(ADMIN)).role, (await shop.person(CLERK)).role) == (
        Role.ADMIN, Role.CLERK
    )  # fmt: skip


async def test_the_last_admin_is_never_lowered(shop: Shop) -> None:
    free = await Shop.open(shop.database, shop.vault, shop.clock, Options())
    assert (await joined(free, CLERK, ADMIN)).role is Role.ADMIN


async def test_one_of_two_admins_is_lowered(shop: Shop) -> None:
    free = await Shop.open(shop.database, shop.vault, shop.clock, Options())
    await free.stock("role <@U0MANAGER> admin", ADMIN)
    assert (await joined(free, CLERK, ADMIN)).role is Role.CLERK
    assert isinstance(await free.stock("role <@U0MANAGER> clerk", MANAGER), LastAdmin)


async def test_roles_are_as_they_were_when_it_is_undone(shop: Shop) -> None:
    await joined(shop, MANAGER, CLERK)
    result = await part(shop, CLERK)
    assert result == Parted(Role.CLERK)
    assert (await shop.person(MANAGER)).role is Role.MANAGER


@pytest.mark.parametrize("said", ["viewer", "none"])
async def test_what_an_admin_has_said_since_is_not_undone_with_it(shop: Shop, said: str) -> None:
    """Or whoever was shown the door would come back in through the other half."""
    await joined(shop, MANAGER, ANN)
    await shop.stock(f"role <@U0MANAGER> {said}", ADMIN)
    await part(shop, ANN)
    role = Role.VIEWER if said == "viewer" else None
    assert ((await shop.person(MANAGER)).role, (await shop.person(ANN)).role) == (role, None)


async def test_an_admin_speaks_of_all_who_were_joined(shop: Shop) -> None:
    await joined(shop, CLERK, MANAGER)
    await joined(shop, VIEWER, MANAGER)
    await shop.stock("role <@U0CLERK> none", ADMIN)
    await part(shop, CLERK)
    await part(shop, MANAGER)
    for caller in (CLERK, MANAGER, VIEWER):
        assert (await shop.person(caller)).role is None


async def test_what_each_did_is_theirs_again(shop: Shop) -> None:
    await shop.product("MUG")
    await shop.stock("MUG +5", CLERK)
    await shop.stock("MUG +1", MANAGER)
    before = [row.actor_id for row in await shop.rows("move")]
    await joined(shop, CLERK, MANAGER)
    await part(shop, CLERK)
    assert [row.actor_id for row in await shop.rows("move")] == before
    card = await shop.stock("MUG")
    assert [move.actor for move in card.moves] == ["slack:U0MANAGER", "slack:U0CLERK"]


async def test_who_is_joined_again_after_it_gets_the_same_places(shop: Shop) -> None:
    await shop.product("MUG")
    for caller in (MEI, MEI_IN_SLACK):
        await wait_for(shop, caller, "MUG")
    await joined(shop)
    once = await lines(shop)
    await part(shop)
    assert isinstance(await give(shop, MEI, await code_for(shop, MEI_IN_SLACK)), Joined)
    assert await lines(shop) == once


async def test_a_preference_goes_back_with_its_contact(shop: Shop) -> None:
    await shop.services.people.start(MEI)
    await shop.services.people.start(MEI_IN_SLACK)
    for caller in (MEI, MEI_IN_SLACK):
        await shop.services.parting.told_here(caller)
    await joined(shop)
    assert [row.preferred for row in await shop.rows("contact")][-2:] == [True, False]
    await part(shop)
    assert [row.preferred for row in await shop.rows("contact")][-2:] == [True, True]
