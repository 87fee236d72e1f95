"""What people see before they write: the command menu and the descriptions, in their language."""

import asyncio
from typing import Any

from handlers.telegram.setup import Profile
from tests.handlers.telegram.live import Live, quick


async def registered(live: Live) -> dict[tuple[str, str], list[dict[str, Any]]]:
    await Profile(live.application.bot, live.view, quick()).run(asyncio.Event())
    return live.sandbox._telegram.commands


async def test_commands_are_registered_for_every_language_and_for_all_others(live: Live) -> None:
    commands = await registered(live)
    scope = "all_private_chats"
    assert set(commands) == {(scope, ""), (scope, "en"), (scope, "zh")}
    by_language = {language: found for (_, language), found in commands.items()}
    assert by_language[""] == by_language["en"]
    names = {language: [c["command"] for c in found] for language, found in by_language.items()}
    assert names["zh"] == names["en"]
    assert "notify" in names["en"]
    words = {language: found[0]["description"] for language, found in by_language.items()}
    assert words["zh"] != words["en"]


async def test_every_registered_command_has_a_handler(live: Live) -> None:
    from handlers.telegram.commands import COMMANDS

    commands = await registered(live)
    for found in commands.values():
        assert {c["command"] for c in found} == set(COMMANDS)


async def test_the_descriptions_speak_every_language(live: Live) -> None:
    await registered(live)
    profile = live.sandbox._telegram.profile
    kinds = {key[0] for key in profile}
    assert len(kinds) == 2
    assert len(profile) == 6


async def test_a_server_that_is_down_or_knows_no_such_method_only_delays_it(live: Live) -> None:
    failures = [
        {"method": "setMyCommands", "status": 502, "times": 2},
        {"method": "setMyDescription", "status": 404, "description": "Not Found"},
    ]
    await live.sandbox.driver.faults(telegram={"fail_next": failures})
    assert len(await registered(live)) == 3
