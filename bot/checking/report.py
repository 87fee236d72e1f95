"""All that `run` will need, one after the other."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from bot.checking.finding import Finding
from bot.checking.own import database, language, misspelt
from bot.checking.slack import slack
from bot.checking.telegram import telegram
from bot.settings import Settings


async def findings(settings: Settings) -> AsyncIterator[Finding]:
    """What is well and what is not."""
    for finding in (*misspelt(Path(".env")), *language(settings)):
        yield finding
    yield await database(settings)
    if settings.telegram_token:
        async for finding in telegram(settings):
            yield finding
    if settings.slack_token:
        async for finding in slack(settings):
            yield finding
    for finding in _missing(settings):
        yield finding


def _missing(settings: Settings) -> Iterator[Finding]:
    if not settings.telegram_token and not settings.slack_token:
        yield Finding(False, "No platform: set TELEGRAM_BOT_TOKEN or SLACK_BOT_TOKEN in .env.")
    if not settings.admins:
        yield Finding(False, "ADMINS is empty: nobody could adjust stock. Add slack:U... there.")
    if not settings.alert_addresses:
        yield Finding(
            True,
            "Nobody gets alerts: SLACK_ALERT_CHANNEL and TELEGRAM_ALERT_CHATS are empty "
            "(/stock low still lists what is low).",
        )
