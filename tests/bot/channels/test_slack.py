import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import pytest

from bot.channels.slack import SlackChannel
from bot.channels.slack_client import PacedSlackClient, slack_pacer, slack_session
from bot.domain.forms import SlackBlocks
from bot.domain.notices import Lane
from bot.domain.sending import (
    Gone,
    InDoubt,
    MessageLost,
    NotSent,
    Rejected,
    RetryAfter,
)
from bot.sandbox.server import Sandbox

HELLO = SlackBlocks("Mugs are low", blocks=({"type": "divider"},))
METADATA = {"event_type": "stockbell_notice", "event_payload": {"notice_id": 7}}
NAMED = SlackBlocks("Mugs are low", blocks=({"type": "divider"},), metadata={"notice_id": 7})
Json = dict[str, Any]
Connect = Callable[[str], SlackChannel]


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as sandbox:
        await sandbox.slack.user("U1", "ann")
        await sandbox.slack.channel("C1", "stock-alerts")
        yield sandbox


@pytest.fixture
def complaints() -> list[str]:
    """What the channel says of forms that Slack refuses."""
    return []


@pytest.fixture
async def connect(complaints: list[str]) -> AsyncIterator[Connect]:
    async def heard(reason: str) -> None:
        complaints.append(reason)

    async with slack_session() as session:
        yield lambda url: SlackChannel(
            PacedSlackClient("xoxb-sandbox", slack_pacer(), session, url), heard
        )


@pytest.fixture
def channel(sandbox: Sandbox, connect: Connect) -> SlackChannel:
    return connect(sandbox.slack_api_url)


async def posted(sandbox: Sandbox, channel_id: str = "C1") -> list[Json]:
    return await sandbox.slack.channel_by_id(channel_id).messages()


async def fail(sandbox: Sandbox, **how: Any) -> None:
    await sandbox.driver.faults(slack={"fail_next": [how]})


async def test_a_notice_is_posted_with_blocks_text_and_metadata(
    sandbox: Sandbox, channel: SlackChannel
) -> None:
    ref = await channel.send("C1", NAMED, Lane.ALERT)
    [message] = await posted(sandbox)
    assert ref == message["ts"]
    assert message["text"] == "Mugs are low"
    assert [block["type"] for block in message["blocks"]] == ["divider"]
    assert message["metadata"] == METADATA


async def test_a_channel_by_name_can_be_edited_by_its_reference(
    sandbox: Sandbox, channel: SlackChannel
) -> None:
    ref = await channel.send("#stock-alerts", SlackBlocks("9 left"), Lane.ALERT)
    await channel.edit("#stock-alerts", ref, SlackBlocks("8 left"), Lane.EDIT)
    [message] = await posted(sandbox)
    assert (message["text"], message["edits"]) == ("8 left", 1)


async def test_a_person_is_written_to_and_the_message_can_be_edited(
    sandbox: Sandbox, channel: SlackChannel
) -> None:
    ref = await channel.send("U1", SlackBlocks("for you"), Lane.ALERT)
    await channel.edit("U1", ref, SlackBlocks("for you, anew"), Lane.EDIT)
    [message] = await posted(sandbox, ref.partition(":")[0])
    assert message["text"] == "for you, anew"


async def test_an_edit_without_blocks_takes_the_old_blocks_away(
    sandbox: Sandbox, channel: SlackChannel
) -> None:
    notice = SlackBlocks("low", blocks=({"type": "divider"},))
    ref = await channel.send("C1", notice, Lane.ALERT)
    await channel.edit("C1", ref, SlackBlocks("over"), Lane.EDIT)
    [message] = await posted(sandbox)
    assert not message["blocks"]


async def test_an_edit_leaves_the_metadata_of_the_post(
    sandbox: Sandbox, channel: SlackChannel
) -> None:
    ref = await channel.send("C1", NAMED, Lane.ALERT)
    await channel.edit("C1", ref, replace(NAMED, metadata={"notice_id": 8}), Lane.EDIT)
    [message] = await posted(sandbox)
    assert (message["edits"], message["metadata"]) == (1, METADATA)


async def test_blocks_that_slack_refuses_are_sent_as_plain_text_that_can_be_found(
    sandbox: Sandbox, channel: SlackChannel, complaints: list[str]
) -> None:
    broken = replace(NAMED, text="the words", blocks=({"type": "no_such_block"},))
    ref = await channel.send("C1", broken, Lane.ALERT)
    [message] = await posted(sandbox)
    assert (message["text"], message["blocks"], message["metadata"]) == (
        "the words",
        None,
        METADATA,
    )
    await channel.edit("C1", ref, broken, Lane.EDIT)
    [message] = await posted(sandbox)
    assert (message["text"], message["edits"], message["metadata"]) == ("the words", 1, METADATA)
    assert complaints == ["invalid_blocks", "invalid_blocks"]


@pytest.mark.parametrize(
    "code",
    [
        "invalid_metadata_format",
        "invalid_metadata_schema",
        "metadata_too_large",
        "metadata_must_be_sent_from_app",
    ],
)
async def test_metadata_that_slack_refuses_costs_the_metadata_alone(
    sandbox: Sandbox, channel: SlackChannel, complaints: list[str], code: str
) -> None:
    await fail(sandbox, method="chat.postMessage", error=code)
    await channel.send("C1", NAMED, Lane.ALERT)
    [message] = await posted(sandbox)
    assert (message["metadata"], [b["type"] for b in message["blocks"]]) == (None, ["divider"])
    assert complaints == [code]


