"""The methods that choose how updates reach the bot.

https://core.telegram.org/bots/api#getting-updates
"""

import re
from collections.abc import Callable
from typing import Any

from bot.sandbox.state import Json
from bot.sandbox.telegram_params import Params
from bot.sandbox.telegram_state import Telegram, TelegramError, bad_request
from bot.sandbox.telegram_updates import Hook

TERMINATED = "Conflict: terminated by {}"
OTHER_POLL = "other getUpdates request; make sure that only one bot instance is running"
HOOK_ACTIVE = (
    "Conflict: can't use getUpdates method while webhook is active; "
    "use deleteWebhook to delete the webhook first"
)
SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")  # https://core.telegram.org/bots/api#setwebhook
MAX_POLL_SECONDS = 50
MAX_CONNECTIONS = 40


def _allow(telegram: Telegram, params: Params) -> None:
    allowed = params.json("allowed_updates")
    if allowed is not None:  # "If not specified, the previous setting will be used"
        telegram.updates.allowed = [str(kind) for kind in allowed]


async def get_updates(telegram: Telegram, params: Params) -> list[Json]:
    updates = telegram.updates
    if updates.hook:
        raise TelegramError(409, HOOK_ACTIVE)
    _allow(telegram, params)
    limit = min(max(params.number("limit", 100), 1), 100)
    timeout = min(max(params.number("timeout"), 0), MAX_POLL_SECONDS)
    found = await updates.poll(params.number("offset"), limit, timeout)
    if found is None:
        by = "setWebhook request" if updates.hook else OTHER_POLL
        raise TelegramError(409, TERMINATED.format(by))
    return found


def set_webhook(telegram: Telegram, params: Params) -> bool:
    url, secret = params.text("url"), params.text("secret_token")
    if not url:
        return delete_webhook(telegram, params)
    # the real server asks for https; on this machine plain http is fine
    if not url.startswith(("https://", "http://")):
        raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
    if secret and not SECRET.fullmatch(secret):
        raise bad_request("secret token contains unallowed characters")
    _allow(telegram, params)
    updates = telegram.updates
    if params.flag("drop_pending_updates"):
        updates.pending.clear()
    updates.hook = Hook(url, secret, params.number("max_connections", MAX_CONNECTIONS))
    updates.take_over()
    updates.wake()
    telegram.world.changes.bump()
    return True


def delete_webhook(telegram: Telegram, params: Params) -> bool:
    telegram.updates.hook = None
    if params.flag("drop_pending_updates"):
        telegram.updates.pending.clear()
    return True


def get_webhook_info(telegram: Telegram, _params: Params) -> Json:
    """https://core.telegram.org/bots/api#webhookinfo"""
    updates = telegram.updates
    hook = updates.hook
    info: Json = {
        "url": hook.url if hook else "",
        "has_custom_certificate": False,
        "pending_update_count": len(updates.pending),
    }
    info |= {"allowed_updates": updates.allowed} if updates.allowed else {}
    if hook:
        info |= {"max_connections": hook.max_connections, "ip_address": "127.0.0.1"}
    if hook and hook.last_error:
        info |= {"last_error_date": hook.last_error_date, "last_error_message": hook.last_error}
    return info


def yes(_telegram: Telegram, _params: Params) -> bool:
    return True


Method = Callable[[Telegram, Params], Any]
METHODS: dict[str, Method] = {
    "getUpdates": get_updates,
    "setWebhook": set_webhook,
    "deleteWebhook": delete_webhook,
    "getWebhookInfo": get_webhook_info,
    "logOut": yes,
    "close": yes,
}
