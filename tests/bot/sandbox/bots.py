"""Bots built with python-telegram-bot and slack-bolt, unmodified, pointed at a sandbox."""

from typing import Any

import aiohttp
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient
from telegram.ext import Application, ApplicationBuilder

from bot.sandbox.server import Sandbox

Json = dict[str, Any]


class TelegramBot:
    """`app` may get handlers before `poll()`; `api` calls the Bot API."""

    def __init__(self, sandbox: Sandbox, token: str = "123456:SANDBOX") -> None:
        root = sandbox.telegram_api_url
        builder = ApplicationBuilder().token(token).base_url(f"{root}/bot")
        self.app: Application[Any, Any, Any, Any, Any, Any] = builder.base_file_url(
            f"{root}/file/bot"
        ).build()
        self.api = self.app.bot

    async def __aenter__(self) -> "TelegramBot":
        await self.app.initialize()
        return self

    async def poll(self, **options: Any) -> None:
        assert self.app.updater
        await self.app.start()
        await self.app.updater.start_polling(timeout=10, poll_interval=0.0, **options)

    async def __aexit__(self, *_: object) -> None:
        if self.app.updater and self.app.updater.running:
            await self.app.updater.stop()
        if self.app.running:
            await self.app.stop()
        await self.app.shutdown()


class SlackBot:
    """`app` is Bolt's; `api` the Web API client. Socket Mode unless `http` serves it."""

    def __init__(
        self, sandbox: Sandbox, *, http: bool = False, token: str = "xoxb-sandbox"
    ) -> None:
        self.sandbox = sandbox
        self.http = http
        self.token = token
        self.url = ""

    async def __aenter__(self) -> "SlackBot":
        self.session = aiohttp.ClientSession()
        self.api = AsyncWebClient(
            token=self.token,
            base_url=self.sandbox.slack_api_url,
            session=self.session,
            retry_handlers=[],
        )
        self.app = AsyncApp(client=self.api, signing_secret="sandbox-secret")
        await (self._serve() if self.http else self._connect())
        return self

    async def _connect(self) -> None:
        self.socket = AsyncSocketModeHandler(self.app, "xapp-sandbox", ping_interval=0.5)
        await self.socket.connect_async()  # type: ignore[no-untyped-call]
        await self.sandbox.driver.wait_until_listening(telegram=False)

    async def _serve(self) -> None:
        async def handle(request: web.Request) -> web.Response:
            answer = await self.app.async_dispatch(await to_bolt_request(request))
            return await to_aiohttp_response(answer)

        server = web.Application()
        server.router.add_post("/slack/events", handle)
        self.runner = web.AppRunner(server, shutdown_timeout=1.0)
        await self.runner.setup()
        await web.TCPSite(self.runner, "127.0.0.1", 0).start()
        host, port = self.runner.addresses[0][:2]
        self.url = f"http://{host}:{port}/slack/events"
        await self.sandbox.slack.config(request_url=self.url)

    async def __aexit__(self, *_: object) -> None:
        if self.http:
            await self.runner.cleanup()
        else:
            await self.socket.close_async()  # type: ignore[no-untyped-call]
        await self.session.close()
