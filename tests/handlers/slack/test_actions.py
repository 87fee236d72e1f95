from typing import Any

import pytest

from handlers.slack.asked import numbers_in
from tests.handlers.slack.desk import Desk
from tests.support.shop import Shop

Json = dict[str, Any]


@pytest.fixture(autouse=True)
def _(open_socket: Desk) -> None:
    """Every press here comes through the socket."""


async def card(desk: Desk, name: str = "cleo") -> Json:
    person = desk.person(name)
    await person.command("/stock MUG-BLUE")
    return await person.wait_for("MUG-BLUE")


async def in_channel(desk: Desk) -> list[Json]:
    return await desk.sandbox.slack.channel_by_id("C1").messages()


async def test_share_posts_the_card_for_everybody_without_buttons(desk: Desk) -> None:
    await desk.person("cleo").press("stock_share", await card(desk))
    shared = await desk.sandbox.slack.channel_by_id("C1").wait_for("MUG-BLUE")
    assert "<@U0CLERK>" in str(shared)
    assert "stock_adjust" not in str(shared)


async def test_share_pressed_twice_posts_once_and_the_card_offers_it_no_more(desk: Desk) -> None:
    cleo, message = desk.person("cleo"), await card(desk)
    await cleo.press("stock_share", message)
    await cleo.press("stock_share", message)  # before the first one changed the card
    shown = await cleo.wait_for(lambda m: m["ts"] == message["ts"] and m["edits"])
    assert "Shared in the channel" in str(shown["blocks"])
    assert "stock_share" not in str(shown["blocks"])
    await cleo.command("/stock MUG-BLUE")  # what was pressed before has been worked off by now
    await cleo.wait_for(lambda m: m["ts"] > message["ts"] and "MUG-BLUE" in str(m))
    shared = [m for m in await in_channel(desk) if "Shared by" in str(m["blocks"])]
    assert len(shared) == 1


async def test_share_works_where_the_bot_is_no_member(desk: Desk) -> None:
    await desk.sandbox.slack.channel("C2", "elsewhere", member=False)
    cleo = desk.person("cleo")
    await cleo.command("/stock MUG-BLUE", channel="C2")
    await cleo.press("stock_share", await cleo.wait_for("MUG-BLUE"))
    await desk.sandbox.slack.channel_by_id("C2").wait_for("MUG-BLUE")


async def test_share_falls_back_to_a_post(desk: Desk) -> None:
    message = await card(desk)
    fault = {"method": "response_url", "error": "used_url"}
    await desk.sandbox.driver.faults(slack={"fail_next": [fault]})
    await desk.person("cleo").press("stock_share", message)
    await desk.sandbox.slack.channel_by_id("C1").wait_for("MUG-BLUE")


async def test_undo_takes_the_place_of_the_answer(desk: Desk) -> None:
    cleo = desk.person("cleo")
    await cleo.command("/stock MUG-BLUE +5")
    message = await cleo.wait_for("25")
    await cleo.press("stock_undo", message)
    undone = await cleo.wait_for(lambda m: m["ts"] == message["ts"] and m["edits"])
    assert "stock_undo" not in str(undone["blocks"])
    assert await desk.on_hand() == 20


async def test_a_large_move_is_confirmed_once_and_the_question_goes(desk: Desk) -> None:
    cleo = desk.person("cleo")
    await cleo.command("/stock MUG-BLUE +500")
    question = await cleo.wait_for(lambda m: "stock_confirm" in str(m["blocks"]))
    assert await desk.on_hand() == 20
    await cleo.press("stock_confirm", question, times=3)
    done = await cleo.wait_for(lambda m: m["ts"] == question["ts"] and m["edits"])
    assert "stock_confirm" not in str(done["blocks"])
    assert await desk.on_hand() == 520


async def test_a_large_move_that_is_cancelled_writes_nothing(desk: Desk) -> None:
    cleo = desk.person("cleo")
    await cleo.command("/stock MUG-BLUE +500")
    question = await cleo.wait_for(lambda m: "stock_confirm" in str(m["blocks"]))
    await cleo.press("stock_cancel", question)
    await cleo.wait_for(lambda m: m["ts"] == question["ts"] and m["text"].startswith("Cancelled"))
    assert await desk.on_hand() == 20


async def test_a_search_result_can_be_opened(desk: Desk) -> None:
    cleo = desk.person("cleo")
    await cleo.command("/stock red")
    found = await cleo.wait_for(lambda m: "stock_show" in str(m["blocks"]))
    await cleo.press("stock_show", found)
    await cleo.wait_for(lambda m: "stock_adjust" in str(m["blocks"]))


async def test_adjust_opens_a_modal_whose_errors_stay_in_it(desk: Desk) -> None:
    cleo = desk.person("cleo")
    await cleo.press("stock_adjust", await card(desk))
    result = await cleo.submit({"mode": "remove", "quantity": "21"})
    assert set(result["errors"]) == {"quantity"}
    result = await cleo.submit({"mode": "remove", "quantity": "x"})
    assert set(result["errors"]) == {"quantity"}
    assert [key for key, _ in desk.accepted if key.startswith("view")] == []
    result = await cleo.submit({"mode": "remove", "quantity": "２", "reason": "broken"})
    assert result["closed"]
    await cleo.wait_for("18")
    [_, move] = await desk.shop.rows("move")
    assert (move.quantity, move.reason) == (-2, "broken")


