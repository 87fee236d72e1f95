"""chat.* and response_url by Slack's rules and error names, through the real slack_sdk."""

from collections.abc import Awaitable
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.sandbox.server import Sandbox
from bot.sandbox.slack_driver import SlackChannel, words
from tests.bot.sandbox.bots import SlackBot
from tests.bot.sandbox.conftest import MovableClock

SECTION = {"type": "section", "text": {"type": "mrkdwn", "text": "*low*"}}
METADATA = {"event_type": "alert", "event_payload": {"key": "a1"}}


@pytest.fixture
async def api(slack_bot: SlackBot) -> AsyncWebClient:
    return slack_bot.api


@pytest.fixture
async def alerts(sandbox: Sandbox) -> SlackChannel:
    await sandbox.slack.user("U1", "eve")
    return await sandbox.slack.channel("C1", "stock-alerts")


async def refused(error: str, call: Awaitable[Any]) -> None:
    with pytest.raises(SlackApiError) as caught:
        await call
    assert caught.value.response["error"] == error


async def test_a_posted_message_is_seen_and_can_be_read_back_with_its_metadata(
    api: AsyncWebClient, alerts: SlackChannel
) -> None:
    sent = await api.chat_postMessage(
        channel="#stock-alerts", text="low", blocks=[SECTION], metadata=METADATA
    )
    shown = await alerts.wait_for("*low*")
    assert (shown["ts"], shown["metadata"], shown["pings"]) == (sent["ts"], METADATA, True)
    assert shown["blocks"][0]["block_id"]
    history = await api.conversations_history(channel="C1", include_all_metadata=True)
    assert history["messages"][0]["metadata"] == METADATA
    plain = await api.conversations_history(channel="C1", oldest=sent["ts"], inclusive=True)
    assert plain["messages"][0]["metadata"] == {"event_type": "alert"}


async def test_a_message_that_slack_would_not_take_is_refused(
    sandbox: Sandbox, api: AsyncWebClient, alerts: SlackChannel
) -> None:
    await refused("channel_not_found", api.chat_postMessage(channel="C9", text="x"))
    await refused("no_text", api.api_call("chat.postMessage", json={"channel": "C1"}))
    await refused("msg_too_long", api.chat_postMessage(channel="C1", text="x" * 40_001))
    await sandbox.slack.channel("C2", member=False)
    await refused("not_in_channel", api.chat_postMessage(channel="C2", text="x"))
    await refused(
        "invalid_blocks", api.chat_postMessage(channel="C1", text="x", blocks=[{"type": "no"}])
    )
    broken = api.api_call("chat.postMessage", data={"channel": "C1", "blocks": "[{"})
    await refused("invalid_blocks_format", broken)
    assert await alerts.messages() == []


async def test_an_update_edits_in_place_and_a_text_alone_takes_the_blocks_away(
    api: AsyncWebClient, alerts: SlackChannel
) -> None:
    sent = await api.chat_postMessage(channel="C1", text="low", blocks=[SECTION])
    await api.chat_update(channel="C1", ts=sent["ts"], text="still low", blocks=[SECTION])
    (shown,) = await alerts.messages()
    assert (shown["text"], shown["edits"], words(shown)) == ("still low", 1, "still low\n*low*")
    await api.chat_update(channel="C1", ts=sent["ts"], text="over")
    (shown,) = await alerts.messages()
    assert (shown["blocks"], shown["edits"]) == (None, 2)


async def test_an_update_keeps_changes_or_removes_the_metadata(
    api: AsyncWebClient, alerts: SlackChannel
) -> None:
    sent = await api.chat_postMessage(channel="C1", text="low", metadata=METADATA)
    assert sent["message"]["metadata"] == METADATA
    kept = await api.chat_update(channel="C1", ts=sent["ts"], text="still low")
    assert kept["message"]["metadata"] == METADATA
    other = {**METADATA, "event_payload": {"key": "a2"}}
    await api.chat_update(channel="C1", ts=sent["ts"], text="lower", metadata=other)
    (shown,) = await alerts.messages()
    assert shown["metadata"] == other
    await api.chat_update(channel="C1", ts=sent["ts"], text="over", metadata={})
    (shown,) = await alerts.messages()
    assert shown["metadata"] is None


@pytest.mark.parametrize(
    ("metadata", "error"),
    [
        ("{", "invalid_metadata_format"),
        ('["a"]', "invalid_metadata_format"),
        ('{"event_type": "a"}', "invalid_metadata_format"),
        ('{"event_type": "", "event_payload": {}}', "invalid_metadata_format"),
        ('{"event_type": "a", "event_payload": {"Big name": 1}}', "invalid_metadata_schema"),
        ('{"event_type": "a", "event_payload": {"a": {"b": {}}}}', "invalid_metadata_schema"),
    ],
)
async def test_metadata_of_a_wrong_form_is_refused(
    api: AsyncWebClient, alerts: SlackChannel, metadata: str, error: str
) -> None:
    body = {"channel": "C1", "text": "x", "metadata": metadata}
    await refused(error, api.api_call("chat.postMessage", json=body))
    assert await alerts.messages() == []


