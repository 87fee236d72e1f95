"""How the texts of the settings are read; an error says in plain words what to write instead."""

import re
from collections.abc import Callable
from datetime import time
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, SecretStr
from pydantic_settings import NoDecode

_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9](:00)?")
_TELEGRAM_TOKEN = re.compile(r"[0-9]+:[A-Za-z0-9_-]+")
_CHAT = re.compile(r"-?[0-9]{1,20}")


def _parts(value: object) -> object:
    """A comma separated setting as a tuple without blanks."""
    if not isinstance(value, str):
        return value
    if ";" in value:
        raise ValueError("write commas between them, no semicolons")
    return tuple(part.strip() for part in value.split(",") if part.strip())


def _chat(text: str) -> str:
    if not _CHAT.fullmatch(text):
        raise ValueError(f"{text!r} is no chat id: write its number (groups begin with a minus)")
    return text


def _chats(value: object) -> object:
    parts = _parts(value)
    return tuple(map(_chat, parts)) if isinstance(parts, tuple) else parts


def _root(value: str) -> str:
    """An http(s) URL; the ending is brought into the form that the libraries want."""
    try:
        parsed = urlsplit(value)
        named = parsed.scheme in ("http", "https") and parsed.hostname and parsed.port != 0
    except ValueError:  # a port that is no number, a bracket without its other one
        named = False
    if value and not named:
        raise ValueError("must begin with http:// or https:// and name a host")
    return value


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError("is no time zone; write one like Europe/Berlin or UTC") from error
    return value


def _time(value: object) -> object:
    if isinstance(value, str) and not _TIME.fullmatch(value):
        raise ValueError("is no time of day; write one like 09:00")
    return value


def _token(like: Callable[[str], bool], words: str) -> AfterValidator:
    """A secret is never quoted: whoever wrote it knows which it is."""

    def check(secret: SecretStr) -> SecretStr:
        if secret.get_secret_value() and not like(secret.get_secret_value()):
            raise ValueError(words)
        return secret

    return AfterValidator(check)


def _begins(start: str) -> Callable[[str], bool]:
    return lambda token: token.startswith(start) and token.isascii() and token.isprintable()


Texts = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_parts)]
Chats = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_chats)]
Url = Annotated[str, AfterValidator(_root)]
Zone = Annotated[str, AfterValidator(_zone)]
TimeOfDay = Annotated[time, BeforeValidator(_time)]
TelegramToken = Annotated[
    SecretStr,
    _token(
        lambda token: _TELEGRAM_TOKEN.fullmatch(token) is not None,
        "is no bot token; copy it from @BotFather, it is like 123456:AAbb-cc",
    ),
]
SlackBotToken = Annotated[
    SecretStr, _token(_begins("xoxb-"), "is no bot token of Slack's; one begins with xoxb-")
]
SlackAppToken = Annotated[
    SecretStr, _token(_begins("xapp-"), "is no app-level token of Slack's; one begins with xapp-")
]
