"""Who is staff: roles that are given, taken, and read when somebody acts."""

import asyncio

import pytest

from bot.app.ways import KNOWN
from bot.domain.contacts import Role
from bot.domain.staff import LastAdmin, Refused, RoleList, RoleSet
from bot.domain.stock_words import BadInput
from bot.services.bundle import build_services
from handlers.verbs.role import ROLE, SetRole
from storage.database import Database
from storage.vault import Vault
from tests.support.clock import Clock
from tests.support.shop import ADMIN, CLERK, MANAGER, STRANGER, VIEWER, Shop


async def test_only_admins_give_roles_and_the_settings_admin_keeps_his(shop: Shop) -> None:
    assert isinstance(await shop.stock("role <@U0CLERK> admin", MANAGER), Refused)
    given = await shop.stock("role <@U0STRANGER> clerk", ADMIN)
    assert isinstance(given, RoleSet)
    assert isinstance(await shop.stock("role <@U0ADMIN> clerk", ADMIN), LastAdmin)
    assert isinstance(await shop.stock("role <@U0STRANGER> none", ADMIN), RoleSet)
    assert isinstance(await shop.stock("low", STRANGER), Refused)
    listed = await shop.stock("role", VIEWER)
    assert isinstance(listed, RoleList)
    assert len(listed.members) == 4


@pytest.mark.parametrize("person", ["telegram:abc", "slack:C0ALERTS", "fax:5"])
async def test_a_role_for_what_is_no_address_says_how_one_is_written(
    shop: Shop, person: str
) -> None:
    told = await shop.stock(f"role {person} clerk", ADMIN)
    assert told == BadInput("person", person, "role @ada clerk")
    assert isinstance(await shop.stock(f"role {person} clerk", STRANGER), Refused)


async def test_an_empty_list_of_admins_refuses_everybody(
    database: Database, vault: Vault, clock: Clock
) -> None:
    shop = Shop(database, vault, clock, build_services(database, vault, clock, KNOWN))
    await shop.product("MUG")
    for caller in (ADMIN, MANAGER, CLERK):
        assert isinstance(await shop.stock("MUG +1", caller), Refused)


async def test_of_two_admins_who_take_each_others_role_one_is_refused(shop: Shop) -> None:
    for person in ("U0CLERK", "U0MANAGER"):
        await shop.stock(f"role <@{person}> admin", ADMIN)
    answers = await asyncio.gather(
        shop.do(ROLE, SetRole("slack:U0CLERK", None), MANAGER),
        shop.do(ROLE, SetRole("slack:U0MANAGER", None), CLERK),
    )
    assert {type(answer) for answer in answers} == {RoleSet, Refused}
    listed = await shop.stock("role", ADMIN)
    assert [role for _, role in listed.members].count(Role.ADMIN) == 2