async def test_only_own_messages_that_are_there_can_be_changed(
    sandbox: Sandbox, api: AsyncWebClient, alerts: SlackChannel
) -> None:
    lost = api.chat_update(channel="C1", ts="1.2", text="x")
    await refused("message_not_found", lost)
    said = await sandbox.slack.user_by_id("U1").say("hello", alerts.id)
    await refused("cant_update_message", api.chat_update(channel="C1", ts=said["ts"], text="x"))
    await refused("cant_delete_message", api.chat_delete(channel="C1", ts=said["ts"]))
    long = (await api.chat_postMessage(channel="C1", text="x"))["ts"]
    await refused("msg_too_long", api.chat_update(channel="C1", ts=long, text="x" * 4001))
    link = await api.chat_getPermalink(channel="C1", message_ts=long)
    assert link["permalink"].endswith(long.replace(".", ""))
    await api.chat_delete(channel="C1", ts=long)
    assert [m["text"] for m in await alerts.messages()] == ["hello"]


async def test_an_ephemeral_message_is_for_one_person_and_cannot_be_updated(
    sandbox: Sandbox, api: AsyncWebClient, alerts: SlackChannel
) -> None:
    sent = await api.chat_postEphemeral(channel="C1", user="U1", text="only you")
    shown = await sandbox.slack.user_by_id("U1").wait_for("only you")
    assert (shown["ephemeral"], shown["user"]) == (True, "U1")
    late = api.chat_update(channel="C1", ts=sent["message_ts"], text="x")
    await refused("message_not_found", late)
    stranger = api.chat_postEphemeral(channel="C1", user="U9", text="x")
    await refused("user_not_in_channel", stranger)
    assert await alerts.messages() == []


async def test_a_direct_message_and_a_thread_reach_their_places(
    sandbox: Sandbox, api: AsyncWebClient, alerts: SlackChannel
) -> None:
    opened = await api.conversations_open(users="U1")
    await api.chat_postMessage(channel=opened["channel"]["id"], text="direct")
    await api.chat_postMessage(channel="U1", text="direct again")
    eve = sandbox.slack.user_by_id("U1")
    assert [m["text"] for m in await eve.messages()] == ["direct", "direct again"]
    root = await api.chat_postMessage(channel="C1", text="root")
    await api.chat_postMessage(channel="C1", text="detail", thread_ts=root["ts"])
    detail = await alerts.wait_for("detail")
    assert (detail["thread_ts"], detail["pings"]) == (root["ts"], False)
    thread = await api.conversations_replies(channel="C1", ts=root["ts"])
    assert [m["text"] for m in thread["messages"]] == ["root", "detail"]
    top = await api.conversations_history(channel="C1")
    assert [m["text"] for m in top["messages"]] == ["root"]


async def response_url(sandbox: Sandbox, bot: SlackBot) -> AsyncWebhookClient:
    """Of a `/stock` command that Eve typed."""
    seen: list[str] = []

    async def stock(ack: Any, command: Any) -> None:
        seen.append(command["response_url"])
        await ack()

    bot.app.command("/stock")(stock)
    await sandbox.slack.user_by_id("U1").command("/stock")
    return AsyncWebhookClient(seen[0], session=bot.session, retry_handlers=[])


async def test_a_response_url_can_be_used_five_times(
    sandbox: Sandbox, slack_bot: SlackBot, alerts: SlackChannel
) -> None:
    hook = await response_url(sandbox, slack_bot)
    for number in range(4):
        assert (await hook.send(text=f"answer {number}")).status_code == 200
    assert (await hook.send(text="for all", response_type="in_channel")).status_code == 200
    assert (await hook.send(text="a sixth")).status_code == 404
    eve = sandbox.slack.user_by_id("U1")
    assert [m["text"] for m in await eve.messages()] == [f"answer {n}" for n in range(4)]
    assert [m["text"] for m in await alerts.messages()] == ["for all"]


async def test_a_response_url_lives_for_half_an_hour(
    sandbox: Sandbox, slack_bot: SlackBot, alerts: SlackChannel, clock: MovableClock
) -> None:
    hook = await response_url(sandbox, slack_bot)
    clock.ahead += 30 * 60 + 1
    assert (await hook.send(text="late")).status_code == 404


async def test_an_answer_to_a_press_can_replace_or_delete_an_ephemeral_message(
    sandbox: Sandbox, slack_bot: SlackBot, alerts: SlackChannel
) -> None:
    async def undo(ack: Any, respond: Any, action: Any) -> None:
        await ack()
        if action["value"] == "1":
            await respond(text="undone", blocks=[undo_button("2")], replace_original=True)
        else:
            await respond(delete_original=True)

    slack_bot.app.action("undo")(undo)
    eve = sandbox.slack.user_by_id("U1")
    await slack_bot.api.chat_postEphemeral(
        channel="C1", user="U1", text="done", blocks=[undo_button("1")]
    )
    await eve.press("Undo")
    replaced = await eve.wait_for("undone")
    assert replaced["edits"] == 1
    await eve.press("Undo")
    await sandbox.driver.wait(lambda state: not state["slack"]["ephemerals"])


def undo_button(value: str) -> dict[str, Any]:
    text = {"type": "plain_text", "text": "Undo"}
    button = {"type": "button", "action_id": "undo", "value": value, "text": text}
    return {"type": "actions", "elements": [button]}
