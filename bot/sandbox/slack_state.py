"""Who and what the sandbox's Slack knows: users, channels, messages, modals, homes, tickets."""

import itertools
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.state import Json, World

TEAM = {"id": "T0SANDBOX", "name": "Demo shop", "domain": "demo-shop"}
APP_ID = "A0SANDBOX"
BOT_USER = "U0BOT"
BOT_ID = "B0BOT"
SCOPES = (
    "app_mentions:read",
    "channels:history",
    "channels:join",
    "channels:read",
    "chat:write",
    "commands",
    "groups:history",
    "groups:read",
    "im:history",
    "im:read",
    "im:write",
    "users:read",
)


class SlackError(Exception):
    """`{"ok": false, "error": name}`: https://docs.slack.dev/apis/web-api/#responses"""

    def __init__(self, error: str, *messages: str, status: int = 200, **more: Any) -> None:
        super().__init__(error)
        self.error = error
        self.status = status
        self.more = dict(more)
        if messages:
            self.more["response_metadata"] = {"messages": list(messages)}

    def as_json(self) -> Json:
        return {"ok": False, "error": self.error, **self.more}


@dataclass
class User:
    id: str
    name: str
    real_name: str
    is_bot: bool = False

    def as_page(self) -> Json:
        return {"id": self.id, "name": self.name, "real_name": self.real_name}

    def as_api(self) -> Json:
        """https://docs.slack.dev/reference/objects/user-object"""
        profile = {"real_name": self.real_name, "display_name": self.name}
        common = {"team_id": TEAM["id"], "deleted": False, "tz": "UTC", "profile": profile}
        return {**self.as_page(), **common, "is_bot": self.is_bot, "is_app_user": False}


@dataclass
class SlackMessage:
    channel: str
    ts: str
    user: str
    text: str
    blocks: list[Json] | None = None
    thread_ts: str | None = None
    metadata: Json | None = None
    attachments: list[Json] | None = None
    edits: int = 0
    edited_ts: str | None = None
    pings: bool = False
    ephemeral_for: str | None = None

    def as_api(self) -> Json:
        """https://docs.slack.dev/messaging/#anatomy; metadata only where it is asked for."""
        body: Json = {"type": "message", "user": self.user, "text": self.text, "ts": self.ts}
        if self.user == BOT_USER:
            body |= {"bot_id": BOT_ID, "app_id": APP_ID, "team": TEAM["id"]}
        if self.edited_ts:
            body["edited"] = {"user": self.user, "ts": self.edited_ts}
        extra = {
            "blocks": self.blocks,
            "thread_ts": self.thread_ts,
            "attachments": self.attachments,
        }
        return body | {name: value for name, value in extra.items() if value}

    def as_page(self) -> Json:
        author = "bot" if self.user == BOT_USER else self.user
        body: Json = {
            "ts": self.ts,
            "channel": self.channel,
            "thread_ts": self.thread_ts,
            "user": author,
            "text": self.text,
            "blocks": self.blocks,
            "attachments": self.attachments,
            "edited": self.edits > 0,
            "edits": self.edits,
            "metadata": self.metadata,
            "pings": self.pings,
        }
        if self.ephemeral_for:
            body |= {"user": self.ephemeral_for, "author": author, "ephemeral": True}
        return body


@dataclass
class Channel:
    id: str
    name: str
    member: bool = True
    is_private: bool = False
    im_with: str | None = None
    archived: bool = False
    messages: dict[str, SlackMessage] = field(default_factory=dict)

    def as_api(self) -> Json:
        """https://docs.slack.dev/reference/objects/conversation-object"""
        if self.im_with:
            return {"id": self.id, "is_im": True, "user": self.im_with, "is_archived": False}
        return {
            "id": self.id,
            "name": self.name,
            "name_normalized": self.name,
            "is_channel": True,
            "is_im": False,
            "is_private": self.is_private,
            "is_archived": self.archived,
            "is_member": self.member,
        }


@dataclass
class View:
    id: str
    user: str
    body: Json
    root: str
    hash: str
    previous: str | None = None
    errors: dict[str, str] = field(default_factory=dict)
    state: Json = field(default_factory=lambda: {"values": {}})

    def as_api(self) -> Json:
        """https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload"""
        defaults = {"private_metadata": "", "callback_id": "", "external_id": ""}
        flags = {"clear_on_close": False, "notify_on_close": False, "submit": None, "close": None}
        return {
            **defaults,
            **flags,
            **self.body,
            "id": self.id,
            "team_id": TEAM["id"],
            "app_id": APP_ID,
            "bot_id": BOT_ID,
            "app_installed_team_id": TEAM["id"],
            "state": self.state,
            "hash": self.hash,
            "previous_view_id": self.previous,
            "root_view_id": self.root,
        }


