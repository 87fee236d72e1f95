"""Modals and homes: triggers, stacks, errors in place, what a form sends."""

from collections.abc import Awaitable
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError

from bot.sandbox.server import Sandbox
from bot.sandbox.slack_driver import SlackUser
from tests.bot.sandbox.bots import SlackBot
from tests.bot.sandbox.conftest import MovableClock

Json = dict[str, Any]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def field(block_id: str, element: Json, **more: Any) -> Json:
    filled = {"action_id": "value", **element}
    return {
        "type": "input",
        "block_id": block_id,
        "label": plain(block_id),
        "element": filled,
        **more,
    }


def modal(callback_id: str = "form", *blocks: Json, **more: Any) -> Json:
    text = [field("text", {"type": "plain_text_input"})]
    base = {"type": "modal", "callback_id": callback_id, "title": plain("Form")}
    return {**base, "submit": plain("Save"), "blocks": list(blocks) or text, **more}


BUTTON = {"type": "button", "action_id": "more", "text": plain("More"), "value": "1"}
WITH_BUTTON = {"type": "actions", "block_id": "buttons", "elements": [BUTTON]}


@pytest.fixture
async def eve(sandbox: Sandbox) -> SlackUser:
    await sandbox.slack.channel("C1", "stock-alerts")
    return await sandbox.slack.user("U1", "eve")


async def trigger(bot: SlackBot, eve: SlackUser) -> str:
    async def stock(ack: Any) -> None:
        await ack()

    bot.app.command("/stock")(stock)
    return str((await eve.command("/stock"))["trigger_id"])


async def refused(error: str, call: Awaitable[Any]) -> None:
    with pytest.raises(SlackApiError) as caught:
        await call
    assert caught.value.response["error"] == error


async def test_a_trigger_opens_one_view_within_three_seconds(
    slack_bot: SlackBot, eve: SlackUser, clock: MovableClock
) -> None:
    api = slack_bot.api
    first = await trigger(slack_bot, eve)
    await refused("invalid_arguments", api.views_open(trigger_id=first, view={"type": "modal"}))
    await api.views_open(trigger_id=first, view=modal())
    await refused("exchanged_trigger_id", api.views_open(trigger_id=first, view=modal()))
    await refused("invalid_trigger_id", api.views_open(trigger_id="none", view=modal()))
    late = await trigger(slack_bot, eve)
    clock.ahead += 4
    await refused("expired_trigger_id", api.views_open(trigger_id=late, view=modal()))


async def test_a_form_sends_every_field_as_slack_does(slack_bot: SlackBot, eve: SlackUser) -> None:
    seen: list[Json] = []
    choice = [{"text": plain("One"), "value": "1"}, {"text": plain("Two"), "value": "2"}]
    view = modal(
        "form",
        field("text", {"type": "plain_text_input", "initial_value": "kept"}),
        field("number", {"type": "number_input", "is_decimal_allowed": False}),
        field("one", {"type": "static_select", "options": choice}),
        field("many", {"type": "checkboxes", "options": choice}, optional=True),
        field("who", {"type": "users_select"}),
        field("day", {"type": "datepicker", "initial_date": "2026-01-02"}),
    )

    async def save(ack: Any, view: Any) -> None:
        seen.append(view)
        await ack()

    slack_bot.app.view("form")(save)
    await slack_bot.api.views_open(trigger_id=await trigger(slack_bot, eve), view=view)
    assert (await eve.submit({"number": 5, "one": "2", "who": "U1"}))["closed"]
    values = {block: v["value"] for block, v in seen[0]["state"]["values"].items()}
    assert values["text"] == {"type": "plain_text_input", "value": "kept"}
    assert values["number"]["value"] == "5"
    assert values["one"]["selected_option"] == choice[1]
    assert values["many"]["selected_options"] == []
    assert values["who"]["selected_user"] == "U1"
    assert values["day"]["selected_date"] == "2026-01-02"


async def test_a_required_field_that_is_empty_never_reaches_the_bot(
    slack_bot: SlackBot, eve: SlackUser
) -> None:
    await slack_bot.api.views_open(trigger_id=await trigger(slack_bot, eve), view=modal())
    result = await eve.submit({})
    assert result["errors"] == {"text": "Please complete this required field."}
    assert await eve.modal()


async def test_a_form_with_errors_keeps_its_view_id_and_what_was_typed(
    slack_bot: SlackBot, eve: SlackUser
) -> None:
    seen: list[str] = []

    async def save(ack: Any, view: Any) -> None:
        seen.append(view["id"])
        value = view["state"]["values"]["text"]["value"]["value"]
        errors = {"text": "a number, please"}
        await (ack() if value == "5" else ack(response_action="errors", errors=errors))

    slack_bot.app.view("form")(save)
    await slack_bot.api.views_open(trigger_id=await trigger(slack_bot, eve), view=modal())
    assert not (await eve.submit({"text": "five"}))["closed"]
    shown = await eve.wait_for_modal(lambda m: m["errors"])
    assert shown["errors"] == {"text": "a number, please"}
    assert (await eve.submit({"text": "5"}))["closed"]
    assert len(set(seen)) == 1


