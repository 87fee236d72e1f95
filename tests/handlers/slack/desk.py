"""The real Slack side of the bot at a sandbox: a shop, its inbox, and both ways in."""

import asyncio
import socket as sockets
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.app.rules import RULES, faces_of
from bot.app.ways import KNOWN
from bot.channels.slack_client import PacedSlackClient, slack_pacer, slack_session
from bot.domain.inbox import Arrival, InboxState
from bot.intake.worker import InboxWorker
from bot.render.catalogue import Texts
from bot.render.view import RenderContext
from bot.render.voice import View
from bot.sandbox.server import Sandbox
from bot.sandbox.slack_driver import SlackUser
from bot.services.bundle import Services
from bot.services.engine.bell import Bell
from handlers.http.server import Health, HttpServer, bind, build_http
from handlers.slack.build import SlackSide, build_slack
from handlers.slack.http import slack_route
from handlers.slack.socket import SlackSocket
from handlers.verbs.act import Verb
from handlers.verbs.table import VERBS
from storage import inbox
from tests.support.shop import ADMIN, CLERK, MANAGER, STRANGER, VIEWER, Shop

Json = dict[str, Any]
PEOPLE = {"ada": ADMIN, "cleo": CLERK, "max": MANAGER, "vera": VIEWER, "sam": STRANGER}
SECRET, BOT_TOKEN, APP_TOKEN = "sandbox-secret", "xoxb-sandbox", "xapp-sandbox"


@dataclass
class Desk:
    """`accepted` are the arrivals in order; `refuse` makes storing fail."""

    sandbox: Sandbox
    shop: Shop
    bell: Bell
    side: SlackSide
    client: PacedSlackClient
    worker: InboxWorker
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    accepted: list[tuple[str, Arrival]] = field(default_factory=list)
    refuse: Exception | None = None

    def person(self, name: str) -> SlackUser:
        return self.sandbox.slack.user_by_id(PEOPLE[name].address.value)

    async def accept(self, source: str, key: str, sender: str, payload: Json, /) -> Arrival:
        if self.refuse:
            raise self.refuse
        arrival = await self.shop.services.arriving.accept(source, key, sender, payload)
        self.accepted.append((key, arrival))
        self.bell.ring()
        return arrival

    async def on_hand(self) -> int:
        rows = await self.shop.rows("move")
        return sum(row.quantity for row in rows)

    async def written_down(self) -> None:
        """Until what is in work has failed and the time of its next try is stored."""
        async with asyncio.timeout(10):
            while not (await self.states())[InboxState.PENDING]:
                pass

    async def states(self) -> dict[InboxState, int]:
        async with self.shop.database.read() as tx:
            return await inbox.count_by_state(tx)

    def now(self) -> datetime:
        """The sandbox's time, which signs the requests."""
        return datetime.fromtimestamp(self.sandbox.world.clock(), UTC)


def view_of(shop: Shop) -> View:
    context = RenderContext("Demo shop", "", ZoneInfo("UTC"), shop.clock, KNOWN)
    return View(Texts(), context, faces_of(RULES))


@asynccontextmanager
async def open_sandbox() -> AsyncIterator[Sandbox]:
    """With the shop's people and a channel."""
    async with Sandbox() as sandbox:
        for name, caller in PEOPLE.items():
            await sandbox.slack.user(caller.address.value, name)
        await sandbox.slack.channel("C1", "warehouse")
        yield sandbox


@asynccontextmanager
async def open_desk(
    sandbox: Sandbox,
    shop: Shop,
    services: Services | None = None,
    verbs: Sequence[Verb[Any]] = VERBS,
) -> AsyncIterator[Desk]:
    """The inbox is worked off; no way in is open yet."""
    async with slack_session() as session:
        client = PacedSlackClient(BOT_TOKEN, slack_pacer(), session, sandbox.slack_api_url)
        bell = Bell()

        async def accept(source: str, key: str, sender: str, payload: Json, /) -> Arrival:
            return await desk.accept(source, key, sender, payload)

        side = build_slack(client, services or shop.services, view_of(shop), accept, verbs)
        worker = InboxWorker(shop.services.arriving, {"slack": side.dispatch}, bell)
        desk = Desk(sandbox, shop, bell, side, client, worker)
        async with AsyncExitStack() as stack:
            stack.push_async_callback(side.background.finish, 1)
            stack.push_async_callback(until_done, asyncio.create_task(worker.run(desk.stop)))
            stack.callback(desk.stop.set)
            yield desk


async def until_done(task: asyncio.Task[Any]) -> None:
    await task


@asynccontextmanager
async def by_socket(desk: Desk, **how: float) -> AsyncIterator[SlackSocket]:
    socket = SlackSocket(desk.side.app, APP_TOKEN, desk.client, **how)
    stop = asyncio.Event()
    running = asyncio.create_task(socket.run(stop))
    try:
        await desk.sandbox.driver.wait_until_listening(telegram=False)
        yield socket
    finally:
        stop.set()
        await running


@asynccontextmanager
async def by_http(desk: Desk) -> AsyncIterator[str]:
    """Serves the signed route and points the sandbox at it; yields its URL."""

    async def well() -> str:
        return ""

    route = slack_route(desk.side.app, SECRET, desk.now)
    app = build_http(Health("Demo shop", lambda: "leader", dict, well), [route])
    port = free_port()
    stop = asyncio.Event()
    running = asyncio.create_task(HttpServer(app, bind("127.0.0.1", port)).run(stop))
    url = f"http://127.0.0.1:{port}/slack/events"
    try:
        await until_listening(port)
        await desk.sandbox.slack.config(request_url=url)
        yield url
    finally:
        stop.set()
        await running


def free_port() -> int:
    with sockets.socket() as socket:
        socket.bind(("127.0.0.1", 0))
        port: int = socket.getsockname()[1]
        return port


async def until_listening(port: int) -> None:
    async with asyncio.timeout(5):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except ConnectionRefusedError:
                await asyncio.sleep(0)
            else:
                writer.close()
                await writer.wait_closed()
                return