@dataclass
class Trigger:
    at: float
    user: str
    view: str | None = None  # the view it was pressed in: what views.push puts its view on
    used: bool = False


@dataclass
class ResponseUrl:
    """https://docs.slack.dev/interactivity/handling-user-interaction#message_responses"""

    at: float
    user: str
    channel: str
    message_ts: str | None = None
    uses: int = 0


class Slack:
    """The whole state of one app in one workspace."""

    def __init__(self, world: World, bot_token: str, app_token: str, secret: str) -> None:
        self.world = world
        self.bot_token = bot_token
        self.app_token = app_token
        self.secret = secret
        self.commands: set[str] = {"/stock"}
        self.scopes: list[str] = list(SCOPES)
        # what the app subscribed to; POST /sandbox/slack/event sends any event all the same
        self.events: set[str] = {"app_home_opened"}
        self.request_url: str | None = None
        self.clear()

    def clear(self) -> None:
        self.users: dict[str, User] = {}
        self.channels: dict[str, Channel] = {}
        self.ephemerals: dict[str, SlackMessage] = {}
        self.views: dict[str, View] = {}
        self.stacks: dict[str, list[str]] = {}
        self.homes: dict[str, View] = {}
        self.triggers: dict[str, Trigger] = {}
        self.response_urls: dict[str, ResponseUrl] = {}
        self._ids = itertools.count(1)
        self._last_ts = 0
        self.users[BOT_USER] = User(BOT_USER, "stockbell", "Stockbell", is_bot=True)

    def new_id(self, prefix: str) -> str:
        return f"{prefix}{next(self._ids):08d}"

    def new_ts(self) -> str:
        """Unique and growing, as a message's id must be."""
        self._last_ts = max(int(self.world.clock() * 10**6), self._last_ts + 1)
        return f"{self._last_ts // 10**6}.{self._last_ts % 10**6:06d}"

    def new_trigger(self, user: str, view: str | None = None) -> str:
        trigger_id = f"{next(self._ids)}.{APP_ID}.{self._last_ts:x}"
        self.triggers[trigger_id] = Trigger(self.world.clock(), user, view)
        return trigger_id

    def new_response_url(self, user: str, channel: str, message_ts: str | None = None) -> str:
        key = self.new_id("R")
        self.response_urls[key] = ResponseUrl(self.world.clock(), user, channel, message_ts)
        return f"{self.world.platforms_url}/slack/response/{TEAM['id']}/{key}"

    def channel(self, wanted: str) -> Channel:
        """By id, by #name, or a user's direct messages by the user's id."""
        if wanted in self.channels:
            return self.channels[wanted]
        for channel in self.channels.values():
            if channel.name and channel.name == wanted.removeprefix("#"):
                return channel
        if wanted in self.users and wanted != BOT_USER:
            return self.direct(wanted)
        raise SlackError("channel_not_found")

    def direct(self, user: str) -> Channel:
        for channel in self.channels.values():
            if channel.im_with == user:
                return channel
        channel = Channel(self.new_id("D"), "", im_with=user)
        self.channels[channel.id] = channel
        return channel

    def add_message(self, message: SlackMessage) -> SlackMessage:
        if message.ephemeral_for:
            self.ephemerals[message.ts] = message
        else:
            self.channels[message.channel].messages[message.ts] = message
        self.world.changes.bump()
        return message

    def named_blocks(self, blocks: list[Json] | None) -> list[Json] | None:
        """https://docs.slack.dev/reference/block-kit/blocks block_id: "one will be generated"."""
        if not blocks:
            return None
        return [{"block_id": self.new_id("b"), **block} for block in blocks]

    def as_page(self) -> Json:
        return {
            "team": TEAM,
            "bot": self.users[BOT_USER].as_page(),
            "users": [u.as_page() for u in self.users.values() if not u.is_bot],
            "channels": [
                {
                    "id": c.id,
                    "name": c.name,
                    "member": c.member,
                    "im_with": c.im_with,
                    "messages": [m.as_page() for m in c.messages.values()],
                }
                for c in self.channels.values()
            ],
            "ephemerals": [m.as_page() for m in self.ephemerals.values()],
            "modals": [self.modal_page(stack) for stack in self.stacks.values() if stack],
            "homes": {user: view.as_api() for user, view in self.homes.items()},
            "commands": sorted(self.commands),
        }

    def modal_page(self, stack: list[str]) -> Json:
        view = self.views[stack[-1]]
        page = {"user": view.user, "view_id": view.id, "view": view.as_api()}
        return {**page, "errors": view.errors, "depth": len(stack)}