async def test_the_modal_sets_what_it_showed_else_it_shows_what_there_is_now(
    desk: Desk, shop: Shop
) -> None:
    cleo = desk.person("cleo")
    await cleo.press("stock_adjust", await card(desk))
    assert "20" in str((await cleo.wait_for_modal())["view"])
    await shop.moved("MUG-BLUE +1")
    result = await cleo.submit({"mode": "set", "quantity": "7", "reason": "counted"})
    assert not result["closed"]
    assert await desk.on_hand() == 21
    assert [key for key, _ in desk.accepted if key.startswith("view")] == []
    fresh = await cleo.wait_for_modal(lambda m: "the numbers here are new" in str(m["view"]))
    for kept in ("21", "'7'", "counted"):
        assert kept in str(fresh["view"])
    assert (await cleo.submit({}))["closed"]
    await cleo.wait_for("−14")
    assert await desk.on_hand() == 7


async def test_a_viewer_is_told_instead_of_shown_a_modal(desk: Desk) -> None:
    """The card has no Adjust button for viewers; an old one may still be there."""
    message = await card(desk, "vera")
    vera = desk.person("vera")
    await vera.act(
        "press", channel="C1", ts=message["ts"], action_id="stock_adjust", value="1", force=True
    )
    assert "clerk" in str(await vera.wait_for(lambda m: m["ts"] > message["ts"]))
    assert await vera.modal() is None


async def test_a_trigger_that_is_too_old_is_told(desk: Desk) -> None:
    message = await card(desk)
    fault = {"method": "views.open", "error": "expired_trigger_id"}
    await desk.sandbox.driver.faults(slack={"fail_next": [fault]})
    cleo = desk.person("cleo")
    await cleo.press("stock_adjust", message)
    await cleo.wait_for(lambda m: m["ts"] > message["ts"])


async def test_a_press_that_slack_delivers_once_more_opens_one_modal_and_says_nothing(
    desk: Desk,
) -> None:
    message = await card(desk)
    fault = {"method": "views.open", "error": "exchanged_trigger_id"}
    await desk.sandbox.driver.faults(slack={"fail_next": [fault]})
    cleo = desk.person("cleo")
    await cleo.press("stock_adjust", message)
    await cleo.command("/stock help")  # the next thing that cleo sees
    shown = await cleo.wait_for(lambda m: m["ts"] > message["ts"])
    assert "/stock low" in str(shown)


async def test_a_modal_that_slack_holds_back_is_told(desk: Desk) -> None:
    message = await card(desk)
    desk.client.pacer.hold("method:views.open", 60)
    cleo = desk.person("cleo")
    await cleo.press("stock_adjust", message)
    await cleo.wait_for(lambda m: m["ts"] > message["ts"])
    assert await cleo.modal() is None


async def test_the_first_to_acknowledge_is_seen_and_the_second_is_told(
    desk: Desk, shop: Shop
) -> None:
    await shop.alert_channel("C1")
    await shop.stock("threshold MUG-BLUE 30")
    await shop.judge()
    [alert] = await shop.rows("alert")
    button = {
        "type": "button",
        "action_id": "alert_ack",
        "value": f"{alert.id}:{alert.version}",
        "text": {"type": "plain_text", "text": "Acknowledge"},
    }
    blocks: list[Json] = [{"type": "actions", "elements": [button]}]
    await desk.client.chat_postMessage(channel="C1", text="low", blocks=blocks)
    cleo, max_ = desk.person("cleo"), desk.person("max")
    await cleo.press("alert_ack")
    await max_.press("alert_ack")
    assert (await max_.wait_for("U0CLERK"))["ephemeral"]
    assert await cleo.messages() == []


async def test_a_button_with_rubbish_is_answered_and_does_nothing(desk: Desk) -> None:
    pressed = [
        (action, value)
        for action in ("stock_share", "stock_show", "stock_undo", "alert_ack", "stock_confirm")
        for value in ("", "x", "1:x", "9" * 30, "-1")
    ]
    for action, value in pressed:
        payload = {
            "kind": "action",
            "key": f"slack:action:{action}{value}",
            "user": "U0CLERK",
            "name": "cleo",
            "channel": "C1",
            "response_url": "",
            "action": action,
            "value": value,
        }
        await desk.side.dispatch(payload)
    assert len(await desk.person("cleo").messages()) == len(pressed)
    assert await desk.on_hand() == 20


@pytest.mark.parametrize(
    ("value", "numbers"),
    [("12", (12,)), ("12:3", (12, 3)), ("12:", ()), ("", ()), ("１", ()), ("1" * 19, ())],
)
def test_the_ids_of_a_button(value: str, numbers: tuple[int, ...]) -> None:
    assert numbers_in(value) == numbers
