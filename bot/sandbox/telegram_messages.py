"""The methods that write, edit and delete messages, with Telegram's checks and error texts."""

import contextlib
import re
from collections.abc import Callable
from typing import Any

from bot.sandbox.state import Json
from bot.sandbox.telegram_html import HtmlError, parse_html, trimmed
from bot.sandbox.telegram_params import Params
from bot.sandbox.telegram_state import Chat, Message, Telegram, TelegramError, bad_request

MAX_TEXT = 4096  # https://core.telegram.org/bots/api#sendmessage "after entities parsing"
MAX_CAPTION = 1024  # https://core.telegram.org/bots/api#senddocument
MAX_BUTTON_DATA = 64  # bytes: https://core.telegram.org/bots/api#inlinekeyboardbutton
MAX_BUTTONS = 100
DELETABLE_SECONDS = 48 * 3600  # https://core.telegram.org/bots/api#deletemessage
MAX_CALLBACK_TEXT = 200  # https://core.telegram.org/bots/api#answercallbackquery
CHAT_ID = re.compile(r"-?\d{1,18}")
NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same"
    " as a current content and reply markup of the message"
)
TOO_OLD = "query is too old and response timeout expired or query ID is invalid"
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


def send(telegram: Telegram, params: Params, text: str, entities: list[Json], **more: Any) -> Json:
    chat = writable_chat(telegram, params)
    message = telegram.add_message(
        chat,
        None,
        text,
        entities=entities,
        reply_markup=markup(params),
        reply_to=reply_target(params, chat),
        # https://core.telegram.org/bots/api#sendmessage disable_notification
        pings=not params.flag("disable_notification"),
        **more,
    )
    return telegram.message_json(message)


def send_message(telegram: Telegram, params: Params) -> Json:
    writable_chat(telegram, params)
    return send(telegram, params, *message_text(params))


def _store(telegram: Telegram, params: Params, field: str) -> Json:
    """A file that came with the request, or one that is already there (by its file_id)."""
    given = params.text(field)
    upload = params.files.get(given.removeprefix("attach://")) or params.files.get(field)
    file_id = given
    if upload:
        file_id = f"FILE{telegram.new_id()}"
        telegram.files[file_id] = (upload.name, upload.mime, upload.data)
    if file_id not in telegram.files:
        raise bad_request(f"there is no {field} in the request")
    name, mime, data = telegram.files[file_id]
    url = f"{telegram.world.url}/sandbox/files/{file_id}"
    ids = {"file_id": file_id, "file_unique_id": file_id}
    return {**ids, "file_name": name, "mime_type": mime, "size": len(data), "url": url}


def send_document(telegram: Telegram, params: Params) -> Json:
    writable_chat(telegram, params)
    return send(telegram, params, *caption(params), document=_store(telegram, params, "document"))


def send_photo(telegram: Telegram, params: Params) -> Json:
    writable_chat(telegram, params)
    photo = _store(telegram, params, "photo")
    size = {"width": 640, "height": 480, "file_size": photo["size"]}
    ids = {name: photo[name] for name in ("file_id", "file_unique_id")}
    return send(telegram, params, *caption(params), photo={**photo, "sizes": [{**ids, **size}]})


def own_message(telegram: Telegram, params: Params) -> Message:
    chat = writable_chat(telegram, params)
    message = chat.messages.get(params.number("message_id"))
    if message is None or message.deleted:
        raise bad_request("message to edit not found")
    if message.sender is not None:
        raise bad_request("message can't be edited")
    return message


def change(telegram: Telegram, message: Message, **new: Any) -> Json:
    if all(getattr(message, name) == value for name, value in new.items()):
        raise bad_request(NOT_MODIFIED)
    for name, value in new.items():
        setattr(message, name, value)
    message.edit_date = telegram.world.now()
    message.edits += 1
    telegram.world.changes.bump()
    return telegram.message_json(message)


def edit_message_text(telegram: Telegram, params: Params) -> Json:
    message = own_message(telegram, params)
    if message.has_media:
        raise bad_request("there is no text in the message to edit")
    text, entities = message_text(params)
    keyboard = markup(params)
    found = telegram.with_found(text, entities)
    return change(telegram, message, text=text, entities=found, reply_markup=keyboard)