async def test_words_that_slack_refuses_even_as_plain_text_are_rejected(
    sandbox: Sandbox, channel: SlackChannel, complaints: list[str]
) -> None:
    await fail(sandbox, method="chat.postMessage", error="invalid_blocks", times=2)
    with pytest.raises(Rejected):
        await channel.send("C1", HELLO, Lane.ALERT)
    assert complaints == ["invalid_blocks"]


async def test_an_edit_that_became_too_long_shows_its_beginning(
    sandbox: Sandbox, channel: SlackChannel
) -> None:
    ref = await channel.send("C1", SlackBlocks("x"), Lane.ALERT)
    await channel.edit("C1", ref, SlackBlocks("one more line\n" * 400), Lane.EDIT)
    [message] = await posted(sandbox)
    assert message["text"].endswith("one more line\n…")
    assert len(message["text"]) <= 4_000


async def test_a_long_text_is_posted_as_several_messages_and_the_last_one_is_named(
    sandbox: Sandbox, channel: SlackChannel
) -> None:
    lines = [f"line {number}" for number in range(800)]
    long = replace(NAMED, text="\n".join(lines), blocks=())
    ref = await channel.send("C1", long, Lane.ALERT)
    messages = await posted(sandbox)
    assert len(messages) > 1
    assert [line for m in messages for line in m["text"].splitlines()] == lines
    assert [bool(m["metadata"]) for m in messages] == [False] * (len(messages) - 1) + [True]
    assert ref == messages[-1]["ts"]


async def test_too_many_blocks_are_posted_as_several_messages(
    sandbox: Sandbox, channel: SlackChannel
) -> None:
    button = {"type": "button", "action_id": "alert_ack",
              "text": {"type": "plain_text", "text": "Acknowledge"}}  # fmt: skip
    rows = [section(f"row {number}") for number in range(120)]
    long = replace(NAMED, blocks=(*rows, {"type": "actions", "elements": [button]}))
    await channel.send("C1", long, Lane.ALERT)
    messages = await posted(sandbox)
    shown = [block for message in messages for block in message["blocks"]]
    assert [b["text"]["text"] for b in shown[:-1]] == [row["text"]["text"] for row in rows]
    assert messages[-1]["blocks"][-1]["type"] == "actions"
    assert all(len(message["blocks"]) <= 50 for message in messages)


async def test_when_the_rest_of_a_long_message_cannot_leave_the_whole_is_in_doubt(
    sandbox: Sandbox, channel: SlackChannel
) -> None:
    long = SlackBlocks("\n".join(f"line {number}" for number in range(800)))
    sending = asyncio.create_task(channel.send("C1", long, Lane.ALERT))
    await sandbox.slack.channel_by_id("C1").wait_for("line 1")
    await fail(sandbox, method="chat.postMessage", retry_after=30, times=-1)
    with pytest.raises(InDoubt, match="part 2 of 2"):
        await sending


def section(text: str) -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"error": "channel_not_found"}, Gone),
        ({"error": "is_archived"}, Gone),
        ({"error": "is_inactive"}, Gone),
        ({"error": "user_disabled"}, Gone),
        ({"error": "not_in_channel"}, Rejected),
        ({"error": "missing_scope"}, Rejected),
        ({"error": "invalid_auth"}, NotSent),
        ({"error": "account_inactive"}, NotSent),
        ({"error": "token_revoked"}, NotSent),
        ({"error": "message_limit_exceeded"}, NotSent),
        ({"error": "org_login_required"}, NotSent),
        ({"error": "service_unavailable", "status": 503}, NotSent),
        ({"error": "ratelimited"}, RetryAfter),
        ({"error": "no_text"}, Rejected),
        ({"error": "internal_error"}, InDoubt),
        ({"error": "fatal_error"}, InDoubt),
        ({"drop_before": True}, InDoubt),
    ],
)
async def test_what_an_error_of_a_post_means(
    sandbox: Sandbox, channel: SlackChannel, fault: Json, error: type[Exception]
) -> None:
    await fail(sandbox, method="chat.postMessage", **fault)
    with pytest.raises(error):
        await channel.send("C1", HELLO, Lane.ALERT)


@pytest.mark.parametrize("code", ["message_not_found", "edit_window_closed", "cant_update_message"])
async def test_a_message_that_can_no_longer_be_edited_is_lost(
    sandbox: Sandbox, channel: SlackChannel, code: str
) -> None:
    await fail(sandbox, method="chat.update", error=code)
    with pytest.raises(MessageLost):
        await channel.edit("C1", "C1:1.2", HELLO, Lane.EDIT)


async def test_a_message_that_never_was_is_lost(channel: SlackChannel) -> None:
    with pytest.raises(MessageLost):
        await channel.edit("C1", "", HELLO, Lane.EDIT)
    with pytest.raises(MessageLost):
        await channel.edit("C1", "C1:1.2", HELLO, Lane.EDIT)


async def test_a_proxys_page_is_no_answer(connect: Connect) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n"
        writer.write(head + b"Connection: close\r\n\r\nhi")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(InDoubt):
            await connect(f"http://127.0.0.1:{port}/").send("C1", HELLO, Lane.ALERT)


async def test_the_words_say_to_invite_the_bot(sandbox: Sandbox, channel: SlackChannel) -> None:
    await sandbox.slack.channel("C2", "warehouse", member=False)
    with pytest.raises(Rejected, match="invite"):
        await channel.send("C2", HELLO, Lane.ALERT)
