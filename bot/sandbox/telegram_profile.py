"""The bot's own card: getMe, command lists, descriptions."""

import re
from collections.abc import Callable
from typing import Any

from bot.sandbox.state import Json
from bot.sandbox.telegram_params import Params
from bot.sandbox.telegram_state import Chat, Telegram, bad_request

COMMAND = re.compile(r"[a-z0-9_]{1,32}")  # https://core.telegram.org/bots/api#botcommand
MAX_COMMANDS = 100  # https://core.telegram.org/bots/api#setmycommands
MAX_COMMAND_DESCRIPTION = 256


def get_me(telegram: Telegram, _params: Params) -> Json:
    # https://core.telegram.org/bots/api#getme
    abilities = {
        "can_join_groups": True,
        "can_read_all_group_messages": False,
        "supports_inline_queries": True,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }
    return {**telegram.bot, **abilities}


def _scope(params: Params) -> tuple[str, str]:
    scope = params.json("scope") or {"type": "default"}
    parts = (scope.get("type", "default"), scope.get("chat_id"), scope.get("user_id"))
    name = ":".join(str(part) for part in parts if part is not None)
    return name, params.text("language_code")


def set_my_commands(telegram: Telegram, params: Params) -> bool:
    commands = params.json("commands") or []
    if len(commands) > MAX_COMMANDS:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    for command in commands:
        if not COMMAND.fullmatch(str(command.get("command", "")).lstrip("/")):
            raise bad_request("BOT_COMMAND_INVALID")
        if not 1 <= len(str(command.get("description", ""))) <= MAX_COMMAND_DESCRIPTION:
            raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    names = ("command", "description")
    telegram.commands[_scope(params)] = [{name: c[name] for name in names} for c in commands]
    telegram.world.changes.bump()
    return True


def get_my_commands(telegram: Telegram, params: Params) -> list[Json]:
    return telegram.commands.get(_scope(params), [])


def delete_my_commands(telegram: Telegram, params: Params) -> bool:
    telegram.commands.pop(_scope(params), None)
    telegram.world.changes.bump()
    return True


# field of the profile -> longest value: https://core.telegram.org/bots/api#setmydescription
PROFILE = {"name": 64, "description": 512, "short_description": 120}


def _profile_method(field: str, limit: int) -> dict[str, "Method"]:
    suffix = "".join(word.capitalize() for word in field.split("_"))

    def setter(telegram: Telegram, params: Params) -> bool:
        value = params.text(field)
        if len(value) > limit:
            raise bad_request(f"BOT_{field.upper()}_INVALID")
        telegram.profile[field, params.text("language_code")] = value
        telegram.world.changes.bump()
        return True

    def getter(telegram: Telegram, params: Params) -> Json:
        language = params.text("language_code")
        fallback = telegram.bot["first_name"] if field == "name" else ""
        default = telegram.profile.get((field, ""), fallback)
        return {field: telegram.profile.get((field, language)) or default}

    return {f"setMy{suffix}": setter, f"getMy{suffix}": getter}


def commands_in(telegram: Telegram, chat: Chat) -> list[Json]:
    """The commands that a person sees in the chat.

    https://core.telegram.org/bots/api#determining-list-of-commands
    """
    wide = "all_private_chats" if chat.is_private else "all_group_chats"
    language = (chat.language_code or "")[:2]
    for scope in (f"chat:{chat.id}", wide, "default"):
        for code in (language, ""):
            if found := telegram.commands.get((scope, code)):
                return found
    return []


def words_in(telegram: Telegram, field: str, chat: Chat) -> str:
    """A field of the bot's profile as this person's app shows it."""
    of_language = telegram.profile.get((field, (chat.language_code or "")[:2]))
    return of_language or telegram.profile.get((field, ""), "")


def page_of(telegram: Telegram, only: int | None = None) -> Json:
    """All that the page shows; `only`: of this chat alone."""
    chats = [chat for chat in telegram.chats.values() if only in (None, chat.id)]
    return {
        "bot": telegram.bot,
        "customers": [_chat_page(telegram, chat) for chat in chats if chat.is_private],
        "groups": [_chat_page(telegram, chat) for chat in chats if not chat.is_private],
        "pending_updates": len(telegram.updates.pending),
        "listening": telegram.updates.polled or telegram.updates.hook is not None,
    }


def _chat_page(telegram: Telegram, chat: Chat) -> Json:
    return {
        **chat.as_page(),
        "commands": commands_in(telegram, chat),
        "description": words_in(telegram, "description", chat),
    }


def get_chat_menu_button(_telegram: Telegram, _params: Params) -> Json:
    return {"type": "commands"}


Method = Callable[[Telegram, Params], Any]
METHODS: dict[str, Method] = {
    "getMe": get_me,
    "setMyCommands": set_my_commands,
    "getMyCommands": get_my_commands,
    "deleteMyCommands": delete_my_commands,
    "getChatMenuButton": get_chat_menu_button,
}
for _field, _limit in PROFILE.items():
    METHODS |= _profile_method(_field, _limit)
