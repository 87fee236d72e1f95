"""Who and what the sandbox's Telegram knows: people, groups, messages, button presses, files."""

import itertools
from dataclasses import dataclass, field
from typing import Any, Literal

from bot.sandbox.state import Json, World
from bot.sandbox.telegram_html import found_by_itself, render_html
from bot.sandbox.telegram_updates import UpdateQueue


class TelegramError(Exception):
    """An answer that is not ok: https://core.telegram.org/bots/api#making-requests"""

    def __init__(self, code: int, description: str, parameters: Json | None = None) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters

    def as_json(self) -> Json:
        body: Json = {"ok": False, "error_code": self.code, "description": self.description}
        return body | ({"parameters": self.parameters} if self.parameters else {})


def bad_request(words: str, parameters: Json | None = None) -> TelegramError:
    return TelegramError(400, f"Bad Request: {words}", parameters)


@dataclass
class Message:
    chat_id: int
    message_id: int
    sender: int | None  # None is the bot
    date: int
    text: str = ""
    entities: list[Json] = field(default_factory=list)
    reply_markup: Json | None = None
    edit_date: int | None = None
    edits: int = 0
    reply_to: int | None = None
    document: Json | None = None
    photo: Json | None = None
    reactions: list[Json] = field(default_factory=list)
    deleted: bool = False
    pings: bool = False
    toast: str | None = None

    @property
    def has_media(self) -> bool:
        return bool(self.document or self.photo)

    def as_page(self) -> Json:
        return {
            "message_id": self.message_id,
            "from": "bot" if self.sender is None else "customer",
            "sender_id": self.sender,
            "date": self.date,
            "edit_date": self.edit_date,
            "edits": self.edits,
            "text": self.text,
            "html": render_html(self.text, self.entities),
            "entities": self.entities,
            "reply_markup": self.reply_markup,
            "reply_to": self.reply_to,
            "document": self.document,
            "photo": self.photo,
            "reactions": self.reactions,
            "deleted": self.deleted,
            "pings": self.pings,
            "toast": self.toast,
        }


@dataclass
class Chat:
    """A customer's private chat, a group or a supergroup."""

    id: int
    kind: Literal["private", "group", "supergroup"]
    title: str
    username: str | None = None
    language_code: str | None = None
    started: bool = False
    blocked: bool = False
    deactivated: bool = False
    migrated_to: int | None = None
    messages: dict[int, Message] = field(default_factory=dict)
    action: str | None = None

    @property
    def is_private(self) -> bool:
        return self.kind == "private"

    def as_user(self) -> Json:
        optional = {"username": self.username, "language_code": self.language_code}
        return {"id": self.id, "is_bot": False, "first_name": self.title} | {
            key: value for key, value in optional.items() if value
        }

    def as_chat(self) -> Json:
        if not self.is_private:
            return {"id": self.id, "type": self.kind, "title": self.title}
        user = self.as_user()
        user.pop("is_bot")
        user.pop("language_code", None)
        return {**user, "type": "private"}

    def as_page(self) -> Json:
        messages = [m.as_page() for m in self.messages.values()]
        if not self.is_private:
            moved = {"migrated_to": self.migrated_to, "kicked": self.blocked, "type": self.kind}
            return {"id": self.id, "title": self.title, "messages": messages, **moved}
        return {
            "id": self.id,
            "first_name": self.title,
            "username": self.username,
            "language_code": self.language_code,
            "blocked": self.blocked,
            "deactivated": self.deactivated,
            "started": self.started,
            "messages": messages,
        }


@dataclass
class Press:
    """A press that waits for answerCallbackQuery."""

    customer: int
    message: Message
    at: float
    answered: bool = False


class Telegram:
    """The whole state of one bot at Telegram."""

    def __init__(self, world: World, token: str) -> None:
        self.world = world
        self.token = token
        self.bot: Json = {
            "id": int(token.split(":")[0]),
            "is_bot": True,
            "first_name": "Stockbell",
            "username": "stockbell_demo_bot",
        }
        self.commands: dict[tuple[str, str], list[Json]] = {}
        self.profile: dict[tuple[str, str], str] = {}
        self.updates = UpdateQueue(world)
        self._message_ids = itertools.count(1)
        self._supergroup_ids: dict[int, Any] = {}
        self._ids = itertools.count(1)
        self.clear()

    def clear(self) -> None:
        """Chats and what waits go; the bot's own card, its web hook and all counters stay."""
        self.chats: dict[int, Chat] = {}
        self.presses: dict[str, Press] = {}
        self.files: dict[str, tuple[str, str, bytes]] = {}
        self.updates.pending.clear()

    def new_id(self) -> int:
        return next(self._ids)

    def new_message_id(self, chat: Chat) -> int:
        """Supergroups count for themselves, all other chats of an account share one counter."""
        if chat.kind != "supergroup":
            return next(self._message_ids)
        return int(next(self._supergroup_ids.setdefault(chat.id, itertools.count(1))))

    def add_chat(self, chat: Chat) -> Chat:
        self.chats[chat.id] = chat
        self.world.changes.bump()
        return chat

    def add_message(self, chat: Chat, sender: int | None, text: str, **more: Any) -> Message:
        entities = more.pop("entities", [])
        message = Message(
            chat.id,
            self.new_message_id(chat),
            sender,
            self.world.now(),
            text,
            self.with_found(text, entities),
            **more,
        )
        chat.messages[message.message_id] = message
        self.world.changes.bump()
        return message

    def with_found(self, text: str, entities: list[Json]) -> list[Json]:
        return entities + found_by_itself(text, entities)

    def message_json(self, message: Message, *, with_reply: bool = True) -> Json:
        """https://core.telegram.org/bots/api#message"""
        chat = self.chats[message.chat_id]
        sender = self.bot if message.sender is None else self.chats[message.sender].as_user()
        body: Json = {
            "message_id": message.message_id,
            "from": sender,
            "chat": chat.as_chat(),
            "date": message.date,
        }
        words = {"caption": "caption_entities"} if message.has_media else {"text": "entities"}
        for name, entities in words.items():
            body |= {name: message.text} if message.text else {}
            body |= {entities: message.entities} if message.entities else {}
        media = {"document": _document(message), "photo": message.photo and message.photo["sizes"]}
        body |= {name: value for name, value in media.items() if value}
        extra = {"edit_date": message.edit_date, "reply_markup": message.reply_markup}
        body |= {name: value for name, value in extra.items() if value}
        replied = chat.messages.get(message.reply_to or 0)
        if with_reply and replied and not replied.deleted:
            body["reply_to_message"] = self.message_json(replied, with_reply=False)
        return body

    def push(self, kind: str, payload: Json, *, times: int = 1) -> int:
        return self.updates.add(kind, payload, times=times)


def _document(message: Message) -> Json | None:
    if message.document is None:
        return None
    names = {"size": "file_size"}
    return {names.get(k, k): v for k, v in message.document.items() if k != "url"}
