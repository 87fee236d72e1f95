"""The bot's card: commands per language and scope, names and descriptions."""

import pytest
from telegram import BotCommand, BotCommandScopeAllPrivateChats, BotCommandScopeChat
from telegram.error import BadRequest, InvalidToken

from bot.sandbox.server import Sandbox
from tests.bot.sandbox.bots import TelegramBot


async def test_a_wrong_token_is_refused(sandbox: Sandbox) -> None:
    stranger = TelegramBot(sandbox, token="123456:WRONG")
    with pytest.raises(InvalidToken):
        await stranger.api.initialize()
    await stranger.api.shutdown()


async def test_commands_are_kept_per_language_and_scope(
    sandbox: Sandbox, telegram_bot: TelegramBot
) -> None:
    api = telegram_bot.api
    await api.set_my_commands([BotCommand("list", "what I wait for")])
    await api.set_my_commands([BotCommand("list", "我在等什么")], language_code="zh")
    scope = BotCommandScopeChat(7)
    await api.set_my_commands([BotCommand("stock", "staff only")], scope=scope)
    assert [c.command for c in await api.get_my_commands(scope=scope)] == ["stock"]
    await api.delete_my_commands(scope=scope)
    assert await api.get_my_commands(scope=scope) == ()


async def test_a_person_sees_the_commands_and_words_of_the_nearest_scope_and_the_language(
    sandbox: Sandbox, telegram_bot: TelegramBot
) -> None:
    """core.telegram.org/bots/api#determining-list-of-commands"""
    api, private = telegram_bot.api, BotCommandScopeAllPrivateChats()
    await api.set_my_commands([BotCommand("help", "for all")])
    await api.set_my_commands([BotCommand("list", "what I wait for")], scope=private)
    await api.set_my_commands([BotCommand("list", "我在等什么")], private, "zh")
    await api.set_my_description("Tells you when it is back")
    await api.set_my_description("到货通知", language_code="zh")
    for name, language in (("Ann", "en"), ("小雨", "zh-hans"), ("Jo", "de")):
        await sandbox.telegram.customer(name, language_code=language)
    await sandbox.telegram.group("Staff")
    page = (await sandbox.driver.state())["telegram"]
    seen = [(one["commands"][0]["description"], one["description"]) for one in page["customers"]]
    assert seen == [
        ("what I wait for", "Tells you when it is back"),
        ("我在等什么", "到货通知"),
        ("what I wait for", "Tells you when it is back"),
    ]
    assert page["groups"][0]["commands"] == [{"command": "help", "description": "for all"}]


@pytest.mark.parametrize(
    ("commands", "words"),
    [
        ([("Upper", "x")], "BOT_COMMAND_INVALID"),
        ([("ok", "")], "BOT_COMMAND_DESCRIPTION_INVALID"),
        ([(f"c{n}", "x") for n in range(101)], "BOT_COMMANDS_TOO_MUCH"),
    ],
)
async def test_a_command_list_that_telegram_would_not_take_is_refused(
    telegram_bot: TelegramBot, commands: list[tuple[str, str]], words: str
) -> None:
    with pytest.raises(BadRequest, match=f"(?i){words}"):
        await telegram_bot.api.set_my_commands(commands)


async def test_descriptions_fall_back_to_the_default_language(telegram_bot: TelegramBot) -> None:
    api = telegram_bot.api
    await api.set_my_description("Tells you when it is back")
    await api.set_my_short_description("Back in stock", language_code="zh")
    assert (await api.get_my_description("zh")).description == "Tells you when it is back"
    assert (await api.get_my_short_description("zh")).short_description == "Back in stock"
    assert (await api.get_my_short_description()).short_description == ""
    assert (await api.get_my_name()).name == "Stockbell"


async def test_a_method_that_the_sandbox_does_not_know_does_not_stop_the_bot(
    telegram_bot: TelegramBot,
) -> None:
    assert await telegram_bot.api.do_api_request("someNewMethod") is True
