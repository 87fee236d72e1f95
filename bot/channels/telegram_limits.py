"""Telegram's limits for PTB's bot: every request that goes to a chat waits for its turn.

What is allowed: core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this.
"""

from collections.abc import Callable, Coroutine
from typing import Any

from telegram.error import RetryAfter
from telegram.ext import BaseRateLimiter

from bot.channels.pacer import Pacer
from bot.channels.telegram_errors import seconds_of
from bot.domain.notices import Lane

Json = dict[str, Any]
Result = bool | Json | list[Json]
PATIENCE = 15.0  # seconds that an answer waits by itself when Telegram says "later"
TRIES = 3


class PacedRequests(BaseRateLimiter[Lane]):
    """Spends a turn of the pacer for each request with a chat_id; `rate_limit_args` is the lane.

    PTB drops falsy arguments, and the lane of answers is 0: no lane means an answer.
    When Telegram says "later", the chat is held so long. A short wait of an answer is sat out
    here; everything else is told to the caller, who keeps it in the database meanwhile.
    """

    def __init__(self, pacer: Pacer) -> None:
        self._pacer = pacer

    async def initialize(self) -> None:
        """There is nothing to set up."""

    async def shutdown(self) -> None:
        """There is nothing to give back."""

    async def process_request(
        self,
        callback: Callable[..., Coroutine[Any, Any, Result]],
        args: Any,
        kwargs: Json,
        endpoint: str,  # noqa: ARG002  # part of PTB's interface; the chat is what counts
        data: Json,
        rate_limit_args: Lane | None,
    ) -> Result:
        """Make the request when its turn comes."""
        chat = data.get("chat_id")
        if chat is None:  # getMe, setMyCommands, answerCallbackQuery: no message in any chat
            return await callback(*args, **kwargs)
        lane = rate_limit_args or Lane.REPLY
        for tries_left in reversed(range(TRIES)):
            await self._pacer.turn(str(chat), lane)
            try:
                return await callback(*args, **kwargs)
            except RetryAfter as later:
                seconds = seconds_of(later)
                self._pacer.hold(str(chat), seconds)
                if lane is not Lane.REPLY or seconds > PATIENCE or not tries_left:
                    raise
        raise AssertionError("the last try either returns or raises")
