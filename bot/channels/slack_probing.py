"""Asks Slack who we are: whether it answers, and whether it takes our token."""

from collections.abc import Awaitable
from typing import Any, Protocol

import aiohttp
from slack_sdk.errors import SlackApiError

from bot.channels.slack_errors import status_of
from bot.domain import sending
from bot.domain.health import Reach

# docs.slack.dev/reference/methods/auth.test#errors
_REFUSED = {"invalid_auth", "not_authed", "account_inactive", "token_expired", "token_revoked"}


class Client(Protocol):
    """The paced client, as far as it is asked here."""

    def auth_test(self) -> Awaitable[Any]: ...


async def reach(client: Client) -> Reach:
    """What auth.test says."""
    try:
        await client.auth_test()
    except SlackApiError as error:
        return _refusal(error)
    except sending.RetryAfter:
        return Reach.ANSWERS
    except (aiohttp.ClientError, TimeoutError, OSError):
        return Reach.SILENT
    return Reach.ANSWERS


def _refusal(error: SlackApiError) -> Reach:
    if error.response.get("error") in _REFUSED:
        return Reach.REFUSES
    return Reach.SILENT if status_of(error) >= 500 else Reach.ANSWERS
