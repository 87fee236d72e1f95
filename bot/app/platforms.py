"""Telegram and Slack as the settings want them: ways in, ways out, and what they look like."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial

from starlette.routing import BaseRoute

from bot.app.opening import Base, now
from bot.app.rules import RULES, faces_of
from bot.channels import slack_probing, telegram_probing
from bot.channels.base import Channel
from bot.channels.pacer import Pacer, telegram_rate
from bot.channels.slack import SlackChannel
from bot.channels.slack_client import PacedSlackClient, slack_pacer, slack_session
from bot.channels.telegram import TelegramChannel
from bot.channels.telegram_limits import FREE_RATE, PAID_RATE, PacedRequests
from bot.channels.telegram_transport import CONNECTIONS, AiohttpRequest
from bot.delivery.hands import BROADCAST, Window
from bot.domain.health import Reach, WayPulse
from bot.domain.notices import Rendered
from bot.domain.telemetry import SILENT, Telemetry
from bot.domain.telling import NoticeData
from bot.domain.ways import SLACK, TELEGRAM, WayName
from bot.intake.worker import Dispatch
from bot.render import slack as render_slack
from bot.render import telegram as render_telegram
from bot.render.view import RenderContext
from bot.render.voice import View
from bot.services.engine.pacing import PaceMemory
from bot.services.own_health.watching import Probe
from bot.supervisor import Part
from handlers.slack.build import build_slack
from handlers.slack.http import slack_route
from handlers.slack.socket import SlackSocket
from handlers.telegram.build import AnyApplication, build_application
from handlers.telegram.side import Hook, TelegramSide, build_telegram
from handlers.telegram.webhook import webhook_route

BACKGROUND_WITHIN = 1.0  # seconds; a modal can be opened for 3, and has had some of them


@dataclass(slots=True)
class Platforms:
    """Those that are set up. `parts` connect to them and are for the process that leads.

    What they hold is given back when the stack of `open` is left, after the last message is out.
    """

    base: Base
    telemetry: Telemetry = SILENT
    channels: dict[WayName, Channel] = field(default_factory=dict)
    dispatchers: dict[str, Dispatch] = field(default_factory=dict)
    routes: list[BaseRoute] = field(default_factory=list)
    parts: dict[str, Part] = field(default_factory=dict)
    windows: dict[WayName, Window] = field(default_factory=dict)
    pacers: dict[WayName, Pacer] = field(default_factory=dict)
    probes: dict[WayName, Probe] = field(default_factory=dict)
    telegram: TelegramSide | None = None
    socket_mode: SlackSocket | None = None

    async def open(self, stack: AsyncExitStack) -> None:
        """Build those with a token; connects to nothing."""
        if self.base.settings.telegram_token:
            self._add_telegram(stack)
        if self.base.settings.slack_token:
            await self._add_slack(stack)

    def _add_telegram(self, stack: AsyncExitStack) -> None:
        settings, services = self.base.settings, self.base.services
        paid = settings.telegram_paid_broadcast
        memory = self._memory(TELEGRAM, stack)
        pacer = Pacer(PAID_RATE if paid else FREE_RATE, rate_of=telegram_rate, memory=memory)
        if paid:
            self.windows[TELEGRAM] = BROADCAST
        self.parts["pace telegram"] = partial(_keep_pace, pacer, memory)
        answered = self._watch(TELEGRAM, pacer)
        limiter = PacedRequests(pacer, paid=paid, answered=answered)
        application = self._application(limiter)
        refused = partial(services.refusing.form_refused, TELEGRAM)
        channel = TelegramChannel(application.bot, refused)
        accept_many = services.arriving.accept_many
        hook = None
        if settings.telegram_mode == "webhook":
            secret = settings.telegram_webhook_secret.get_secret_value()
            hook = Hook(settings.telegram_webhook_url, secret)
            self.routes.append(webhook_route(hook.url, secret, accept_many))
        self.probes[TELEGRAM] = partial(telegram_probing.reach, application.bot)
        side = build_telegram(application, services, channel, self.view, accept_many, hook)
        stack.push_async_callback(side.close)
        self.telegram = side
        self.channels[TELEGRAM] = channel
        self.dispatchers[TELEGRAM] = side.dispatch
        self.parts["telegram"] = side.run

    def _application(self, limiter: PacedRequests) -> AnyApplication:
        """Over aiohttp where a shop pays for many messages: they cost a third of the processor."""
        settings = self.base.settings
        token, root = settings.telegram_token, settings.telegram_api_url
        if settings.telegram_paid_broadcast:
            return build_application(token, root, limiter, AiohttpRequest, CONNECTIONS)
        return build_application(token, root, limiter)

    async def _add_slack(self, stack: AsyncExitStack) -> None:
        settings, services = self.base.settings, self.base.services
        session = await stack.enter_async_context(slack_session())
        memory = self._memory(SLACK, stack)
        pacer = slack_pacer(memory=memory)
        self.parts["pace slack"] = partial(_keep_pace, pacer, memory)
        client = PacedSlackClient(
            settings.slack_token, pacer, session, settings.slack_api_url,
            self._watch(SLACK, pacer),
        )  # fmt: skip
        self.probes[SLACK] = partial(slack_probing.reach, client)
        side = build_slack(client, services, self.view, services.arriving.accept)
        stack.push_async_callback(side.background.finish, BACKGROUND_WITHIN)
        refused = partial(services.refusing.form_refused, SLACK)
        self.channels[SLACK] = SlackChannel(client, refused)
        self.dispatchers[SLACK] = side.dispatch
        if settings.slack_mode == "http":
            secret = settings.slack_signing_secret.get_secret_value()
            self.routes.append(slack_route(side.app, secret, now))
        else:
            app_token = settings.slack_app_token.get_secret_value()
            self.socket_mode = SlackSocket(side.app, app_token, client)
            self.parts["slack"] = self.socket_mode.run

    def _watch(self, way: WayName, pacer: Pacer) -> Callable[[float], None]:
        """Count what the platform answers; returns what is to be told of each answer."""
        self.pacers[way] = pacer
        pacer.on_refused = partial(self.telemetry.limited, way)
        return partial(self.telemetry.answered, way)

    def _memory(self, way: WayName, stack: AsyncExitStack) -> PaceMemory:
        """What the platform's pacer must still know after a restart."""
        vault = self.base.services.ground.vault
        memory = PaceMemory(self.base.database, vault, now, way)
        stack.push_async_callback(memory.keep)
        return memory

    @property
    def view(self) -> View:
        settings = self.base.settings
        context = RenderContext(
            shop_name=settings.shop_name,
            shop_url=settings.shop_url,
            zone=settings.zone,
            now=now,
            retention_days=settings.retention_days,
            bot_username=self.bot_username,
        )
        return View(self.base.texts, context, faces_of(RULES))

    def bot_username(self) -> str:
        """As Telegram told it; "" before that, and without Telegram."""
        return self.telegram.username if self.telegram else ""

    def render(self, way: WayName, language: str, data: NoticeData) -> Rendered:
        """A notice in its platform's form."""
        if way == TELEGRAM:
            return render_telegram.notice(self.view, language, data)
        return render_slack.notice(self.view, language, data)

    def pulses(self) -> list[WayPulse]:
        """Each as this process sees it now."""
        slack = self.socket_mode.connected if self.socket_mode is not None else None
        return [
            WayPulse(way, pacer.rate, pacer.waiting, slack if way == SLACK else None)
            for way, pacer in self.pacers.items()
        ]

    def links(self) -> dict[str, str]:
        """Whether the platforms are reached; a part may well run and reach nobody."""
        links = {
            f"{pulse.way} token": "refused"
            for pulse in self.base.services.watching.platforms()
            if pulse.reach is Reach.REFUSES
        }
        if self.telegram is not None:
            links["telegram link"] = "running" if self.telegram.username else "not connected"
        if self.socket_mode is not None:
            links["slack link"] = "running" if self.socket_mode.connected else "not connected"
        return links


async def _keep_pace(pacer: Pacer, memory: PaceMemory, stop: asyncio.Event) -> None:
    """Whoever led before may have been told to wait: begin with what that process stored."""
    await pacer.load()
    await memory.run(stop)
