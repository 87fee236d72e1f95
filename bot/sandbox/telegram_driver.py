"""A customer's hands and eyes: the Telegram half of the driver."""
# ruff: noqa: ASYNC109  a test says how long it waits where it waits

from collections.abc import Callable
from typing import Any

from bot.sandbox.connection import Connection
from bot.sandbox.patience import PATIENCE

Json = dict[str, Any]
Look = str | Callable[[Json], object]


def matcher(look: Look) -> Callable[[Json], object]:
    """A piece of the text, or a function of the message."""
    if isinstance(look, str):
        words = look
        return lambda message: words in message["text"]
    return look


def buttons(message: Json) -> list[Json]:
    rows = (message["reply_markup"] or {}).get("inline_keyboard") or []
    return [button for row in rows for button in row]


def find_button(message: Json, label: str) -> Json | None:
    """By callback data or whole text, else by a piece of the text."""
    pressable = [b for b in buttons(message) if "callback_data" in b]
    for button in pressable:
        if label in (button["text"], button["callback_data"]):
            return button
    return next((b for b in pressable if label in b["text"]), None)


class TelegramDriver:
    def __init__(self, line: Connection) -> None:
        self._line = line

    async def customer(
        self,
        first_name: str = "Ann",
        language_code: str | None = "en",
        *,
        id: int | None = None,
        username: str | None = None,
        started: bool = False,
    ) -> "Customer":
        """A new person, who has not pressed Start yet, or did so long ago."""
        body: Json = {
            "first_name": first_name, "language_code": language_code, "started": started
        }  # fmt: skip
        more: Json = {"id": id, "username": username}
        body |= {key: value for key, value in more.items() if value is not None}
        found = await self._line.post("telegram/customers", body)
        return Customer(self._line, found["id"])

    async def group(self, title: str = "Staff", *, id: int | None = None) -> "Group":
        """A new group that the bot is in."""
        body: Json = {"title": title} | ({"id": id} if id else {})
        found = await self._line.post("telegram/groups", body)
        return Group(self._line, found["id"])

    def customer_by_id(self, customer_id: int) -> "Customer":
        return Customer(self._line, customer_id)

    def group_by_id(self, group_id: int) -> "Group":
        return Group(self._line, group_id)


class TelegramChat:
    part = "customers"

    def __init__(self, line: Connection, chat_id: int) -> None:
        self._line = line
        self.id = chat_id
        self._part = f"chat={chat_id}"

    async def act(self, action: str, **body: Any) -> Json:
        result: Json = await self._line.post(f"telegram/{self.id}/{action}", body)
        return result

    def _of(self, state: Json) -> Json:
        chats: list[Json] = state["telegram"][self.part]
        return next(chat for chat in chats if chat["id"] == self.id)

    async def info(self) -> Json:
        return self._of(await self._line.state(self._part))

    async def messages(self) -> list[Json]:
        """What the bot wrote here and has not deleted, oldest first."""
        return self._written(await self._line.state(self._part))

    def _written(self, state: Json) -> list[Json]:
        every: list[Json] = self._of(state)["messages"]
        return [m for m in every if m["from"] == "bot" and not m["deleted"]]

    async def wait_for(self, look: Look, timeout: float = PATIENCE, *, after: int = 0) -> Json:
        """The newest message of the bot that fits; `after`: only with a higher message_id."""
        fits = matcher(look)

        def newest(state: Json) -> Json | None:
            found = [m for m in self._written(state) if m["message_id"] > after and fits(m)]
            return found[-1] if found else None

        return await self._line.wait(newest, timeout, f"{look!r} in chat {self.id}", self._part)

    async def wait_until(self, look: Callable[[Json], object], timeout: float = PATIENCE) -> Json:
        """This chat, once `look(chat)` is true."""

        def right(state: Json) -> Json | None:
            chat = self._of(state)
            return chat if look(chat) else None

        return await self._line.wait(right, timeout, f"chat {self.id}", self._part)

    async def press(self, label: str, message: Json | None = None, **more: Any) -> Json:
        """Presses a button by its text or data: on `message`, else on the newest that has it."""
        candidates = [message] if message else list(reversed(await self.messages()))
        for candidate in candidates:
            if button := find_button(candidate, label):
                ids = {"message_id": candidate["message_id"], "data": button["callback_data"]}
                return await self.act("press", **ids, **more)
        raise AssertionError(f"no button {label!r} in chat {self.id}")

    async def press_data(self, message_id: int, data: str, **more: Any) -> Json:
        """Also a button that is gone (as on a phone that has not heard of the edit yet)."""
        return await self.act("press", message_id=message_id, data=data, force=True, **more)


class Customer(TelegramChat):
    async def say(self, text: str, **more: Any) -> Json:
        return await self.act("send", text=text, **more)

    async def start(self, payload: str = "", **more: Any) -> Json:
        return await self.act("start", payload=payload, **more)

    async def block(self) -> Json:
        return await self.act("block", blocked=True)

    async def unblock(self) -> Json:
        return await self.act("block", blocked=False)

    async def deactivate(self) -> Json:
        return await self.act("deactivate")

    async def wait_for_toast(self, look: str, timeout: float = PATIENCE) -> Json:
        """The message on which a button was pressed, once its answer shows `look`."""
        return await self.wait_for(lambda m: look in (m["toast"] or ""), timeout)


class Group(TelegramChat):
    part = "groups"

    async def say(self, text: str, sender: Customer | None = None, **more: Any) -> Json:
        who = {"from": sender.id} if sender else {}
        return await self.act("send", text=text, **who, **more)

    async def kick(self) -> Json:
        return await self.act("block", blocked=True)

    async def migrate(self) -> "Group":
        """The supergroup that this group became."""
        return Group(self._line, (await self.act("migrate"))["id"])
