"""The only reader of the environment. Every setting is explained in .env.example."""

import re
from datetime import time
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot.domain.contacts import Address
from bot.domain.ways import SLACK, TELEGRAM


class SettingsError(ValueError):
    """A setting is wrong; the text is one line that says which and what to write."""


def _parts(value: object) -> object:
    """A comma separated setting as a tuple without blanks."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def _addresses(value: object) -> object:
    parts = _parts(value)
    return tuple(map(Address.parse, parts)) if isinstance(parts, tuple) else parts


def _root(value: str) -> str:
    """An http(s) URL; the ending is brought into the form that the libraries want."""
    parsed = urlsplit(value)
    if value and (parsed.scheme not in ("http", "https") or not parsed.netloc):
        raise ValueError("must begin with http:// or https:// and name a host")
    return value


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError("is no time zone; write one like Europe/Berlin or UTC") from error
    return value


Addresses = Annotated[tuple[Address, ...], NoDecode, BeforeValidator(_addresses)]
Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_parts)]
Url = Annotated[str, AfterValidator(_root)]
Zone = Annotated[str, AfterValidator(_zone)]
EMPTY = SecretStr("")


class Settings(BaseSettings):
    """Read from the environment and `.env`; the environment wins. An empty value is a default."""

    model_config = SettingsConfigDict(
        env_file=".env", env_file_encoding="utf-8", env_ignore_empty=True, extra="ignore"
    )

    telegram_bot_token: SecretStr = EMPTY
    telegram_api_url: Url = "https://api.telegram.org"
    telegram_mode: Literal["polling", "webhook"] = "polling"
    telegram_webhook_url: Url = ""
    telegram_webhook_secret: SecretStr = EMPTY
    telegram_alert_chats: Words = ()
    telegram_paid_broadcast: bool = False

    slack_bot_token: SecretStr = EMPTY
    slack_app_token: SecretStr = EMPTY
    slack_signing_secret: SecretStr = EMPTY
    slack_api_url: Url = "https://slack.com/api/"
    slack_mode: Literal["socket", "http"] = "socket"
    slack_alert_channel: str = ""

    admins: Addresses = ()
    database_url: SecretStr = SecretStr("sqlite:///data/stockbell.db")
    personal_data_keys: SecretStr = EMPTY

    http_host: str = "127.0.0.1"
    http_port: int = Field(default=8080, ge=0, le=65535)

    shop_name: str = "Our shop"
    shop_url: Url = ""
    shop_timezone: Zone = "UTC"
    default_language: str = "en"

    out_level: int = Field(default=0, ge=0)
    few_left: int = Field(default=5, ge=0)
    allow_negative_stock: bool = False
    clerk_limit: int = Field(default=100, ge=1)
    max_subscriptions: int = Field(default=50, ge=1)
    digest_time: time = time(9, 0)
    subscription_days: int = Field(default=365, ge=1)
    retention_days: int = Field(default=90, ge=1)

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["text", "json"] = "text"

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.shop_timezone)

    @property
    def telegram_token(self) -> str:
        return self.telegram_bot_token.get_secret_value()

    @property
    def slack_token(self) -> str:
        return self.slack_bot_token.get_secret_value()

    @property
    def database(self) -> str:
        return self.database_url.get_secret_value()

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(
            key.strip()
            for key in self.personal_data_keys.get_secret_value().split(",")
            if key.strip()
        )

    @property
    def alert_addresses(self) -> tuple[Address, ...]:
        """Where alerts go: only to platforms that are set up."""
        telegram = [Address(TELEGRAM, chat) for chat in self.telegram_alert_chats]
        slack = [Address(SLACK, self.slack_alert_channel)]
        return tuple(
            (telegram if self.telegram_token else [])
            + (slack if self.slack_token and self.slack_alert_channel else [])
        )

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every secret value in use, for the filter that keeps them out of the log."""
        kept = (
            self.telegram_bot_token, self.telegram_webhook_secret, self.slack_bot_token,
            self.slack_app_token, self.slack_signing_secret,
        )  # fmt: skip
        values = [secret.get_secret_value() for secret in kept]
        password = urlsplit(self.database).password
        return tuple(value for value in (*values, *self.keys, password) if value)


def load(**overrides: object) -> Settings:
    """Read and check the settings. Raises SettingsError with one clear line."""
    try:
        settings = Settings(**overrides)  # type: ignore[arg-type]  # values are parsed like the environment's
    except ValidationError as error:
        first = error.errors()[0]
        name = "_".join(map(str, first["loc"])).upper()
        reason = str(first["msg"]).removeprefix("Value error, ")
        raise SettingsError(f"{name}: {reason}") from None
    except ValueError as error:
        raise SettingsError(str(error)) from None
    _check_together(settings)
    return settings


WEBHOOK_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")  # core.telegram.org/bots/api#setwebhook


def _check_together(settings: Settings) -> None:
    """What one setting asks of another."""
    needs = {
        "TELEGRAM_WEBHOOK_URL": settings.telegram_webhook_url,
        "TELEGRAM_WEBHOOK_SECRET": settings.telegram_webhook_secret.get_secret_value(),
    }
    if settings.telegram_token and settings.telegram_mode == "webhook":
        _require(needs, "TELEGRAM_MODE=webhook")
        if not WEBHOOK_SECRET.fullmatch(needs["TELEGRAM_WEBHOOK_SECRET"]):
            raise SettingsError(
                "TELEGRAM_WEBHOOK_SECRET: 1 to 256 letters, digits, _ and -, nothing else"
            )
    if settings.slack_token and settings.slack_mode == "socket":
        app_token = settings.slack_app_token.get_secret_value()
        _require({"SLACK_APP_TOKEN": app_token}, "SLACK_MODE=socket")
    if settings.slack_token and settings.slack_mode == "http":
        signing = settings.slack_signing_secret.get_secret_value()
        _require({"SLACK_SIGNING_SECRET": signing}, "SLACK_MODE=http")


def _require(needs: dict[str, str], because: str) -> None:
    for name, value in needs.items():
        if not value:
            raise SettingsError(f"{name}: is empty, and {because} needs it")


def require_a_platform(settings: Settings) -> None:
    """`run` needs something to talk to. Raises SettingsError."""
    if not settings.telegram_token and not settings.slack_token:
        raise SettingsError(
            "TELEGRAM_BOT_TOKEN and SLACK_BOT_TOKEN: both are empty; set at least one in .env"
        )
