"""The methods that write, edit and delete messages."""

import contextlib
from collections.abc import Callable
from typing import Any

from bot.sandbox.state import Json
from bot.sandbox.telegram_checks import (
    caption,
    find_chat,
    markup,
    message_text,
    own_message,
    reply_target,
    writable_chat,
)
from bot.sandbox.telegram_params import Params
from bot.sandbox.telegram_state import Message, Telegram, TelegramError, bad_request

DELETABLE_SECONDS = 48 * 3600  # https://core.telegram.org/bots/api#deletemessage
MAX_CALLBACK_TEXT = 200  # https://core.telegram.org/bots/api#answercallbackquery
NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same"
    " as a current content and reply markup of the message"
)
TOO_OLD = "query is too old and response timeout expired or query ID is invalid"


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