def edit_message_caption(telegram: Telegram, params: Params) -> Json:
    message = own_message(telegram, params)
    if not message.has_media:
        raise bad_request("there is no caption in the message to edit")
    text, entities = caption(params)
    found = telegram.with_found(text, entities)
    return change(telegram, message, text=text, entities=found, reply_markup=markup(params))


def edit_message_reply_markup(telegram: Telegram, params: Params) -> Json:
    return change(telegram, own_message(telegram, params), reply_markup=markup(params))


def delete_message(telegram: Telegram, params: Params) -> bool:
    """https://core.telegram.org/bots/api#deletemessage"""
    chat = writable_chat(telegram, params)
    message = chat.messages.get(params.number("message_id"))
    if message is None or message.deleted:
        raise bad_request("message to delete not found")
    if message.sender is not None and not chat.is_private:
        raise bad_request("message can't be deleted")
    if telegram.world.now() - message.date >= DELETABLE_SECONDS:
        raise bad_request("message can't be deleted for everyone")
    message.deleted = True
    telegram.world.changes.bump()
    return True


def delete_messages(telegram: Telegram, params: Params) -> bool:
    """https://core.telegram.org/bots/api#deletemessages "not found ... are skipped"."""
    writable_chat(telegram, params)
    for message_id in params.json("message_ids") or []:
        with contextlib.suppress(TelegramError):
            delete_message(telegram, Params({**params.values, "message_id": message_id}))
    return True


def answer_callback_query(telegram: Telegram, params: Params) -> bool:
    press = telegram.presses.get(params.text("callback_query_id"))
    text = params.text("text")
    if len(text) > MAX_CALLBACK_TEXT:
        raise bad_request("MESSAGE_TOO_LONG")
    ttl = telegram.world.faults.get("telegram", "callback_ttl_s")
    if press is None or press.answered or telegram.world.clock() - press.at > ttl:
        raise bad_request(TOO_OLD)
    press.answered = True
    press.message.toast = text or None
    if text:
        alert = params.flag("show_alert")
        toast = {"type": "toast", "customer": press.customer, "text": text, "alert": alert}
        telegram.world.changes.toast(toast)
    telegram.world.changes.bump()
    return True


def set_message_reaction(telegram: Telegram, params: Params) -> bool:
    chat = writable_chat(telegram, params)
    message = chat.messages.get(params.number("message_id"))
    if message is None or message.deleted:
        raise bad_request("message to react not found")
    message.reactions = params.json("reaction") or []
    telegram.world.changes.bump()
    return True


def send_chat_action(telegram: Telegram, params: Params) -> bool:
    writable_chat(telegram, params).action = params.text("action")
    return True


def get_chat(telegram: Telegram, params: Params) -> Json:
    chat = find_chat(telegram, params)
    # https://core.telegram.org/bots/api#chatfullinfo
    fixed = {"accent_color_id": 0, "max_reaction_count": 11, "accepted_gift_types": GIFTS}
    return {**chat.as_chat(), **fixed}


GIFTS = {
    "unlimited_gifts": False,
    "limited_gifts": False,
    "unique_gifts": False,
    "premium_subscription": False,
    "gifts_from_channels": False,
}


def get_file(telegram: Telegram, params: Params) -> Json:
    file_id = params.text("file_id")
    if file_id not in telegram.files:
        raise bad_request("invalid file_id")
    size = len(telegram.files[file_id][2])
    ids = {"file_id": file_id, "file_unique_id": file_id}
    return {**ids, "file_size": size, "file_path": f"documents/{file_id}"}


Method = Callable[[Telegram, Params], Any]
METHODS: dict[str, Method] = {
    "sendMessage": send_message,
    "sendDocument": send_document,
    "sendPhoto": send_photo,
    "editMessageText": edit_message_text,
    "editMessageCaption": edit_message_caption,
    "editMessageReplyMarkup": edit_message_reply_markup,
    "deleteMessage": delete_message,
    "deleteMessages": delete_messages,
    "answerCallbackQuery": answer_callback_query,
    "setMessageReaction": set_message_reaction,
    "sendChatAction": send_chat_action,
    "getChat": get_chat,
    "getFile": get_file,
}
