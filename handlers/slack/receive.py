"""What Slack delivers, by either way: stored first, then acknowledged, then worked off.

Bolt loses an acknowledgement when its listener raises shortly after `ack()`, so nothing here runs
after it. `process_before_response` makes Bolt answer what the listener says as soon as it has
said it: what could not be stored is not acknowledged.
"""

import logging
import re
from collections.abc import Awaitable, Callable
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.faults import DatabaseDown
from handlers.slack.actions import KEPT
from handlers.slack.asked import (
    SOURCE,
    Json,
    arrival_key,
    of_action,
    of_command,
    of_submission,
)
from handlers.slack.background import Background
from handlers.slack.dispatch import Dispatcher

# Stores an arrival (source, key, sender, payload): when it returns, it survives a power cut.
Accept = Callable[[str, str, str, Json], Awaitable[object]]

log = logging.getLogger(__name__)
ANYTHING = re.compile(".*")


class Receiver:
    """The Bolt listeners."""

    def __init__(self, accept: Accept, dispatcher: Dispatcher, background: Background) -> None:
        self._accept = accept
        self._dispatcher = dispatcher
        self._background = background

    def listen(self, app: AsyncApp) -> None:
        app.command(ANYTHING)(self.command)  # the app has one; a shop may have renamed it
        app.action(ANYTHING)(self.action)
        app.view("stock_adjust")(self.submission)
        app.event(ANYTHING)(self.event)

    async def command(self, ack: AsyncAck, body: Json) -> None:
        await self._keep(of_command(body))
        await ack()

    async def action(self, ack: AsyncAck, body: Json, action: Json) -> None:
        """Buttons that are links and choices inside a modal are only acknowledged."""
        verb = action.get("action_id", "")
        if verb in KEPT:
            await self._keep(of_action(body, action))
        elif verb == "stock_adjust":
            trigger_id = body.get("trigger_id", "")
            work = self._dispatcher.open_adjust(of_action(body, action), trigger_id)
            self._background.start(work, "opening the modal")
        await ack()

    async def submission(self, ack: AsyncAck, body: Json) -> None:
        """What is wrong goes into the acknowledgement, and then nothing is stored."""
        payload = of_submission(body)
        correction = await self._dispatcher.correction(payload)
        if correction:
            await ack(**correction)
            return
        await self._keep(payload)
        await ack()

    async def event(self) -> None:
        """No event changes anything here. Bolt acknowledges it: Slack cuts off who does not."""

    async def _keep(self, payload: Json) -> None:
        await self._accept(SOURCE, arrival_key(payload), payload["user"], payload)


async def _authorize(enterprise_id: str | None, team_id: str | None, **_: Any) -> AuthorizeResult:
    """One workspace and one token: nothing to ask Slack, so input does not wait for its API."""
    return AuthorizeResult(enterprise_id=enterprise_id, team_id=team_id)


def build_app(receiver: Receiver) -> AsyncApp:
    """Bolt with our listeners. It calls no API: its client has no token and answers are ours.

    The signature of HTTP requests is checked before Bolt reads them (handlers.slack.http); what
    comes through the socket has none.
    """
    logger = logging.getLogger("stockbell.slack.bolt")
    # Below it Bolt logs what people wrote, and warns of SLACK_BOT_TOKEN in the environment, which
    # is the settings' to read.
    logger.setLevel(logging.ERROR)
    app = AsyncApp(
        name="stockbell",
        logger=logger,
        client=AsyncWebClient(retry_handlers=[]),
        authorize=_authorize,
        process_before_response=True,
        request_verification_enabled=False,
        signing_secret="",  # else Bolt would read it from the environment
    )
    receiver.listen(app)
    app.error(_not_stored)
    return app


async def _not_stored(error: Exception) -> BoltResponse:
    """Without an acknowledgement Slack delivers it again, or tells the person."""
    if isinstance(error, DatabaseDown):
        return BoltResponse(status=503)
    log.error("a request from Slack failed", exc_info=error)
    return BoltResponse(status=500)
