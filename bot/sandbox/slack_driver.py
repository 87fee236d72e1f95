"""A member's hands and eyes: the Slack half of the driver."""
# ruff: noqa: ASYNC109  a test says how long it waits where it waits

from collections.abc import Callable, Iterator
from typing import Any

from bot.sandbox.connection import Connection
from bot.sandbox.patience import PATIENCE

Json = dict[str, Any]
Look = str | Callable[[Json], object]
SLACK = "platform=slack"


def words(message: Json) -> str:
    """All that a reader sees: the text and every text in the blocks."""

    def inside(part: Any) -> Iterator[str]:
        if isinstance(part, dict):
            if isinstance(part.get("text"), str):
                yield part["text"]
            for value in part.values():
                yield from inside(value)
        elif isinstance(part, list):
            for value in part:
                yield from inside(value)

    return "\n".join([message.get("text") or "", *inside(message.get("blocks") or [])])


def matcher(look: Look) -> Callable[[Json], object]:
    if isinstance(look, str):
        wanted = look
        return lambda message: wanted in words(message)
    return look


def elements(blocks: list[Json] | None) -> Iterator[tuple[Json, Json]]:
    for block in blocks or []:
        single = (block.get("accessory"), block.get("element"))
        for element in (*single, *(block.get("elements") or [])):
            if isinstance(element, dict) and "action_id" in element:
                yield block, element


def find_element(blocks: list[Json] | None, label: str) -> tuple[Json, Json] | None:
    """By action_id or the button's whole text, else by a piece of the text."""
    every = list(elements(blocks))
    for block, element in every:
        if label in (element["action_id"], _label(element)):
            return block, element
    return next(((b, e) for b, e in every if label in _label(e)), None)


def _label(element: Json) -> str:
    text = element.get("text")
    return str(text["text"]) if isinstance(text, dict) else ""


def form_values(view: Json, values: Json) -> Json:
    """Short keys (block_id, action_id or the label) -> {block_id: {action_id: value}}."""
    full: Json = {}
    for block, element in elements(view["blocks"]):
        label = (block.get("label") or {}).get("text")
        for key in (block["block_id"], element["action_id"], label):
            if key in values:
                given = values[key]
                given = given.get(element["action_id"]) if isinstance(given, dict) else given
                full.setdefault(block["block_id"], {})[element["action_id"]] = given
                break
    return full


class SlackDriver:
    def __init__(self, line: Connection) -> None:
        self._line = line

    async def user(
        self, user_id: str = "U1", name: str | None = None, real_name: str | None = None
    ) -> "SlackUser":
        """A new member of the workspace (or the same with new names)."""
        body = {"id": user_id, "name": name, "real_name": real_name}
        await self._line.post("slack/users", body)
        return SlackUser(self._line, user_id)

    async def channel(
        self,
        channel_id: str = "C1",
        name: str | None = None,
        *,
        member: bool = True,
        private: bool = False,
    ) -> "SlackChannel":
        """A new channel; `member`: the bot is in it."""
        body = {"id": channel_id, "name": name, "member": member, "is_private": private}
        await self._line.post("slack/channels", body)
        return SlackChannel(self._line, channel_id)

    def user_by_id(self, user_id: str) -> "SlackUser":
        return SlackUser(self._line, user_id)

    def channel_by_id(self, channel_id: str) -> "SlackChannel":
        return SlackChannel(self._line, channel_id)

    async def config(self, **settings: Any) -> Json:
        """request_url (None: Socket Mode), commands, events (subscribed types), scopes."""
        result: Json = await self._line.post("slack/config", settings)
        return result

    async def event(self, event: Json, **more: Any) -> Json:
        result: Json = await self._line.post("slack/event", {"event": event, **more})
        return result

    async def refresh(self) -> None:
        """Slack asks the app to reconnect."""
        await self._line.post("slack/refresh")

    async def disconnect(self) -> None:
        """The connections break without a word."""
        await self._line.post("slack/disconnect")


class SlackChannel:
    def __init__(self, line: Connection, channel_id: str) -> None:
        self._line = line
        self.id = channel_id

    def _of(self, state: Json) -> list[Json]:
        for channel in state["slack"]["channels"]:
            if channel["id"] == self.id:
                found: list[Json] = channel["messages"]
                return found
        return []

    async def messages(self) -> list[Json]:
        return self._of(await self._line.state(SLACK))

    async def wait_for(self, look: Look, timeout: float = PATIENCE, *, after: str = "") -> Json:
        """The newest message that fits; `after`: only with a later ts."""
        fits = matcher(look)

        def newest(state: Json) -> Json | None:
            found = [m for m in self._of(state) if m["ts"] > after and fits(m)]
            return found[-1] if found else None

        return await self._line.wait(newest, timeout, f"{look!r} in channel {self.id}", SLACK)


