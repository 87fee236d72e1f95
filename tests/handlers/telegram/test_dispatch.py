"""Whatever is killed or fails on the way, what a person told the bot is done, and done once."""

import asyncio
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError
from structlog.testing import capture_logs
from telegram import Update

from bot.domain.sending import InDoubt, NotSent
from bot.intake.worker import InboxWorker
from bot.sandbox.telegram_driver import Customer
from handlers.telegram.dispatch import Dispatcher
from tests.handlers.telegram.live import Live
from tests.support.clock import Clock

Json = dict[str, Any]


@pytest.fixture
async def ann(live: Live) -> Customer:
    await live.shop.product("MUG-BLUE", "Blue mug")
    customer = await live.sandbox.telegram.customer("Ann", id=501)
    live.sandbox._telegram.chats[501].started = True  # without an update
    return customer


def update(update_id: int, text: str = "/notify MUG-BLUE") -> Json:
    who = {"id": 501, "first_name": "Ann", "is_bot": False}
    chat = {"id": 501, "type": "private"}
    message = {"message_id": 1, "date": 0, "chat": chat, "from": who, "text": text}
    return {"update_id": update_id, "message": message}


async def test_a_handler_killed_half_way_is_run_again_after_its_lease(
    live: Live, ann: Customer, clock: Clock
) -> None:
    reached = asyncio.Event()

    async def killed(payload: Json) -> None:
        await live.dispatcher(payload)  # its effect is there, its answer too
        reached.set()
        raise asyncio.CancelledError  # but the process dies before the inbox hears of it

    await live.shop.services.arriving.accept("telegram", "7", "501", update(7))
    (claimed,) = await live.shop.services.arriving.turn([], 1)
    with pytest.raises(asyncio.CancelledError):
        await killed(live.shop.services.arriving.payload(claimed))
    clock.forward(minutes=10)
    async with live.running():
        await live.sandbox.driver.wait_for_requests("sendMessage", 2)
    assert [row.quantity for row in await live.shop.rows("subscription")] == [1]
    first, again = await ann.messages()
    assert "first in line" in first["text"]
    assert again["text"] == first["text"]


async def test_an_update_that_comes_twice_is_handled_once(live: Live, ann: Customer) -> None:
    await live.sandbox.driver.faults(
        telegram={"fail_next": [{"method": "getUpdates", "drop_after": True, "times": 2}]}
    )
    await ann.say("/notify MUG-BLUE")
    async with live.running():
        await ann.wait_for("first in line")
        await ann.say("/list")
        await ann.wait_for(lambda m: "rm:1:0" in str(m["reply_markup"]))
    assert len(await ann.messages()) == 2


async def test_a_handlers_failure_reaches_the_inbox_and_is_tried_again(
    live: Live, ann: Customer, clock: Clock
) -> None:
    arriving = live.shop.services.arriving
    worker = InboxWorker(arriving, {"telegram": live.dispatcher}, live.bell)
    await arriving.accept("telegram", "7", "501", update(7))
    await live.sandbox.driver.faults(
        telegram={"fail_next": [{"method": "sendMessage", "status": 502}]}
    )
    with capture_logs() as logs:
        (claimed,) = await arriving.turn([], 1)
        failed = await worker.work(claimed)
        assert not await arriving.turn([failed], 1)  # it has to wait first
        clock.forward(minutes=1)
        (claimed,) = await arriving.turn([], 1)
        worked = await worker.work(claimed)
    assert [entry["event"] for entry in logs if entry["log_level"] == "error"] == ["arrival failed"]
    clock.forward(minutes=10)
    assert not await arriving.turn([worked], 1)
    (message,) = await ann.messages()
    assert "first in line" in message["text"]


async def test_dispatch_raises_what_the_handler_raised(live: Live, ann: Customer) -> None:
    await live.sandbox.driver.faults(
        telegram={"fail_next": [{"method": "sendMessage", "drop_before": True, "times": 1}]}
    )
    with pytest.raises(InDoubt):
        await live.dispatcher(update(7))
    await live.dispatcher(update(7))
    (message,) = await ann.messages()
    assert "first in line" in message["text"]


async def test_failures_of_updates_in_work_at_the_same_time_are_kept_apart(
    live: Live, ann: Customer
) -> None:
    bad = update(8)
    bad["message"]["from"]["id"] = bad["message"]["chat"]["id"] = 999  # nobody
    failure = {"method": "sendMessage", "chat_id": "999", "status": 502}
    await live.sandbox.driver.faults(telegram={"fail_next": [failure]})
    good_one, bad_one = await asyncio.gather(
        live.dispatcher(update(7)), live.dispatcher(bad), return_exceptions=True
    )
    assert good_one is None
    assert isinstance(bad_one, InDoubt)
    assert len(await ann.messages()) == 1


async def test_an_update_that_cannot_be_read_is_raised_and_never_loses_the_others(
    live: Live, ann: Customer
) -> None:
    live.sandbox._telegram.push("message", {"chat": {"id": 7, "type": "private"}})
    await ann.say("/notify MUG-BLUE")
    async with live.running():
        await ann.wait_for("first in line")


async def test_before_telegram_has_answered_nothing_is_worked_off(
    live: Live, ann: Customer
) -> None:
    await live.connection.close()
    hasty = Dispatcher(live.application, live.connection, nobody_hears, patience=0.01)
    with pytest.raises(NotSent):
        await hasty(update(7))
    assert await live.shop.rows("subscription") == []


async def test_an_update_that_waits_for_the_connection_is_worked_off_when_it_is_there(
    live: Live, ann: Customer
) -> None:
    await live.connection.close()
    waiting = asyncio.create_task(live.dispatcher(update(7)))
    await live.connection.connect(asyncio.Event())
    await waiting
    assert len(await ann.messages()) == 1


@pytest.mark.parametrize("times", [1, 2, 3, 6])
async def test_only_who_waits_in_vain_hears_of_a_failure_and_only_once(
    live: Live, ann: Customer, times: int
) -> None:
    async with live.shop.database.write() as tx:
        await tx.exec_driver_sql("ALTER TABLE subscription RENAME TO hidden")
    for _ in range(times):
        with pytest.raises(DBAPIError):
            await live.dispatcher(update(7))
    assert len(await ann.messages()) == (1 if times >= 3 else 0)


async def nobody_hears(update: Update) -> None:
    raise AssertionError(update)
