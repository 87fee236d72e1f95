"""The only reader of the environment. Every setting is explained in .env.example."""

from datetime import time
from typing import Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.settings_values import (
    Chats,
    SlackAppToken,
    SlackBotToken,
    TelegramToken,
    Texts,
    TimeOfDay,
    Url,
    Zone,
)


class SettingsError(ValueError):
    """Settings are wrong; `lines` says of each which and what to write, the text all of it."""

    def __init__(self, *lines: str) -> None:
        super().__init__("; ".join(lines))
        self.lines = lines


EMPTY = SecretStr("")


class Settings(BaseSettings):
    """Read from the environment and `.env`; the environment wins. An empty value is a default."""

    model_config = SettingsConfigDict(
        env_file=".env", env_file_encoding="utf-8", env_ignore_empty=True, extra="ignore"
    )

    telegram_bot_token: TelegramToken = EMPTY
    telegram_api_url: Url = "https://api.telegram.org"
    telegram_mode: Literal["polling", "webhook"] = "polling"
    telegram_webhook_url: Url = ""
    telegram_webhook_secret: SecretStr = EMPTY
    telegram_alert_chats: Chats = ()
    telegram_paid_broadcast: bool = False

    slack_bot_token: SlackBotToken = EMPTY
    slack_app_token: SlackAppToken = EMPTY
    slack_signing_secret: SecretStr = EMPTY
    slack_api_url: Url = "https://slack.com/api/"
    slack_mode: Literal["socket", "http"] = "socket"
    slack_alert_channel: str = ""

    admins: Texts = ()
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
    digest_time: TimeOfDay = time(9, 0)
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
    def secrets(self) -> tuple[str, ...]:
        """Every secret value in use, for the filter that keeps them out of the log."""
        kept = (
            self.telegram_bot_token, self.telegram_webhook_secret, self.slack_bot_token,
            self.slack_app_token, self.slack_signing_secret,
        )  # fmt: skip
        values = [secret.get_secret_value() for secret in kept]
        password = urlsplit(self.database).password
        return tuple(value for value in (*values, *self.keys, password) if value)
