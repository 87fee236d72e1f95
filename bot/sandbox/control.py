"""The control API: what the page and the tests use. JSON in, JSON out."""

import asyncio
import contextlib
import inspect
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from aiohttp import WSMsgType, web

from bot.sandbox.slack_delivery import Delivery
from bot.sandbox.slack_people import SlackPeople
from bot.sandbox.slack_state import Slack, SlackError
from bot.sandbox.state import Json, Refused, World
from bot.sandbox.telegram_people import TelegramPeople
from bot.sandbox.telegram_profile import page_of
from bot.sandbox.telegram_state import Telegram

PAGE = Path(__file__).parent / "page"
PUSH_SECONDS = 1 / 20  # at most 20 change notices a second
CHAT_ACTIONS = ("send", "start", "press", "block", "deactivate", "migrate")
SLACK_ACTIONS = ("command", "press", "submit", "close", "event", "say", "open_home")
NO_CACHE = {"Cache-Control": "no-store"}


@web.middleware
async def refusals(request: web.Request, handler: Any) -> web.StreamResponse:
    """What no client could do is an error of the test, not of the bot."""
    origin = request.headers.get("Origin")
    if origin and urlsplit(origin).netloc != request.host:
        # another page in the same browser must not drive the demo
        return web.json_response({"error": "cross-origin"}, status=403)
    try:
        response: web.StreamResponse = await handler(request)
    except Refused as error:
        return web.json_response({"error": str(error)}, status=error.status)
    except ConnectionResetError:  # a client that was killed while it still sent its request
        return web.Response(status=400)
    except SlackError as error:
        return web.json_response({"error": error.error, **error.more}, status=409)
    return response


async def body_of(request: web.Request) -> Json:
    text = await request.text()
    if not text.strip():
        return {}
    try:
        body = json.loads(text)
    except ValueError:
        raise Refused("the body is not JSON", 400) from None
    if not isinstance(body, dict):
        raise Refused("the body is not an object", 400)
    return body


class Door(Protocol):
    """The platforms' own port, if they have one."""

    async def open(self) -> None: ...
    async def close(self) -> None: ...


