"""A local Telegram and Slack in one HTTP server.

`Sandbox(door=True)` gives the platforms a port of their own, which can be shut:
`POST /sandbox/door {"open": false}` breaks its connections and refuses new ones; the control API
stays in reach.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from types import TracebackType

import aiohttp
from aiohttp import web

from bot.sandbox.control import Control, refusals
from bot.sandbox.driver import Driver
from bot.sandbox.slack_api import SlackApi
from bot.sandbox.slack_delivery import Delivery
from bot.sandbox.slack_driver import SlackDriver
from bot.sandbox.slack_state import Slack, SlackMessage
from bot.sandbox.state import Clock, Json, World
from bot.sandbox.telegram_api import TelegramApi
from bot.sandbox.telegram_driver import TelegramDriver
from bot.sandbox.telegram_people import TelegramPeople
from bot.sandbox.telegram_state import Message, Telegram
from bot.sandbox.telegram_updates import HookSender, Pending

MAX_BODY = 60 * 1024 * 1024  # files up to 50 MB: https://core.telegram.org/bots/api#senddocument


class Door:
    """The platforms' own port."""

    def __init__(self, runner: web.AppRunner, host: str) -> None:
        self._runner = runner
        self._host = host
        self._site: web.TCPSite | None = None
        self.port = 0

    async def open(self) -> None:
        """Accept connections, on the same port as before."""
        if self._site is None:
            self._site = web.TCPSite(self._runner, self._host, self.port)
            await self._site.start()
            self.port = self._runner.addresses[-1][1]

    async def close(self) -> None:
        """Break the connections that came in here, refuse new ones."""
        if self._site is None:
            return
        await self._site.stop()
        self._site = None
        for connection in self._runner.server.connections if self._runner.server else ():
            transport = connection.transport
            if transport and transport.get_extra_info("sockname")[1] == self.port:
                transport.abort()


class Sandbox:
    """Start it, point the bot at `telegram_api_url` and `slack_api_url`, drive it as people do."""

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        telegram_token: str = "123456:SANDBOX",  # noqa: S107  made up
        slack_bot_token: str = "xoxb-sandbox",  # noqa: S107
        slack_app_token: str = "xapp-sandbox",  # noqa: S107
        signing_secret: str = "sandbox-secret",  # noqa: S107
        slack_request_url: str | None = None,
        clock: Clock | None = None,
        door: bool = False,
    ) -> None:
        self.host, self.port = host, port
        self._has_door = door
        self._door: Door | None = None
        self.world = World(clock)
        self._telegram = Telegram(self.world, telegram_token)
        self._slack = Slack(self.world, slack_bot_token, slack_app_token, signing_secret)
        self._slack.request_url = slack_request_url
        self._delivery = Delivery(self._slack)
        self._runner: web.AppRunner | None = None
        self._session: aiohttp.ClientSession | None = None
        self._hook_task: asyncio.Task[None] | None = None
        self._hook_sender: HookSender | None = None
        self._driver: Driver | None = None

    @property
    def url(self) -> str:
        return self.world.url

    @property
    def telegram_api_url(self) -> str:
        """The root: the Bot API is {root}/bot{token}/{method}."""
        return f"{self.world.platforms_url}/telegram"

    @property
    def slack_api_url(self) -> str:
        return f"{self.world.platforms_url}/slack/api/"

    def set_tour(self, steps: Json, before: Callable[[], Awaitable[None]] | None = None) -> None:
        """What the page's guided tour talks about: SKUs, who plays the staff, where.

        `before` brings the shop to where the tour begins; it is called each time that one starts.
        """
        self.world.tour = steps
        self.world.before_tour = before

    @property
    def driver(self) -> Driver:
        if self._driver is None:
            raise RuntimeError("start the sandbox first")
        return self._driver

    @property
    def telegram(self) -> TelegramDriver:
        return self.driver.telegram

    @property
    def slack(self) -> SlackDriver:
        return self.driver.slack

    def crowd(self, count: int, languages: Sequence[str] = ("en",)) -> list[int]:
        """So many people who have pressed Start, and nothing else: their chat ids."""
        people = TelegramPeople(self._telegram)
        ids = []
        for number in range(count):
            code = languages[number % len(languages)]
            chat = people.add_customer({"first_name": f"P{number}", "language_code": code})
            chat.started = True
            ids.append(chat.id)
        return ids

    def told(self, chat_id: int) -> list[Message]:
        """What the bot wrote to a Telegram chat, oldest first."""
        every = self._telegram.chats[chat_id].messages.values()
        return [message for message in every if message.sender is None]

    def posted(self, channel_id: str) -> list[SlackMessage]:
        """What stands in a Slack channel, oldest first."""
        return list(self._slack.channels[channel_id].messages.values())

    @property
    def pending_updates(self) -> list[Pending]:
        """What the bot has not confirmed yet."""
        return list(self._telegram.updates.pending)

    @property
    def sockets(self) -> int:
        """How many Socket Mode connections are open."""
        return len(self._delivery.hub.sockets)

    async def start(self) -> None:
        api = TelegramApi(self._telegram)
        app = web.Application(client_max_size=MAX_BODY, middlewares=[refusals])
        app.add_routes(api.routes())
        app.add_routes(SlackApi(self._slack, self._delivery.hub).routes())
        control = Control(self.world, self._telegram, self._slack, self._delivery)
        app.add_routes(control.routes())
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self.host, self.port)
        await site.start()
        self.host, self.port = self._runner.addresses[0][:2]
        self.world.url = self.world.platforms_url = f"http://{self.host}:{self.port}"
        if self._has_door:
            self._door = control.door = Door(self._runner, self.host)
            await self._door.open()
            self.world.platforms_url = f"http://{self.host}:{self._door.port}"
        self._session = aiohttp.ClientSession()
        self._delivery.http.session = self._session
        self._hook_sender = HookSender(self.world, api.answer_in_hook)
        running = self._hook_sender.run(self._session, self._telegram.updates)
        self._hook_task = asyncio.create_task(running)
        self._driver = Driver(self.url)

    async def stop(self) -> None:
        self.world.closing.set()
        self._telegram.updates.wake()
        if self._driver:
            await self._driver.close()
        await self._cancel_tasks()
        await self._delivery.hub.close()
        if self._runner:
            await self._runner.cleanup()
        if self._session:
            await self._session.close()

    async def _cancel_tasks(self) -> None:
        posting = self._hook_sender.tasks if self._hook_sender else set()
        for task in filter(None, [self._hook_task, *posting, *self._delivery.background]):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def __aenter__(self) -> "Sandbox":
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()
