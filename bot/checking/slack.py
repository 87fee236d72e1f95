"""Whether Slack takes the tokens, what the app may do, and the channel that alerts go to."""

import re
from collections.abc import AsyncIterator, Sequence

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.channels.slack_client import slack_session
from bot.checking.finding import Finding
from bot.settings import Settings
from handlers.slack.manifest import LOOKING_SCOPES, REQUIRED_SCOPES

REINSTALL = "Give it the manifest that `stockbell slack-manifest` prints and install it again."
UNSEEN = ("channel_not_found", "is_archived", "user_not_found")
A_NAME = "it is a name, and nobody can look whether it exists; write the channel's id (C...)"
BLIND = "Without that an alert may be posted twice after a crash or a lost answer."


async def check(settings: Settings) -> AsyncIterator[Finding]:
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
    missing = _missing(LOOKING_SCOPES, granted)
    if missing:
        yield Finding(True, f"Slack: the app lacks the scopes {missing}. {REINSTALL} {BLIND}")
    if alerts and not re.fullmatch(r"[A-Z0-9]+", alerts):
        yield _unseen(A_NAME)
    elif alerts and not missing and (reason := await _unreadable(client, alerts)):
        yield _alert_channel(reason)


def _alert_channel(reason: str) -> Finding:
    """Where the bot may not read it may still post; what it cannot see, it cannot post to."""
    if reason.startswith(UNSEEN):
        return _unseen(reason)
    return Finding(True, f"Slack: the bot cannot read SLACK_ALERT_CHANNEL: {reason}. {BLIND}")


def _unseen(reason: str) -> Finding:
    return Finding(False, f"Slack: no alert arrives in SLACK_ALERT_CHANNEL: {reason}.")


def _missing(wanted: Sequence[str], granted: Sequence[str]) -> str:
    """Those that are missing, with commas; Slack names none when it does not tell them at all."""
    lacking = [scope for scope in wanted if scope not in granted]
    return ", ".join(lacking) if any(granted) else ""


async def _unreadable(client: AsyncWebClient, channel: str) -> str:
    """Why nobody can see there whether a message was posted, and what to do; "" if all is well."""
    try:
        if channel.startswith(("U", "W")):  # a person: the conversation is found when needed
            await client.conversations_open(users=channel, prevent_creation=True)
        else:
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
