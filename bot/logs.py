"""Logging: structlog for all, and no secret in any record at any level."""

import logging
import re
import sys
from collections.abc import Iterable, MutableMapping
from typing import Any

import structlog

from bot.repeats import Repeats

# Telegram's token stands in every URL; these libraries print URLs, headers or bodies when asked.
CHATTY = (
    "aiosqlite",
    "alembic",
    "apscheduler",
    "asyncpg",
    "asyncio",
    "httpcore",
    "httpx",
    "slack_bolt",
    "slack_sdk",
    "sqlalchemy",
    "telegram",
    "uvicorn.access",
)
TELEGRAM_TOKEN = re.compile(r"\d{5,}:[A-Za-z0-9_-]{5,}")
SLACK_TOKEN = re.compile(r"\bx(?:ox[a-z]|app)-[A-Za-z0-9-]+")
HIDDEN = "<secret>"
SHORTEST = 6  # characters; hiding a shorter "secret" would only make the log unreadable

Event = MutableMapping[str, Any]


class Redactor:
    """A structlog processor that hides the known secrets and whatever looks like a token."""

    def __init__(self, secrets: Iterable[str]) -> None:
        known = sorted((re.escape(s) for s in secrets if len(s) >= SHORTEST), key=len, reverse=True)
        self._known = re.compile("|".join(known)) if known else None

    def __call__(self, logger: Any, name: str, event: Event) -> Event:
        del logger, name
        return {key: self.hide(value) for key, value in event.items()}

    def hide(self, value: Any) -> Any:
        """The value without secrets; whatever is no text is looked at as text."""
        if value is None or isinstance(value, int | float | bool):
            return value
        text = value if isinstance(value, str) else str(value)
        hidden = self._known.sub(HIDDEN, text) if self._known else text
        hidden = SLACK_TOKEN.sub(HIDDEN, TELEGRAM_TOKEN.sub(HIDDEN, hidden))
        return value if hidden == text else hidden


def configure(level: str, form: str, secrets: Iterable[str]) -> None:
    """Send everything, the libraries' records too, to standard error in one form."""
    redactor = Redactor(secrets)
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
    ]
    last: Any = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    if form == "json":
        last = structlog.processors.JSONRenderer(ensure_ascii=False)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                redactor,
                last,
            ],
        )
    )
    handler.addFilter(Repeats())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in CHATTY:
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLevelName(level)))