class Control:
    door: Door | None = None

    def __init__(self, world: World, telegram: Telegram, slack: Slack, delivery: Delivery) -> None:
        self.world = world
        self.telegram = telegram
        self.slack = slack
        self.delivery = delivery
        self.customers = TelegramPeople(telegram)
        self.staff = SlackPeople(slack, delivery)

    def routes(self) -> list[web.RouteDef]:
        post, get = web.post, web.get
        routes = [
            get("/", self.page),
            get(r"/static/{name:[\w.-]+}", self.page),
            get("/sandbox/state", self.state),
            get("/sandbox/version", self.version),
            get("/sandbox/tour", self.get_tour),
            post("/sandbox/tour", self.set_tour),
            post("/sandbox/tour/begin", self.begin_tour),
            get("/sandbox/events", self.events),
            get("/sandbox/log", self.log),
            post("/sandbox/reset", self.reset),
            post("/sandbox/telegram/customers", self.adding(self.customers.add_customer)),
            post("/sandbox/telegram/groups", self.adding(self.customers.add_group)),
            post("/sandbox/slack/users", self.adding(self.staff.add_user)),
            post("/sandbox/slack/channels", self.add_channel),
            post("/sandbox/slack/config", self.slack_config),
            post("/sandbox/slack/refresh", self.slack_refresh),
            post("/sandbox/slack/disconnect", self.slack_disconnect),
        ]
        routes += [
            get("/sandbox/faults", self.get_faults),
            post("/sandbox/faults", self.set_faults),
            web.delete("/sandbox/faults", self.clear_faults),
            post("/sandbox/door", self.set_door),
        ]
        return routes + self.people_routes()

    def people_routes(self) -> list[web.RouteDef]:
        chat, post = r"/sandbox/telegram/{chat_id:-?\d+}/", web.post
        routes = [post(chat + name, self.in_chat(name)) for name in CHAT_ACTIONS]
        return routes + [
            post(f"/sandbox/slack/{name}", self.doing(getattr(self.staff, name)))
            for name in SLACK_ACTIONS
        ]

    def adding(self, add: Callable[[Json], Any]) -> Any:
        async def handler(request: web.Request) -> web.Response:
            return web.json_response(add(await body_of(request)).as_page())

        return handler

    async def add_channel(self, request: web.Request) -> web.Response:
        channel = self.staff.add_channel(await body_of(request))
        return web.json_response({**channel.as_api(), "member": channel.member})

    def doing(self, act: Callable[[Json], Any]) -> Any:
        async def handler(request: web.Request) -> web.Response:
            result = act(await body_of(request))
            if inspect.isawaitable(result):
                result = await result
            return web.json_response(result)

        return handler

    def in_chat(self, name: str) -> Any:
        act = getattr(self.customers, name)

        async def handler(request: web.Request) -> web.Response:
            chat_id = int(request.match_info["chat_id"])
            return web.json_response(act(chat_id, await body_of(request)))

        return handler

    async def page(self, request: web.Request) -> web.StreamResponse:
        path = PAGE / request.match_info.get("name", "index.html")
        if not path.is_file():
            raise web.HTTPNotFound(text=f"there is no {path.name}")
        return web.FileResponse(path, headers=NO_CACHE)

    async def state(self, request: web.Request) -> web.Response:
        """All of it, or `?platform=slack`, or `?chat=ID` of Telegram."""
        chat, platform = request.query.get("chat"), request.query.get("platform")
        body: Json = {"version": self.world.changes.version}
        if platform in (None, "telegram"):
            body["telegram"] = page_of(self.telegram, int(chat) if chat else None)
        if platform in (None, "slack") and chat is None:
            connections = len(self.delivery.hub.sockets)
            body["slack"] = {**self.slack.as_page(), "connections": connections}
        return web.json_response(body, headers=NO_CACHE)

    async def get_tour(self, _request: web.Request) -> web.Response:
        if self.world.tour is None:
            raise Refused("there is no shop behind this sandbox", 404)
        return web.json_response({"steps": self.world.tour})

    async def begin_tour(self, _request: web.Request) -> web.Response:
        if self.world.before_tour is not None:
            await self.world.before_tour()
        return web.json_response({})

    async def set_tour(self, request: web.Request) -> web.Response:
        self.world.tour = await body_of(request)
        return web.json_response({"steps": self.world.tour})

    async def version(self, _request: web.Request) -> web.Response:
        return web.json_response({"version": self.world.changes.version})

    async def log(self, request: web.Request) -> web.Response:
        after = request.query.get("after", "0")
        if not after.isdigit():
            raise Refused("after must be a number", 400)
        return web.json_response({"requests": self.world.log.after(int(after))})

    async def reset(self, _request: web.Request) -> web.Response:
        """People, messages and faults go; the web hook, commands, connections and the log stay."""
        self.telegram.clear()
        self.slack.clear()
        self.world.faults.reset()
        self.world.changes.bump()
        return web.json_response({"version": self.world.changes.version})

    async def get_faults(self, _request: web.Request) -> web.Response:
        return web.json_response(self.world.faults.as_json())

    async def set_faults(self, request: web.Request) -> web.Response:
        self.world.faults.merge(await body_of(request))
        return web.json_response(self.world.faults.as_json())

    async def clear_faults(self, _request: web.Request) -> web.Response:
        self.world.faults.reset()
        return web.json_response(self.world.faults.as_json())

    async def set_door(self, request: web.Request) -> web.Response:
        if self.door is None:
            raise Refused("the platforms have no port of their own here", 404)
        is_open = bool((await body_of(request)).get("open"))
        await (self.door.open() if is_open else self.door.close())
        return web.json_response({"open": is_open})

    async def slack_config(self, request: web.Request) -> web.Response:
        """request_url (null: Socket Mode), commands, events (subscribed types), scopes."""
        body = await body_of(request)
        if "request_url" in body:
            self.slack.request_url = body["request_url"]
        if "commands" in body:
            self.slack.commands = set(body["commands"])
        if "events" in body:
            self.slack.events = set(body["events"])
        if "scopes" in body:
            self.slack.scopes = list(body["scopes"])
        self.world.changes.bump()
        known = {"commands": sorted(self.slack.commands), "scopes": self.slack.scopes}
        return web.json_response({"request_url": self.slack.request_url, **known})

    async def slack_refresh(self, _request: web.Request) -> web.Response:
        await self.delivery.hub.refresh()
        return web.json_response({"ok": True})

    async def slack_disconnect(self, _request: web.Request) -> web.Response:
        self.delivery.hub.cut()
        return web.json_response({"ok": True})

    async def events(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        queue: asyncio.Queue[Json] = asyncio.Queue()
        self.world.changes.toasts.add(queue)
        tasks = [
            asyncio.create_task(self._push_changes(socket)),
            asyncio.create_task(self._push_toasts(socket, queue)),
        ]
        closing = asyncio.create_task(self._close_with_server(socket))
        try:
            async for message in socket:
                if message.type is WSMsgType.ERROR:
                    break
        finally:
            self.world.changes.toasts.discard(queue)
            for task in (*tasks, closing):
                task.cancel()
        return socket

    async def _close_with_server(self, socket: web.WebSocketResponse) -> None:
        await self.world.closing.wait()
        await socket.close()

    async def _push_changes(self, socket: web.WebSocketResponse) -> None:
        version = 0
        with contextlib.suppress(ConnectionError):
            while True:
                version = await self.world.changes.beyond(version)
                await socket.send_json({"type": "changed", "version": version})
                await asyncio.sleep(PUSH_SECONDS)

    async def _push_toasts(self, socket: web.WebSocketResponse, queue: asyncio.Queue[Json]) -> None:
        with contextlib.suppress(ConnectionError):
            while True:
                await socket.send_json(await queue.get())