async def test_views_are_pushed_three_deep_and_come_back_one_by_one(
    slack_bot: SlackBot, eve: SlackUser
) -> None:
    api = slack_bot.api
    triggers: list[str] = []

    async def more(ack: Any, body: Any) -> None:
        await ack()
        triggers.append(body["trigger_id"])

    slack_bot.app.action("more")(more)
    view = modal("form", WITH_BUTTON, submit=None)
    await api.views_open(trigger_id=await trigger(slack_bot, eve), view=view)
    for _ in range(2):
        await eve.press("More")
        await api.views_push(trigger_id=triggers.pop(), view=view)
    await eve.press("More")
    await refused("push_limit_reached", api.views_push(trigger_id=triggers.pop(), view=view))
    other = await trigger(slack_bot, eve)
    await refused("not_found", api.views_push(trigger_id=other, view=view))
    top = await eve.wait_for_modal()
    assert top["depth"] == 3
    assert top["view"]["root_view_id"] != top["view_id"]
    await eve.close_modal()
    assert (await eve.wait_for_modal())["depth"] == 2


async def test_an_answer_can_update_push_or_clear_the_views(
    slack_bot: SlackBot, eve: SlackUser
) -> None:
    async def save(ack: Any, view: Any) -> None:
        step = view["state"]["values"]["text"]["value"]["value"]
        if step == "clear":
            await ack(response_action="clear")
        else:
            await ack(response_action=step, view=modal("form", title=plain(step)))

    slack_bot.app.view("form")(save)
    await slack_bot.api.views_open(trigger_id=await trigger(slack_bot, eve), view=modal())
    for step, depth in (("update", 1), ("push", 2)):
        assert not (await eve.submit({"text": step}))["closed"]
        shown = await eve.wait_for_modal()
        assert (shown["view"]["title"]["text"], shown["depth"]) == (step, depth)
    assert (await eve.submit({"text": "clear"}))["closed"]
    assert await eve.modal() is None


async def test_a_view_is_updated_unless_it_changed_meanwhile(
    slack_bot: SlackBot, eve: SlackUser
) -> None:
    api = slack_bot.api
    opened = await api.views_open(trigger_id=await trigger(slack_bot, eve), view=modal())
    view_id, old_hash = opened["view"]["id"], opened["view"]["hash"]
    fresh = modal("form", title=plain("Second"))
    await api.views_update(view_id=view_id, hash=old_hash, view=fresh)
    await refused("hash_conflict", api.views_update(view_id=view_id, hash=old_hash, view=fresh))
    assert (await eve.wait_for_modal())["view"]["title"]["text"] == "Second"
    await eve.close_modal()
    await refused("not_found", api.views_update(view_id=view_id, view=fresh))


async def test_the_app_hears_of_a_closed_view_if_it_asked_to(
    sandbox: Sandbox, slack_bot: SlackBot, eve: SlackUser
) -> None:
    async def closed(ack: Any, client: Any, body: Any) -> None:
        await ack()
        await client.chat_postMessage(channel="C1", text=f"closed by {body['user']['id']}")

    slack_bot.app.view_closed("form")(closed)
    view = modal(notify_on_close=True)
    await slack_bot.api.views_open(trigger_id=await trigger(slack_bot, eve), view=view)
    await eve.close_modal()
    await sandbox.slack.channel_by_id("C1").wait_for("closed by U1")


async def test_an_opened_home_is_published_and_its_buttons_work(
    slack_bot: SlackBot, eve: SlackUser
) -> None:
    async def opened(event: Any, client: Any) -> None:
        await client.views_publish(
            user_id=event["user"], view={"type": "home", "blocks": [WITH_BUTTON]}
        )

    slack_bot.app.event("app_home_opened")(opened)
    await eve.open_home()
    await refused_home(slack_bot)
    home = await eve.wait_for_home()
    assert home["blocks"][0]["elements"][0]["action_id"] == "more"

    async def more(ack: Any) -> None:
        await ack()

    slack_bot.app.action("more")(more)
    pressed = await eve.act("press", view_id=home["id"], action_id="more")
    assert pressed["acked"]


async def refused_home(bot: SlackBot) -> None:
    unknown = bot.api.views_publish(user_id="U9", view={"type": "home", "blocks": [WITH_BUTTON]})
    await refused("invalid_arguments", unknown)
