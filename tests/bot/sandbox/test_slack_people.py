"""What members do: which button is pressed, what a choice sends, what nobody can do."""

from typing import Any

import pytest

from bot.sandbox.connection import DriverError
from bot.sandbox.server import Sandbox
from bot.sandbox.slack_driver import SlackUser
from tests.bot.sandbox.bots import SlackBot

Json = dict[str, Any]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def button(action_id: str, text: str, value: str) -> Json:
    return {"type": "button", "action_id": action_id, "text": plain(text), "value": value}


CHOICES = [{"text": plain("One hour"), "value": "1h"}, {"text": plain("A day"), "value": "1d"}]
SNOOZE = {"type": "static_select", "action_id": "snooze", "options": CHOICES}
ROWS: list[Json] = [
    {
        "type": "section",
        "block_id": f"row{number}",
        "text": plain(f"row {number}"),
        "accessory": button("show", f"Show {number}", str(number)),
    }
    for number in (1, 2)
]
CARD = [*ROWS, {"type": "actions", "block_id": "more", "elements": [SNOOZE]}]


@pytest.fixture
async def eve(sandbox: Sandbox) -> SlackUser:
    await sandbox.slack.channel("C1", "stock-alerts")
    return await sandbox.slack.user("U1", "eve")


@pytest.fixture
async def pressed(slack_bot: SlackBot, eve: SlackUser) -> list[Json]:
    """What the bot hears of presses on the card that it posted."""
    heard: list[Json] = []

    async def listen(ack: Any, body: Any) -> None:
        await ack()
        heard.append(body)

    slack_bot.app.action("show")(listen)
    slack_bot.app.action("snooze")(listen)
    await slack_bot.api.chat_postMessage(channel="C1", text="card", blocks=CARD)
    return heard


async def test_a_press_says_who_where_and_what(eve: SlackUser, pressed: list[Json]) -> None:
    await eve.press("Show 2")
    (body,) = pressed
    assert (body["type"], body["user"]["id"], body["channel"]["id"]) == (
        "block_actions",
        "U1",
        "C1",
    )
    assert body["container"]["message_ts"] == body["message"]["ts"]
    assert not body["container"]["is_ephemeral"]
    (action,) = body["actions"]
    assert (action["action_id"], action["block_id"], action["value"]) == ("show", "row2", "2")


async def test_a_choice_sends_the_whole_option(eve: SlackUser, pressed: list[Json]) -> None:
    await eve.press("snooze", value="1d")
    assert pressed[0]["actions"][0]["selected_option"] == CHOICES[1]


async def test_the_same_press_can_come_several_times(eve: SlackUser, pressed: list[Json]) -> None:
    first = await eve.press("Show 1", times=2)
    await eve.press("Show 1", trigger_id=first["trigger_id"])
    await eve.press("Show 1")
    triggers = [body["trigger_id"] for body in pressed]
    assert triggers[:3] == [first["trigger_id"]] * 3
    assert triggers[3] != triggers[0]


async def test_a_press_on_an_ephemeral_message_does_not_carry_the_message(
    slack_bot: SlackBot, eve: SlackUser, pressed: list[Json]
) -> None:
    await slack_bot.api.chat_postEphemeral(channel="C1", user="U1", text="mine", blocks=CARD)
    await eve.press("Show 1")
    assert pressed[0]["container"]["is_ephemeral"]
    assert "message" not in pressed[0]


async def test_nobody_presses_what_only_another_person_sees(
    sandbox: Sandbox, slack_bot: SlackBot, eve: SlackUser
) -> None:
    bob = await sandbox.slack.user("U2", "bob")
    sent = await slack_bot.api.chat_postEphemeral(
        channel="C1", user="U1", text="only eve", blocks=CARD
    )
    with pytest.raises(AssertionError, match="sees no button"):
        await bob.press("Show 1")
    with pytest.raises(DriverError, match="no such message"):
        await bob.act("press", ts=sent["message_ts"], action_id="show")


async def test_what_is_not_there_cannot_be_used(
    sandbox: Sandbox, eve: SlackUser, pressed: list[Json]
) -> None:
    ts = (await sandbox.slack.channel_by_id("C1").messages())[0]["ts"]
    for action, body, words in (
        ("press", {"ts": ts, "action_id": "none"}, "no such element"),
        ("press", {"ts": "1.2", "action_id": "show"}, "no such message"),
        ("submit", {"view_id": "V1"}, "no such view"),
        ("command", {"channel": "C9"}, "no such Slack channel"),
        ("command", {"user": "U9", "channel": "C1"}, "no such Slack user"),
    ):
        with pytest.raises(DriverError, match=words):
            await eve.act(action, **body)


async def test_a_closed_view_cannot_be_submitted_except_late_on_purpose(
    slack_bot: SlackBot, eve: SlackUser
) -> None:
    heard: list[str] = []
    view = {"type": "modal", "callback_id": "f", "title": plain("F"), "blocks": ROWS}

    async def stock(ack: Any, client: Any, command: Any) -> None:
        await ack()
        await client.views_open(trigger_id=command["trigger_id"], view=view)

    async def save(ack: Any, view: Any) -> None:
        heard.append(view["id"])
        await ack()

    slack_bot.app.command("/stock")(stock)
    slack_bot.app.view("f")(save)
    await eve.command("/stock")
    view_id = (await eve.wait_for_modal())["view_id"]
    await eve.close_modal()
    with pytest.raises(DriverError, match="the view is closed"):
        await eve.act("submit", view_id=view_id)
    await eve.act("submit", view_id=view_id, force=True)
    assert heard == [view_id]


async def test_a_message_of_a_person_reaches_the_bot_only_if_it_subscribed(
    sandbox: Sandbox, slack_bot: SlackBot, eve: SlackUser
) -> None:
    async def hear(event: Any, client: Any) -> None:
        await client.chat_postMessage(channel=event["channel"], text=f"heard {event['text']}")

    slack_bot.app.event("message")(hear)
    await eve.say("one", "C1")
    await sandbox.slack.config(events=["message.channels"])
    await eve.say("two", "C1")
    channel = sandbox.slack.channel_by_id("C1")
    await channel.wait_for("heard two")
    assert [m["text"] for m in await channel.messages()] == ["one", "two", "heard two"]


async def test_an_ack_that_slack_cannot_show_is_an_error_for_the_person(
    slack_bot: SlackBot, eve: SlackUser
) -> None:
    async def stock(ack: Any) -> None:
        await ack(text="x", blocks=[{"type": "sectoin"}])

    slack_bot.app.command("/stock")(stock)
    await eve.command("/stock")
    await eve.wait_for("invalid_blocks")


async def test_a_modal_whose_answer_does_not_come_stays_open(
    sandbox: Sandbox, slack_bot: SlackBot, eve: SlackUser
) -> None:
    view = {"type": "modal", "callback_id": "unheard", "title": plain("F"), "blocks": ROWS}

    async def stock(ack: Any, client: Any, command: Any) -> None:
        await ack()
        await client.views_open(trigger_id=command["trigger_id"], view=view)

    slack_bot.app.command("/stock")(stock)
    await eve.command("/stock")
    await eve.wait_for_modal()
    await sandbox.driver.faults(slack={"ack_timeout_s": 0.05})
    result = await eve.submit()
    assert (result["closed"], result["error"]) == (False, "operation_timeout")
    assert (await eve.wait_for_modal())["errors"]
