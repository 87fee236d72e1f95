"""Telegram: polled or by web hook, and paid for where a shop tells many."""

from functools import partial

from starlette.routing import BaseRoute

from bot.app.ways.opened import Opened, Surroundings, WayIn
from bot.channels import telegram_probing
from bot.channels.pacer import Memory, Pacer, telegram_rate
from bot.channels.telegram import TelegramChannel
from bot.channels.telegram_limits import FREE_RATE, PAID_RATE, PacedRequests
from bot.channels.telegram_transport import CONNECTIONS, AiohttpRequest
from bot.checking.telegram import check
from bot.delivery.hands import BROADCAST, USUAL
from bot.render import telegram as render
from bot.settings import Settings
from handlers.telegram.arrivals import SOURCE
from handlers.telegram.build import AnyApplication, build_application
from handlers.telegram.side import Hook, TelegramSide, build_telegram
from handlers.telegram.waiting import TokenRefused
from handlers.telegram.webhook import webhook_route

__all__ = ["check", "open"]


async def open(around: Surroundings) -> Opened:
    """See Room."""
    settings = around.settings
    pacer = around.pacer(partial(_pacer, settings))
    paid = settings.telegram_paid_broadcast
    application = _application(settings, PacedRequests(pacer, paid=paid, answered=around.answered))
    channel = TelegramChannel(application.bot, around.form_refused)
    side = _side(around, application, channel)
    around.stack.push_async_callback(side.close)
    return Opened(
        channel=channel,
        render=partial(render.notice, around.view),
        pacer=pacer,
        probe=partial(telegram_probing.reach, application.bot),
        window=BROADCAST if paid else USUAL,
        way_in=WayIn(
            dispatchers={SOURCE: side.dispatch},
            where=lambda: f"to @{side.username} in Telegram",
            parts={"telegram": side.run},
            routes=_routes(around),
            link=lambda: bool(side.username),
            fatal=(TokenRefused,),
        ),
        handle=lambda: side.username,
    )


def _pacer(settings: Settings, memory: Memory) -> Pacer:
    rate = PAID_RATE if settings.telegram_paid_broadcast else FREE_RATE
    return Pacer(rate, rate_of=telegram_rate, memory=memory)


def _application(settings: Settings, limiter: PacedRequests) -> AnyApplication:
    """Over aiohttp where a shop pays for many messages: they cost a third of the processor."""
    token, root = settings.telegram_token, settings.telegram_api_url
    if settings.telegram_paid_broadcast:
        return build_application(token, root, limiter, AiohttpRequest, CONNECTIONS)
    return build_application(token, root, limiter)


def _side(
    around: Surroundings, application: AnyApplication, channel: TelegramChannel
) -> TelegramSide:
    services = around.services
    hook = _hook(around.settings)
    return build_telegram(
        application, services, channel, around.view, services.arriving.accept_many, hook
    )


def _hook(settings: Settings) -> Hook | None:
    if settings.telegram_mode != "webhook":
        return None
    secret = settings.telegram_webhook_secret.get_secret_value()
    return Hook(settings.telegram_webhook_url, secret)


def _routes(around: Surroundings) -> tuple[BaseRoute, ...]:
    hook = _hook(around.settings)
    if hook is None:
        return ()
    accept_many = around.services.arriving.accept_many
    return (webhook_route(hook.url, hook.secret, accept_many),)
