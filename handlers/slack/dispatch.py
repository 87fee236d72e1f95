"""From a stored arrival to the function that handles it."""

from collections import deque
from collections.abc import Awaitable
from functools import partial

from slack_sdk.errors import SlackApiError

from bot.domain.faults import DatabaseDown
from bot.domain.sending import NotSent, RetryAfter
from bot.services.bundle import Services
from handlers.slack import actions, commands, views
from handlers.slack.answer import UNREACHABLE, Answers
from handlers.slack.asked import Asked, Json
from handlers.verbs.table import Verbs

REMEMBERED = 500  # arrivals whose sender has heard of a failure


class Dispatcher:
    """The inbox worker's way into the handlers: returns when it is handled, or raises."""

    def __init__(self, services: Services, answers: Answers, verbs: Verbs) -> None:
        self._services = services
        self._answers = answers
        self._handlers: dict[str, actions.Action] = {
            "command": partial(commands.stock, verbs),
            "adjust": views.adjust,
        }
        self._told: deque[str] = deque(maxlen=REMEMBERED)

    async def __call__(self, payload: Json) -> None:
        """Raises LookupError for a payload that no version of the bot has stored."""
        handler = actions.KEPT[payload["action"]] if payload["kind"] == "action" else None
        handler = handler or self._handlers[payload["kind"]]
        await self.guard(payload, handler(self._services, self._answers, payload))

    async def open_adjust(self, payload: Json, trigger_id: str) -> None:
        """Not through the inbox: it changes nothing and cannot wait."""
        work = actions.open_adjust(self._services, self._answers, payload, trigger_id)
        await self.guard(payload, work)

    async def correction(self, payload: Json) -> Json:
        """What is wrong with a submitted form, as an acknowledgement; {} when it may be stored."""
        return await views.correction(self._services, self._answers, payload)

    async def guard(self, payload: Json, work: Awaitable[None]) -> None:
        """Whoever waits for an answer hears of a failure, once; then it goes where it is recorded.

        When it is Slack that fails there is nobody to tell.
        """
        try:
            await work
        except (SlackApiError, DatabaseDown, RetryAfter):  # what waits has not failed
            raise
        except UNREACHABLE as error:
            raise NotSent(f"Slack cannot be reached ({type(error).__name__})") from error
        except Exception:
            if payload["key"] not in self._told:
                self._told.append(payload["key"])
                await self._answers.sorry(Asked.of(payload))
            raise
