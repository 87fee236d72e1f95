"""What a request must fulfil before a message is written or edited, with Telegram's error texts."""

import re
from typing import Any

from bot.sandbox.state import Json
from bot.sandbox.telegram_html import HtmlError, parse_html, trimmed
from bot.sandbox.telegram_params import Params
from bot.sandbox.telegram_state import Chat, Message, Telegram, TelegramError, bad_request

MAX_TEXT = 4096  # https://core.telegram.org/bots/api#sendmessage "after entities parsing"
MAX_CAPTION = 1024  # https://core.telegram.org/bots/api#senddocument
MAX_BUTTON_DATA = 64  # bytes: https://core.telegram.org/bots/api#inlinekeyboardbutton
MAX_BUTTONS = 100
CHAT_ID = re.compile(r"-?\d{1,18}")
ACTIONS = ("url", "login_url", "web_app", "switch_inline_query", "copy_text", "pay")
MORE_ACTIONS = ("switch_inline_query_current_chat", "switch_inline_query_chosen_chat")


def find_chat(telegram: Telegram, params: Params) -> Chat:
    wanted = params.text("chat_id")
    if not wanted:
        raise bad_request("chat_id is empty")
    chat = telegram.chats.get(int(wanted)) if CHAT_ID.fullmatch(wanted) else None
    if chat is None:
        raise bad_request("chat not found")
    return chat


def writable_chat(telegram: Telegram, params: Params) -> Chat:
    """The chat, or the reason why the bot must not write there."""
    chat = find_chat(telegram, params)
    if chat.migrated_to is not None:
        # https://core.telegram.org/bots/api#responseparameters
        raise bad_request(
            "group chat was upgraded to a supergroup chat",
            {"migrate_to_chat_id": chat.migrated_to},
        )
    if chat.deactivated:
        raise TelegramError(403, "Forbidden: user is deactivated")
    if chat.blocked and chat.is_private:
        raise TelegramError(403, "Forbidden: bot was blocked by the user")
    if chat.blocked:
        raise TelegramError(403, f"Forbidden: bot was kicked from the {chat.kind} chat")
    if chat.is_private and not chat.started:
        raise TelegramError(403, "Forbidden: bot can't initiate conversation with a user")
    return chat


def read_text(params: Params, name: str, entities_name: str) -> tuple[str, list[Json]]:
    source, mode = params.text(name), params.text("parse_mode").lower()
    entities = params.json(entities_name) or []
    if mode == "html":
        try:
            source, entities = parse_html(source)
        except HtmlError as error:
            raise bad_request(f"can't parse entities: {error}") from None
    elif mode:
        # the sandbox speaks HTML only; Telegram says this for a mode it does not know
        raise bad_request("unsupported parse_mode")
    return trimmed(source, entities)


def message_text(params: Params) -> tuple[str, list[Json]]:
    text, entities = read_text(params, "text", "entities")
    if not text:
        raise bad_request("message text is empty")
    if len(text) > MAX_TEXT:
        raise bad_request("message is too long")
    return text, entities


def caption(params: Params) -> tuple[str, list[Json]]:
    text, entities = read_text(params, "caption", "caption_entities")
    if len(text) > MAX_CAPTION:
        raise bad_request("message caption is too long")
    return text, entities


def markup(params: Params) -> Json | None:
    """https://core.telegram.org/bots/api#inlinekeyboardmarkup; other keyboards pass unchecked."""
    found: Any = params.json("reply_markup")
    if not found:
        return None
    if not isinstance(found, dict):
        raise bad_request("object expected as reply markup")
    rows = found.get("inline_keyboard")
    if rows is None:
        return found
    buttons = [button for row in rows for button in row]
    for button in buttons:
        check_button(button)
    if len(buttons) > MAX_BUTTONS:
        raise bad_request("reply markup is too long")
    return {"inline_keyboard": [row for row in rows if row]} if buttons else None


def check_button(button: Json) -> None:
    if not str(button.get("text", "")).strip():
        raise bad_request('can\'t parse inline keyboard button: Field "text" must be non-empty')
    data = button.get("callback_data")
    if data is not None:
        if not 1 <= len(str(data).encode()) <= MAX_BUTTON_DATA:
            raise bad_request("BUTTON_DATA_INVALID")
    elif not any(name in button for name in ACTIONS + MORE_ACTIONS):
        raise bad_request(
            "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"
        )
    url = button.get("url")
    if url is not None and not str(url).startswith(("http://", "https://", "tg://")):
        raise bad_request(f"inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")


def reply_target(params: Params, chat: Chat) -> int | None:
    """https://core.telegram.org/bots/api#replyparameters"""
    reply = params.json("reply_parameters") or {}
    wanted = reply.get("message_id") or params.number("reply_to_message_id")
    if not wanted:
        return None
    target = chat.messages.get(int(wanted))
    if target and not target.deleted:
        return target.message_id
    if reply.get("allow_sending_without_reply") or params.flag("allow_sending_without_reply"):
        return None
    raise bad_request("message to be replied not found")


def own_message(telegram: Telegram, params: Params) -> Message:
    chat = writable_chat(telegram, params)
    message = chat.messages.get(params.number("message_id"))
    if message is None or message.deleted:
        raise bad_request("message to edit not found")
    if message.sender is not None:
        raise bad_request("message can't be edited")
    return message
