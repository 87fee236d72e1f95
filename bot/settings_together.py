"""What one setting asks of another, and of the ways that there are."""

import re
from collections.abc import Collection, Iterator
from urllib.parse import urlsplit

from pydantic import SecretStr

from bot.domain.way import Ways
from bot.settings import Settings

# core.telegram.org/bots/api#setwebhook
_WEBHOOK_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
_WEBHOOK_PORTS = (443, 80, 88, 8443)
SHORTEST_SECRET = 8  # characters: a stranger may try thousands a second
_PATH = re.compile(r"[A-Za-z0-9/_.~-]*")  # what every proxy passes on as it is
# The paths that the HTTP server has anyway; tests/bot/test_settings.py holds this against them.
TAKEN_PATHS = ("", "/healthz", "/metrics", "/slack/events")


def problems(settings: Settings, ways: Ways, wrong: Collection[str] = ()) -> list[str]:
    """A line for each; nothing about those that are `wrong` already."""
    names = tuple(f"{name.upper()}:" for name in wrong)
    return [line for line in _all(settings, ways) if not line.startswith(names)]


def _all(settings: Settings, ways: Ways) -> Iterator[str]:
    yield from _admins(settings, ways)
    if settings.telegram_bot_token and settings.telegram_mode == "webhook":
        yield from _webhook(settings)
    if settings.slack_bot_token and settings.slack_mode == "socket":
        yield from _needed("SLACK_APP_TOKEN", settings.slack_app_token, "SLACK_MODE=socket")
    if settings.slack_bot_token and settings.slack_mode == "http":
        yield from _secret("SLACK_SIGNING_SECRET", settings.slack_signing_secret, "SLACK_MODE=http")


def _admins(settings: "Settings", ways: Ways) -> Iterator[str]:
    for text in settings.admins:
        try:
            ways.person(text)
        except ValueError as error:
            yield f"ADMINS: {error}"


def _needed(name: str, value: SecretStr | str, because: str) -> Iterator[str]:
    if not value:
        yield f"{name}: is empty, and {because} needs it"


def _secret(name: str, value: SecretStr, because: str) -> Iterator[str]:
    yield from _needed(name, value, because)
    if 0 < len(value) < SHORTEST_SECRET:
        yield f"{name}: is too short to be one; it needs {SHORTEST_SECRET} characters or more"


def _webhook(settings: Settings) -> Iterator[str]:
    because = "TELEGRAM_MODE=webhook"
    yield from _needed("TELEGRAM_WEBHOOK_URL", settings.telegram_webhook_url, because)
    if settings.telegram_webhook_url:
        yield from _webhook_url(settings)
    secret = settings.telegram_webhook_secret
    yield from _secret("TELEGRAM_WEBHOOK_SECRET", secret, because)
    if secret and not _WEBHOOK_SECRET.fullmatch(secret.get_secret_value()):
        yield "TELEGRAM_WEBHOOK_SECRET: at most 256 letters, digits, _ and -, nothing else"


def _webhook_url(settings: Settings) -> Iterator[str]:
    url = urlsplit(settings.telegram_webhook_url)
    path = url.path.rstrip("/")
    if path in TAKEN_PATHS:
        yield (
            f"TELEGRAM_WEBHOOK_URL: {path or 'the path /'} is what the bot itself uses;"
            " write another one, such as /telegram"
        )
    if not _PATH.fullmatch(path):
        yield "TELEGRAM_WEBHOOK_URL: its path may have letters, digits, / _ . ~ and -, nothing else"
    if urlsplit(settings.telegram_api_url).hostname == "api.telegram.org" and (
        url.scheme != "https" or (url.port or 443) not in _WEBHOOK_PORTS
    ):
        yield "TELEGRAM_WEBHOOK_URL: Telegram calls https only, at port 443, 80, 88 or 8443"
