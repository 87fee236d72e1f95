"""What people do in Telegram: write, open a link, press, block; each becomes an update."""

from typing import Any

from bot.sandbox.state import Json, Refused
from bot.sandbox.telegram_state import Chat, Message, Press, Telegram


class TelegramPeople:
    def __init__(self, telegram: Telegram) -> None:
        self.telegram = telegram

    def chat(self, chat_id: int) -> Chat:
        found = self.telegram.chats.get(chat_id)
        if found is None:
            raise Refused(f"no such chat: {chat_id}", 404)
        return found

    def add_customer(self, body: Json) -> Chat:
        chat_id = int(body.get("id") or 700_000_000 + self.telegram.new_id())
        chat = Chat(chat_id, "private", str(body.get("first_name") or "Ann"))
        chat.username = body.get("username")
        chat.language_code = body.get("language_code", "en")
        chat.started = bool(body.get("started"))
        return self.telegram.add_chat(chat)

    def add_group(self, body: Json) -> Chat:
        """A group that the bot has just been added to."""
        chat_id = int(body.get("id") or -(4_000_000 + self.telegram.new_id()))
        kind: Any = body.get("type") or ("supergroup" if chat_id < -(10**12) else "group")
        chat = Chat(chat_id, kind, str(body.get("title") or "Staff"))
        self.telegram.add_chat(chat)
        self._member(chat, self._somebody(chat, None), "left", "member")
        return chat

    def _somebody(self, chat: Chat, person: int | None) -> Chat:
        if person is not None:
            return self.chat(person)
        if chat.is_private:
            return chat
        people = [c for c in self.telegram.chats.values() if c.is_private]
        return people[0] if people else self.add_customer({"first_name": "Sam"})

    def send(self, chat_id: int, body: Json) -> Json:
        chat = self.chat(chat_id)
        if chat.is_private and (chat.blocked or chat.deactivated):
            raise Refused("who blocked the bot cannot write to it")
        chat.started = True
        text = str(body.get("text", ""))
        sender = self._somebody(chat, body.get("from"))
        reply_to = body.get("reply_to")
        message = self.telegram.add_message(chat, sender.id, text, reply_to=reply_to)
        update_id = None
        if chat.is_private or self._seen_in_group(chat, message):
            payload = self.telegram.message_json(message)
            update_id = self.telegram.push("message", payload, times=int(body.get("times", 1)))
        return {"update_id": update_id, "message_id": message.message_id}

    def _seen_in_group(self, chat: Chat, message: Message) -> bool:
        """https://core.telegram.org/bots/features#privacy-mode"""
        username = self.telegram.bot["username"]
        replied = chat.messages.get(message.reply_to or 0)
        is_command = message.text.startswith("/")
        for_other = is_command and "@" in message.text.split()[0]
        for_other = for_other and not message.text.split()[0].lower().endswith(f"@{username}")
        to_bot = replied is not None and replied.sender is None
        return (is_command and not for_other) or to_bot or f"@{username}" in message.text

    def start(self, chat_id: int, body: Json) -> Json:
        """Pressing Start, also by https://core.telegram.org/bots/features#deep-linking"""
        chat = self.chat(chat_id)
        if chat.blocked and chat.is_private:
            self.block(chat_id, {"blocked": False})
        payload = str(body.get("payload") or "")
        return self.send(chat_id, {**body, "text": f"/start {payload}".strip()})

    def press(self, chat_id: int, body: Json) -> Json:
        """`force` presses a button that has gone meanwhile, as on a phone without a network."""
        chat, data = self.chat(chat_id), str(body.get("data", ""))
        message = chat.messages.get(int(body.get("message_id", 0)))
        if message is None or (message.deleted and not body.get("force")):
            raise Refused("no such message", 404)
        buttons = [b for row in self._rows(message) for b in row]
        if not body.get("force") and all(b.get("callback_data") != data for b in buttons):
            raise Refused("no such button on this message")
        person = self._somebody(chat, body.get("from"))
        query_id = str(10**17 + self.telegram.new_id())
        now = self.telegram.world.clock()
        self.telegram.presses[query_id] = Press(person.id, message, now)
        # https://core.telegram.org/bots/api#callbackquery
        query = {
            "id": query_id,
            "from": person.as_user(),
            "message": self.telegram.message_json(message),
            "chat_instance": str(chat.id),
            "data": data,
        }
        times = int(body.get("times", 1))
        update_id = self.telegram.push("callback_query", query, times=times)
        return {"update_id": update_id, "callback_query_id": query_id}

    def _rows(self, message: Message) -> list[list[Json]]:
        return (message.reply_markup or {}).get("inline_keyboard") or []

    def _member(self, chat: Chat, person: Chat, old: str, new: str) -> int:
        """https://core.telegram.org/bots/api#chatmemberupdated"""
        until = {"until_date": 0}
        old_member = {"status": old, "user": self.telegram.bot}
        new_member = {"status": new, "user": self.telegram.bot}
        payload = {
            "chat": chat.as_chat(),
            "from": person.as_user(),
            "date": self.telegram.world.now(),
            "old_chat_member": old_member | (until if old == "kicked" else {}),
            "new_chat_member": new_member | (until if new == "kicked" else {}),
        }
        return self.telegram.push("my_chat_member", payload)

    def block(self, chat_id: int, body: Json) -> Json:
        """In a group: takes the bot out, or back in."""
        chat = self.chat(chat_id)
        chat.blocked = bool(body.get("blocked", True))
        states = ("member", "kicked") if chat.blocked else ("kicked", "member")
        person = self._somebody(chat, body.get("from"))
        self.telegram.world.changes.bump()
        return {"update_id": self._member(chat, person, *states)}

    def deactivate(self, chat_id: int, _body: Json) -> Json:
        """The account is gone; Telegram sends no update about it."""
        self.chat(chat_id).deactivated = True
        self.telegram.world.changes.bump()
        return {"update_id": None}

    def migrate(self, chat_id: int, body: Json) -> Json:
        """https://core.telegram.org/bots/api#message migrate_to_chat_id"""
        old = self.chat(chat_id)
        if old.kind != "group":
            raise Refused("only a plain group becomes a supergroup")
        new_id = int(body.get("id") or -(10**12) - 2_000_000_000 - self.telegram.new_id())
        new = self.telegram.add_chat(Chat(new_id, "supergroup", old.title))
        old.migrated_to = new_id
        sender = self._somebody(old, body.get("from"))
        for chat, extra in (
            (old, {"migrate_to_chat_id": new_id}),
            (new, {"migrate_from_chat_id": old.id}),
        ):
            message = self.telegram.add_message(chat, sender.id, "")
            payload = self.telegram.message_json(message) | extra
            update_id = self.telegram.push("message", payload)
        return {"update_id": update_id, "id": new_id}
