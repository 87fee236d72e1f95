"""`check`: says in plain words what is wrong with the settings, and what to do about it."""

import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from telegram import Bot
from telegram.error import InvalidToken, TelegramError

from bot.channels.slack_client import slack_session
from bot.domain.faults import DatabaseDown
from bot.settings import Settings
from handlers.slack.manifest import LOOKING_SCOPES, REQUIRED_SCOPES
from storage import trouble
from storage.database import Database, DatabaseUrlError
from storage.migrate import DatabaseTooNew, pending

REINSTALL = "Give it the manifest that `stockbell slack-manifest` prints and install it again."
UNSEEN = ("channel_not_found", "is_archived")
BLIND = "Without that an alert may be posted twice after a crash or a lost answer."


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report; `good` False makes the command fail."""

    good: bool
    line: str


async def findings(settings: Settings) -> AsyncIterator[Finding]:
    """Everything that `run` will need, one after the other."""
    yield await _database(settings)
    if settings.telegram_token:
        yield await _telegram(settings)
    if settings.slack_token:
        async for finding in _slack(settings):
            yield finding
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


async def _database(settings: Settings) -> Finding:
    try:
        database = Database(settings.database)
    except DatabaseUrlError as error:
        return Finding(False, f"Database: {error}")
    try:
        await database.ping()
        waiting = await pending(database)
    except DatabaseTooNew as error:
        return Finding(False, f"Database: {error}")
    except (DatabaseDown, trouble.EngineError, OSError) as error:
        reason = trouble.reason(error)
        return Finding(False, f"Database: it does not answer ({reason}). Look at DATABASE_URL.")
    finally:
        await database.close()
    note = "its tables will be made or updated at the start" if waiting else "up to date"
    return Finding(True, f"Database: it answers, {note}.")


async def _telegram(settings: Settings) -> Finding:
    bot = Bot(settings.telegram_token, base_url=f"{settings.telegram_api_url.rstrip('/')}/bot")
    try:
        async with bot:
            return Finding(True, f"Telegram: the bot is @{bot.username}.")
    except InvalidToken:
        return Finding(
            False,
            "Telegram: TELEGRAM_BOT_TOKEN is not accepted. Copy it again from @BotFather "
            "(or look at TELEGRAM_API_URL).",
        )
    except TelegramError as error:
        return Finding(
            False, f"Telegram: no answer from TELEGRAM_API_URL ({type(error).__name__})."
        )


async def _slack(settings: Settings) -> AsyncIterator[Finding]:
    async with slack_session() as session:
        client = AsyncWebClient(
            settings.slack_token,
            base_url=settings.slack_api_url,
            session=session,
            retry_handlers=[],
        )
        try:
            async for finding in _slack_bot(client, settings.slack_alert_channel):
                yield finding
            if settings.slack_mode == "socket":
                yield await _slack_app(client, settings.slack_app_token.get_secret_value())
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            yield Finding(False, f"Slack: no answer from SLACK_API_URL ({type(error).__name__}).")


async def _slack_bot(client: AsyncWebClient, alerts: str) -> AsyncIterator[Finding]:
    try:
        answer = await client.auth_test()
    except SlackApiError as error:
        code = error.response.get("error", "no reason given")
        yield Finding(False, f"Slack: SLACK_BOT_TOKEN is not accepted ({code}). Copy it again.")
        return
    granted = str(answer.headers.get("x-oauth-scopes", "")).split(",")
    if missing := _missing(REQUIRED_SCOPES, granted):
        yield Finding(False, f"Slack: the app lacks the scopes {missing}. {REINSTALL}")
        return
    yield Finding(True, f"Slack: the bot is {answer.get('user')} in {answer.get('team')}.")
    if missing := _missing(LOOKING_SCOPES, granted):
        yield Finding(True, f"Slack: the app lacks the scopes {missing}. {REINSTALL} {BLIND}")
    elif alerts and (reason := await _unreadable(client, alerts)):
        yield _alert_channel(reason)


def _alert_channel(reason: str) -> Finding:
    """Where the bot may not read it may still post; what it cannot see, it cannot post to."""
    if reason.startswith(UNSEEN):
        return Finding(False, f"Slack: no alert arrives in SLACK_ALERT_CHANNEL: {reason}.")
    return Finding(True, f"Slack: the bot cannot read SLACK_ALERT_CHANNEL: {reason}. {BLIND}")


def _missing(wanted: Sequence[str], granted: Sequence[str]) -> str:
    """Those that are missing, with commas; Slack names none when it does not tell them at all."""
    lacking = [scope for scope in wanted if scope not in granted]
    return ", ".join(lacking) if any(granted) else ""


async def _unreadable(client: AsyncWebClient, channel: str) -> str:
    """Why nobody can see there whether a message was posted, and what to do; "" if all is well."""
    if re.fullmatch(r"[UW][A-Z0-9]+", channel):  # a person: the conversation is found when needed
        return ""
    if not re.fullmatch(r"[A-Z0-9]+", channel):
        return "it is a name; write the id (C...) there"
    try:
        await client.conversations_history(channel=channel, limit=1)
    except SlackApiError as error:
        code = str(error.response.get("error", "no reason given"))
        invite = "; write /invite @ and the bot's name in it"
        return code + (invite if code in ("not_in_channel", "channel_not_found") else "")
    return ""


async def _slack_app(client: AsyncWebClient, app_token: str) -> Finding:
    try:
        await client.apps_connections_open(app_token=app_token)
    except SlackApiError as error:
        code = error.response.get("error", "no reason given")
        return Finding(
            False,
            f"Slack: SLACK_APP_TOKEN is not accepted ({code}). It begins with xapp- and needs "
            "connections:write.",
        )
    return Finding(True, "Slack: Socket Mode is ready.")
