"""Pressed buttons: each press is answered, by an edit where there is something to show."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.domain.contacts import Address, Role
from bot.domain.ways import TELEGRAM
from bot.sandbox.telegram_driver import Customer
from bot.services.stock.searching import reindex
from storage import persons
from tests.handlers.telegram.live import Live

Json = dict[str, Any]


@pytest.fixture
async def bot(live: Live) -> AsyncIterator[Live]:
    for number in range(1, 8):
        await live.shop.product(f"MUG-{number}", f"Mug number {number}")
    await reindex(live.shop.database, live.shop.clock)
    async with live.running():
        yield live


@pytest.fixture
async def ann(bot: Live) -> Customer:
    return await bot.sandbox.telegram.customer("Ann", id=501)


async def answers(bot: Live, count: int) -> list[Json]:
    """What the presses were answered with, once there are `count` answers."""
    entries = await bot.sandbox.driver.wait_for_requests("answerCallbackQuery", count)
    return [entry["params"] for entry in entries]


def data_of(message: Json) -> list[str]:
    rows = (message["reply_markup"] or {}).get("inline_keyboard") or []
    return [button.get("callback_data", "") for row in rows for button in row]


async def states(bot: Live) -> list[str]:
    return [row.state for row in await bot.shop.rows("subscription")]


async def edited(ann: Customer, message: Json, times: int = 1) -> Json:
    return await ann.wait_for(
        lambda m: m["message_id"] == message["message_id"] and m["edits"] >= times
    )


async def test_a_suggestion_subscribes_and_takes_the_place_of_the_list(
    bot: Live, ann: Customer
) -> None:
    await ann.say("/notify mug numbr 4")
    found = await ann.wait_for(lambda m: any(d.startswith("sub:") for d in data_of(m)))
    suggestions = data_of(found)
    assert len(suggestions) == 5
    assert {data.rpartition(":")[2] for data in suggestions} == {"4"}  # the quantity they asked for
    await ann.press(suggestions[0], found)
    number = suggestions[0].split(":")[1]
    assert f"Mug number {number}" in (await edited(ann, found))["text"]
    assert len(await ann.messages()) == 1
    assert await states(bot) == ["waiting"]


async def test_list_removes_pauses_and_resumes_in_its_own_message(bot: Live, ann: Customer) -> None:
    for number in (1, 2):
        await ann.say(f"/notify MUG-{number}")
    await ann.wait_for("Mug number 2")
    await ann.say("/list")
    menu = await ann.wait_for(lambda m: "rm:1:0" in data_of(m))
    await ann.press("pause:1:0", menu)
    paused = await edited(ann, menu)
    assert "resume:1:0" in data_of(paused)
    await ann.press("resume:1:0", paused)
    resumed = await edited(ann, menu, 2)
    await ann.press("rm:2:0", resumed)
    last = await edited(ann, menu, 3)
    assert "rm:2:0" not in data_of(last)
    assert await states(bot) == ["waiting", "ended"]
    assert len(await answers(bot, 3)) == 3


async def test_list_turns_pages(bot: Live, ann: Customer) -> None:
    for number in range(1, 8):
        await ann.say(f"/notify MUG-{number}")
    await ann.wait_for("Mug number 7")
    await ann.say("/list")
    menu = await ann.wait_for(lambda m: "list:1" in data_of(m))
    await ann.press("list:1", menu)
    assert "rm:7:1" in data_of(await edited(ann, menu))


@pytest.mark.parametrize(
    "data",
    [
        "",
        "nonsense",
        "rm",
        "rm:",
        "rm:x",
        "rm:1:2:3",
        "rm:99999999999999999999",
        "rm:77",
        "sub:1",
        "sub:99:1",
        "watch:99:1",
        "look:99",
        "why:99",
        "stopundo",
        "ack:1",
        "ack:1:x",
        "\u0000",
        "rm:１",
        "a" * 64,
        "DROP TABLE",
    ],
)
async def test_a_press_that_means_nothing_is_answered_once_and_changes_nothing(
    bot: Live, ann: Customer, data: str
) -> None:
    await ann.say("/notify MUG-1")
    message = await ann.wait_for("Mug number 1")
    await ann.press_data(message["message_id"], data)
    (answer,) = await answers(bot, 1)
    assert answer["text"]
    assert (await ann.messages())[0]["edits"] == 0
    assert await states(bot) == ["waiting"]


async def test_nobody_can_press_for_somebody_else(bot: Live, ann: Customer) -> None:
    await ann.say("/notify MUG-1")
    await ann.wait_for("Mug number 1")
    ben = await bot.sandbox.telegram.customer("Ben", id=502)
    await ben.say("/help")
    message = await ben.wait_for("/notify")
    await ben.press_data(message["message_id"], "rm:1")
    await answers(bot, 1)
    assert await states(bot) == ["waiting"]


async def test_a_second_press_on_the_same_button_is_answered_too(bot: Live, ann: Customer) -> None:
    await ann.say("/notify MUG-1")
    message = await ann.wait_for("Mug number 1")
    await ann.press("rm:1", message)
    await edited(ann, message)
    await ann.press_data(message["message_id"], "rm:1")
    assert len(await answers(bot, 2)) == 2
    assert await states(bot) == ["ended"]


async def test_the_answer_comes_anew_when_the_message_is_gone(bot: Live, ann: Customer) -> None:
    await ann.say("/notify MUG-1")
    message = await ann.wait_for("Mug number 1")
    failure = {
        "method": "editMessageText",
        "status": 400,
        "description": "Bad Request: message can't be edited",
    }
    await bot.sandbox.driver.faults(telegram={"fail_next": [failure]})
    await ann.press("rm:1", message)
    anew = await ann.wait_for("Mug number 1", after=message["message_id"])
    assert "undo:1" in data_of(anew)


async def test_a_press_that_telegram_no_longer_waits_for_still_does_its_work(
    bot: Live, ann: Customer
) -> None:
    await ann.say("/notify MUG-1")
    message = await ann.wait_for("Mug number 1")
    failure = {
        "method": "answerCallbackQuery",
        "status": 400,
        "description": "Bad Request: query is too old and response timeout expired"
        " or query ID is invalid",
    }
    await bot.sandbox.driver.faults(telegram={"fail_next": [failure]})
    await ann.press("rm:1", message)
    await edited(ann, message)
    assert await states(bot) == ["ended"]


async def alerted(bot: Live) -> tuple[Any, Json]:
    """A staff group with a low-stock alert in it."""
    group = await bot.sandbox.telegram.group("Staff")
    await bot.alert_chat(group.id)
    await bot.shop.moved("MUG-1 +9")
    await bot.shop.stock("threshold MUG-1 10")
    await bot.shop.judge()
    (alert,) = await bot.shop.rows("alert")
    markup = {"inline_keyboard": [[{"text": "Ack", "callback_data": f"ack:{alert.id}:1"}]]}
    await bot.application.bot.send_message(group.id, "Low stock", reply_markup=markup)
    return group, (await group.messages())[0]


async def test_an_alert_is_acknowledged_in_the_staff_chat(bot: Live, ann: Customer) -> None:
    group, message = await alerted(bot)
    await ann.say("/start")
    await ann.wait_for("Ann")
    async with bot.shop.database.write() as tx:
        address = Address(TELEGRAM, str(ann.id))
        person = await persons.at(tx, bot.shop.vault, address)
        assert person is not None
        await persons.set_role(tx, person.id, Role.CLERK)
    await group.press("Ack", message, **{"from": ann.id})
    await answers(bot, 1)
    (alert,) = await bot.shop.rows("alert")
    assert alert.state == "acknowledged"


async def test_strangers_cannot_acknowledge(bot: Live, ann: Customer) -> None:
    group, message = await alerted(bot)
    await group.press("Ack", message, **{"from": ann.id})
    (answer,) = await answers(bot, 1)
    assert str(answer["show_alert"]).lower() == "true"
    (alert,) = await bot.shop.rows("alert")
    assert alert.state == "firing"