class SlackUser:
    def __init__(self, line: Connection, user_id: str) -> None:
        self._line = line
        self.id = user_id

    async def act(self, action: str, **body: Any) -> Json:
        result: Json = await self._line.post(f"slack/{action}", {"user": self.id, **body})
        return result

    async def command(self, line: str, channel: str | None = None, **more: Any) -> Json:
        """Types `/stock A +5` in a channel (the first one the bot is in); waits for the ack."""
        command, _, text = line.partition(" ")
        where = channel or await self._home_channel()
        return await self.act("command", channel=where, command=command, text=text, **more)

    async def _home_channel(self) -> str:
        for channel in (await self._line.state(SLACK))["slack"]["channels"]:
            if channel["member"] and not channel["im_with"]:
                return str(channel["id"])
        raise AssertionError("the bot is in no channel")

    def _seen(self, state: Json) -> list[Json]:
        """What only this person sees: ephemeral answers and direct messages, oldest first."""
        slack = state["slack"]
        own = [m for m in slack["ephemerals"] if m["user"] == self.id]
        for channel in slack["channels"]:
            if channel["im_with"] == self.id:
                own += channel["messages"]
        return sorted(own, key=lambda m: str(m["ts"]))

    async def messages(self) -> list[Json]:
        return self._seen(await self._line.state(SLACK))

    async def wait_for(self, look: Look, timeout: float = PATIENCE, *, after: str = "") -> Json:
        """The newest ephemeral answer or direct message that fits."""
        fits = matcher(look)

        def newest(state: Json) -> Json | None:
            found = [m for m in self._seen(state) if m["ts"] > after and fits(m)]
            return found[-1] if found else None

        return await self._line.wait(newest, timeout, f"{look!r} for {self.id}", SLACK)

    def _modal(self, state: Json) -> Json | None:
        modals: list[Json] = state["slack"]["modals"]
        return next((m for m in modals if m["user"] == self.id), None)

    async def modal(self) -> Json | None:
        """The open modal: {"view_id", "view", "errors"}."""
        return self._modal(await self._line.state(SLACK))

    async def wait_for_modal(
        self, look: Callable[[Json], object] = bool, timeout: float = PATIENCE
    ) -> Json:
        def fitting(state: Json) -> Json | None:
            modal = self._modal(state)
            return modal if modal and look(modal) else None

        return await self._line.wait(fitting, timeout, f"a modal for {self.id}", SLACK)

    async def home(self) -> Json | None:
        homes: Json = (await self._line.state(SLACK))["slack"]["homes"]
        return homes.get(self.id)

    async def wait_for_home(
        self, look: Callable[[Json], object] = bool, timeout: float = PATIENCE
    ) -> Json:
        def fitting(state: Json) -> Json | None:
            view: Json | None = state["slack"]["homes"].get(self.id)
            return view if view and look(view) else None

        return await self._line.wait(fitting, timeout, f"the home of {self.id}", SLACK)

    async def open_home(self) -> Json:
        return await self.act("open_home")

    async def press(
        self, label: str, message: Json | None = None, *, value: Any = None, **more: Any
    ) -> Json:
        """By the button's text or action_id: in the open modal, on `message`, or on the newest
        message that this person can see; `value` is the choice in a select."""
        state = await self._line.state(SLACK)
        modal = None if message else self._modal(state)
        if modal and (hit := find_element(modal["view"]["blocks"], label)):
            return await self._press(hit, {"view_id": modal["view_id"]}, value, more)
        every = self._seen(state) + [m for c in state["slack"]["channels"] for m in c["messages"]]
        every.sort(key=lambda m: str(m["ts"]), reverse=True)
        for candidate in [message] if message else every:
            if hit := find_element(candidate["blocks"], label):
                where = {"channel": candidate["channel"], "ts": candidate["ts"]}
                return await self._press(hit, where, value, more)
        raise AssertionError(f"{self.id} sees no button {label!r}")

    async def _press(self, hit: tuple[Json, Json], where: Json, value: Any, more: Json) -> Json:
        block, element = hit
        ids = {"action_id": element["action_id"], "block_id": block["block_id"]}
        chosen = element.get("value") if value is None else value
        return await self.act("press", **where, **ids, value=chosen, **more)

    async def submit(self, values: Json | None = None, **more: Any) -> Json:
        """Fills in the open modal (keys: block_id, action_id or label) and submits it."""
        modal = await self.wait_for_modal()
        full = form_values(modal["view"], values or {})
        return await self.act("submit", view_id=modal["view_id"], values=full, **more)

    async def close_modal(self) -> Json:
        modal = await self.wait_for_modal()
        return await self.act("close", view_id=modal["view_id"])

    async def say(self, text: str, channel: str) -> Json:
        return await self.act("say", channel=channel, text=text)
