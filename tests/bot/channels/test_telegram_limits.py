from datetime import timedelta
from typing import Any

import pytest
from telegram.error import RetryAfter as TelegramSaysLater

from bot.channels.pacer import Pacer, telegram_rate
from bot.channels.telegram_limits import (
    FREE_BROADCAST,
    FREE_RATE,
    PAID_RATE,
    FreeShare,
    PacedRequests,
)
from bot.domain.notices import Lane
from bot.domain.sending import RetryAfter
from tests.bot.channels.crowd import Hours

# PTB's constructor of RetryAfter warns of its own change to come; see handlers/telegram/build.py
pytestmark = pytest.mark.filterwarnings("ignore:.*retry_after.*")


class Telegram:
    """What PTB calls in the end; answers from a list of waits, then with yes."""

    def __init__(self, hours: Hours, limits: PacedRequests) -> None:
        self.hours, self.limits = hours, limits
        self.later: list[float] = []
        self.requests: list[tuple[Any, float]] = []
        self.paid: list[bool] = []

    async def ask(
        self, chat: object, lane: Lane | None = None, endpoint: str = "sendMessage"
    ) -> Any:
        data = {} if chat is None else {"chat_id": chat}
        return await self.limits.process_request(
            self._answer, (endpoint, data), {}, endpoint, data, lane
        )

    async def _answer(self, endpoint: str, data: dict[str, Any]) -> bool:
        del endpoint
        self.requests.append((data.get("chat_id"), self.hours.now))
        self.paid.append("allow_paid_broadcast" in data)
        if self.later:
            raise TelegramSaysLater(timedelta(seconds=self.later.pop(0)))
        return True


class Sleepless(Hours):
    """Time passes as soon as somebody sleeps."""

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def hours() -> Sleepless:
    return Sleepless()


def telegram_at(hours: Hours, *, paid: bool = False) -> Telegram:
    rate = PAID_RATE if paid else FREE_RATE
    pacer = Pacer(rate, rate_of=telegram_rate, clock=hours, sleep=hours.sleep)
    return Telegram(hours, PacedRequests(pacer, paid=paid, clock=hours))


async def test_an_answer_that_may_go_soon_waits_by_itself(hours: Sleepless) -> None:
    telegram = telegram_at(hours)
    telegram.later = [15, 3]
    began = hours.now
    assert await telegram.ask(1)
    assert [round(at - began, 3) for _, at in telegram.requests] == [0, 15, 18]


async def test_no_request_goes_to_a_chat_before_its_time(hours: Sleepless) -> None:
    telegram = telegram_at(hours)
    telegram.later = [60]
    with pytest.raises(TelegramSaysLater):
        await telegram.ask(1, Lane.RESTOCK)
    for lane in (Lane.RESTOCK, Lane.REPLY, None):
        with pytest.raises(RetryAfter) as later:
            await telegram.ask(1, lane)
        assert later.value.seconds == pytest.approx(60)
        assert not later.value.account
    assert await telegram.ask(2, Lane.RESTOCK)
    hours.now += 60
    assert await telegram.ask(1, Lane.RESTOCK)
    assert [chat for chat, _ in telegram.requests] == [1, 2, 1]


async def test_what_goes_to_no_chat_needs_no_turn(hours: Sleepless) -> None:
    telegram = telegram_at(hours)
    began = hours.now
    for _ in range(100):
        await telegram.ask(None, endpoint="answerCallbackQuery")
    assert hours.now == began


async def test_nothing_is_paid_for_unless_the_shop_says_so(hours: Sleepless) -> None:
    telegram = telegram_at(hours)
    for number in range(100):
        await telegram.ask(number, Lane.RESTOCK)
    assert not any(telegram.paid)


async def test_only_what_goes_beyond_the_free_messages_is_paid_for(hours: Sleepless) -> None:
    telegram = telegram_at(hours, paid=True)
    for number in range(100):
        await telegram.ask(number, Lane.RESTOCK)
    assert telegram.paid == [False] * FREE_BROADCAST + [True] * (100 - FREE_BROADCAST)
    telegram.paid.clear()
    for number in range(100, 120):
        await telegram.ask(number, Lane.REPLY)
    free = FREE_RATE - FREE_BROADCAST
    assert telegram.paid == [False] * free + [True] * (20 - free)
    hours.now += 2
    telegram.paid.clear()
    await telegram.ask(200, Lane.RESTOCK)
    assert telegram.paid == [False]


@pytest.mark.parametrize("endpoint", ["editMessageText", "sendChatAction", "deleteMessage"])
async def test_what_cannot_be_paid_for_is_not(hours: Sleepless, endpoint: str) -> None:
    telegram = telegram_at(hours, paid=True)
    for number in range(100):
        await telegram.ask(number, Lane.EDIT, endpoint)
    assert not any(telegram.paid)


async def test_a_message_that_is_tried_again_is_judged_again(hours: Sleepless) -> None:
    telegram = telegram_at(hours, paid=True)
    for number in range(FREE_RATE):
        await telegram.ask(number, Lane.REPLY)
    telegram.paid.clear()
    telegram.later = [5]
    await telegram.ask(100, Lane.REPLY)
    assert telegram.paid == [True, False]


def test_no_second_holds_more_unpaid_messages_than_are_free(hours: Sleepless) -> None:
    share = FreeShare(hours)
    free = []
    for number in range(1_000):
        hours.now += 0.007
        if not share.pays(Lane.REPLY if number % 3 else Lane.RESTOCK):
            free.append(hours.now)
    assert all(later - sooner >= 1 for sooner, later in zip(free, free[FREE_RATE:], strict=False))
