"""PTB's Application as Stockbell uses it: no updater, no queue, own limits, own transport."""

import warnings
from collections.abc import Callable
from typing import Any

from telegram.ext import Application, ApplicationBuilder, BaseRateLimiter, ContextTypes
from telegram.request import BaseRequest, HTTPXRequest
from telegram.warnings import PTBDeprecationWarning

from bot.domain.notices import Lane
from handlers.telegram.raw_updates import RawUpdatesRequest

AnyApplication = Application[Any, ContextTypes.DEFAULT_TYPE, Any, Any, Any, Any]
# At the documented 30 messages/s a connection is free again long before the 64th is needed.
CONNECTIONS = 64
READ_TIMEOUT = 10.0
Transport = Callable[[str, int], BaseRequest]  # to this server, with so many connections


def httpx_transport(root: str, connections: int) -> BaseRequest:
    """PTB's own; enough for the documented 30 messages a second."""
    del root
    return HTTPXRequest(
        connection_pool_size=connections, read_timeout=READ_TIMEOUT, pool_timeout=5.0
    )


def build_application(
    token: str,
    api_url: str,
    rate_limiter: BaseRateLimiter[Lane],
    transport: Transport = httpx_transport,
    connections: int = CONNECTIONS,
) -> AnyApplication:
    """The one bot of the account; `api_url` is the server's root, without /bot.

    Updates come from our own loop or web hook, so there is no updater, and the inbox keeps the
    order per sender, so none are queued here.
    """
    # RetryAfter's constructor reads an attribute of its own that PTB is about to change, so every
    # 429 would warn; both forms of it are understood.
    warnings.filterwarnings("ignore", ".*retry_after.*", PTBDeprecationWarning)
    root = api_url.rstrip("/")
    return (
        ApplicationBuilder()
        .token(token)
        .base_url(f"{root}/bot")
        .base_file_url(f"{root}/file/bot")
        .request(transport(root, connections))
        .get_updates_request(RawUpdatesRequest(transport(root, 1)))
        .rate_limiter(rate_limiter)
        .updater(None)
        .job_queue(None)
        .build()
    )
