"""Telegram's limits for PTB's bot: every request that goes to a chat waits for its turn.

What is allowed: core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this.
"""

import time
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any

from telegram.error import RetryAfter
from telegram.ext import BaseRateLimiter

from bot.channels.pacer import Pacer
from bot.channels.rates import SECOND
from bot.channels.telegram_errors import seconds_of
from bot.domain.notices import Lane

Json = dict[str, Any]
Result = bool | Json | list[Json]
PATIENCE = 15.0  # seconds that an answer waits by itself when Telegram says "later"
TRIES = 3

FREE_RATE = 30  # messages a second in all; core.telegram.org/bots/faq
PAID_RATE = 1000  # with paid broadcast; core.telegram.org/bots/api#sendmessage
FREE_BROADCAST = 20  # of the free ones, when more are paid for; the others are for answers
UNPAID = {"sendChatAction"}  # it has no allow_paid_broadcast; edits have none either


class FreeShare:
    """Which messages must be paid for: those beyond what is free in any second."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._free: deque[float] = deque()

    def pays(self, lane: Lane) -> bool:
        """Whether the message that leaves now must be paid for; else it counts as a free one."""
        now = self._clock()
        while self._free and self._free[0] <= now - SECOND:
            self._free.popleft()
        if len(self._free) >= (FREE_RATE if lane is Lane.REPLY else FREE_BROADCAST):
            return True
        self._free.append(now)
        return False


class PacedRequests(BaseRateLimiter[Lane]):
    """Spends a turn of the pacer for each request with a chat_id; `rate_limit_args` is the lane.

    PTB drops falsy arguments, and the lane of answers is 0: no lane means an answer.
    When Telegram says "later", the chat is held so long, over a restart too. A short wait of an
    answer is sat out here; everything else is told to the caller, who keeps it in the database
    meanwhile. `paid`: the shop pays for what goes beyond the free messages of a second.
    `answered` is told how many seconds each request took.
    """

    def __init__(
        self,
        pacer: Pacer,
        *,
        paid: bool = False,
        clock: Callable[[], float] = time.monotonic,
        answered: Callable[[float], None] = lambda _: None,
    ) -> None:
        self._pacer = pacer
        self._clock, self._answered = clock, answered
        self._free = FreeShare(clock) if paid else None

    async def initialize(self) -> None:
        """There is nothing to set up."""

    async def shutdown(self) -> None:
        """There is nothing to give back."""

    async def process_request(
        self,
        callback: Callable[..., Coroutine[Any, Any, Result]],
        args: Any,
        kwargs: Json,
        endpoint: str,
        data: Json,
        rate_limit_args: Lane | None,
    ) -> Result:
        """Make the request when its turn comes."""
        chat = data.get("chat_id")
        if chat is None:  # getMe, setMyCommands, answerCallbackQuery: no message in any chat
            return await self._timed(callback(*args, **kwargs))
        lane = rate_limit_args or Lane.REPLY
        for tries_left in reversed(range(TRIES)):
            await self._pacer.turn(str(chat), lane)
            self._pay(endpoint, data, lane)
            try:
                return await self._timed(callback(*args, **kwargs))
            except RetryAfter as later:
                seconds = seconds_of(later)
                await self._pacer.refused(str(chat), seconds)
                if lane is not Lane.REPLY or seconds > PATIENCE or not tries_left:
                    raise
        raise AssertionError("the last try either returns or raises")

    async def _timed(self, request: Coroutine[Any, Any, Result]) -> Result:
        began = self._clock()
        result = await request
        self._answered(self._clock() - began)
        return result

    def _pay(self, endpoint: str, data: Json, lane: Lane) -> None:
        if self._free is None or not endpoint.startswith("send") or endpoint in UNPAID:
            return
        if self._free.pays(lane):
            data["allow_paid_broadcast"] = True
        else:
            data.pop("allow_paid_broadcast", None)
