"""A message whose post got no answer is found again, or it is said why nobody can look."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.channels.slack import SlackChannel
from bot.channels.slack_client import PacedSlackClient, slack_pacer, slack_session
from bot.channels.slack_look import EVENT, PAGE, PAGES, SlackReader, metadata_of
from bot.domain.forms import SlackBlocks
from bot.domain.notices import Lane
from bot.domain.sending import CannotLook, InDoubt, NotSent, RetryAfter
from bot.sandbox.server import Sandbox
from bot.sandbox.slack_state import BOT_USER, SCOPES, SlackMessage

CLOCK = 1_800_000_000.0  # of Slack, in seconds
NOW = datetime.fromtimestamp(CLOCK, UTC)
Client = Callable[[str], PacedSlackClient]


def notice(number: int) -> SlackBlocks:
    return SlackBlocks("Mugs are low", metadata={"notice_id": number})


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(clock=lambda: CLOCK) as sandbox:
        await sandbox.slack.user("U1", "ann")
        await sandbox.slack.channel("C1", "stock-alerts")
        yield sandbox


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with slack_session() as session:
        yield lambda url: PacedSlackClient("xoxb-sandbox", slack_pacer(), session, url)


@pytest.fixture
def channel(sandbox: Sandbox, client: Client) -> SlackChannel:
    """As after a restart: nothing is known of earlier posts."""
    return SlackChannel(client(sandbox.slack_api_url))


async def fail(sandbox: Sandbox, method: str = "conversations.history", **how: Any) -> None:
    await sandbox.driver.faults(slack={"fail_next": [{"method": method} | how]})


def put(sandbox: Sandbox, count: int, **fields: Any) -> None:
    """So many messages at once, as if they had come through the API."""
    slack = sandbox._slack
    for _ in range(count):
        slack.add_message(SlackMessage("C1", slack.new_ts(), BOT_USER, "hello", **fields))


async def calls(sandbox: Sandbox, method: str) -> int:
    return len(await sandbox.driver.log(platform="slack", method=method))


async def test_a_message_whose_answer_was_lost_is_found_with_the_reference_it_would_have_had(
    sandbox: Sandbox, channel: SlackChannel
) -> None:
    await fail(sandbox, "chat.postMessage", drop_after=True)
    with pytest.raises(InDoubt):
        await channel.send("C1", notice(7), Lane.ALERT)
    ref = await channel.find("C1", 7, NOW)
    assert ref == sandbox.posted("C1")[0].ts
    await channel.edit("C1", str(ref), SlackBlocks("8 left"), Lane.EDIT)
    assert sandbox.posted("C1")[0].text == "8 left"
    assert await channel.find("C1", 7, NOW) == ref  # an edit does not hide it


async def test_what_was_never_accepted_is_not_found(
    sandbox: Sandbox, channel: SlackChannel
) -> None:
    await fail(sandbox, "chat.postMessage", drop_before=True)
    with pytest.raises(InDoubt):
        await channel.send("C1", notice(7), Lane.ALERT)
    await channel.send("C1", notice(8), Lane.ALERT)
    assert await channel.find("C1", 7, NOW) is None


@pytest.mark.parametrize("address", ["#stock-alerts", "stock-alerts", "U1"])
async def test_a_name_and_a_person_are_looked_up_once(
    sandbox: Sandbox, channel: SlackChannel, client: Client, address: str
) -> None:
    ref = await channel.send(address, notice(7), Lane.ALERT)
    assert await channel.find(address, 7, NOW) == ref
    asked = ["conversations.list", "conversations.open"]
    assert [await calls(sandbox, method) for method in asked] == [0, 0]  # the answer told it
    restarted = SlackChannel(client(sandbox.slack_api_url))
    assert await restarted.find(address, 7, NOW) == ref
    assert await restarted.find(address, 7, NOW) == ref
    assert sum([await calls(sandbox, method) for method in asked]) == 1


async def test_it_is_found_behind_many_later_messages(
    sandbox: Sandbox, channel: SlackChannel
) -> None:
    ref = await channel.send("C1", notice(7), Lane.ALERT)
    put(sandbox, PAGE * 2)
    assert await channel.find("C1", 7, NOW) == ref
    assert await calls(sandbox, "conversations.history") == 3


async def test_it_looks_a_minute_back_and_no_further(
    sandbox: Sandbox, channel: SlackChannel
) -> None:
    ref = await channel.send("C1", notice(7), Lane.ALERT)
    assert await channel.find("C1", 7, NOW + timedelta(seconds=59)) == ref
    assert await channel.find("C1", 7, NOW + timedelta(seconds=61)) is None


async def test_a_message_of_another_shops_bot_is_none_of_ours(
    sandbox: Sandbox, channel: SlackChannel
) -> None:
    slack = sandbox._slack
    other = SlackMessage(
        "C1", slack.new_ts(), "U1", "theirs", metadata=metadata_of({"notice_id": 7})
    )
    slack.add_message(other)
    put(sandbox, 1, metadata={"event_type": "other", "event_payload": {"notice_id": 7}})
    put(sandbox, 1, metadata={"event_type": EVENT, "event_payload": {"notice_id": 70}})
    assert await channel.find("C1", 7, NOW) is None


class Hurried:
    """A clock that turns are waited for on, and nobody else."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds
        await asyncio.sleep(0)


async def test_more_messages_than_anybody_reads_leave_it_open(sandbox: Sandbox) -> None:
    clock = Hurried()
    pacer = slack_pacer(clock, clock.sleep)
    async with slack_session() as session:
        url = sandbox.slack_api_url
        channel = SlackChannel(PacedSlackClient("xoxb-sandbox", pacer, session, url))
        await too_many_messages(sandbox, channel)


async def too_many_messages(sandbox: Sandbox, channel: SlackChannel) -> None:
    put(sandbox, PAGE * PAGES + 1)
    with pytest.raises(CannotLook, match="5000"):
        await channel.find("C1", 7, NOW)


@pytest.mark.parametrize("kind", ["channels", "groups", "im"])
async def test_without_the_scope_it_says_which_one_and_what_to_do(
    sandbox: Sandbox, channel: SlackChannel, kind: str
) -> None:
    await sandbox.slack.channel("C2", "back-office", private=True)
    direct = (await channel.send("U1", notice(6), Lane.ALERT)).partition(":")[0]
    where = {"channels": "C1", "groups": "C2", "im": direct}[kind]
    await sandbox.slack.config(scopes=[s for s in SCOPES if s != f"{kind}:history"])
    with pytest.raises(CannotLook, match=f"slack-manifest.*{kind}:history"):
        await channel.find(where, 7, NOW)


@pytest.mark.parametrize(("address", "scope"), [("U1", "im:write"), ("#x", "channels:read")])
async def test_without_the_scope_to_ask_for_the_conversation_it_says_so(
    sandbox: Sandbox, channel: SlackChannel, address: str, scope: str
) -> None:
    await sandbox.slack.config(scopes=[s for s in SCOPES if s != scope])
    with pytest.raises(CannotLook, match=scope):
        await channel.find(address, 7, NOW)


async def test_a_name_that_nobody_has_is_said_with_the_setting(channel: SlackChannel) -> None:
    with pytest.raises(CannotLook, match="SLACK_ALERT_CHANNEL"):
        await channel.find("#nobody", 7, NOW)


async def test_where_the_bot_is_not_a_member_it_cannot_look(
    sandbox: Sandbox, channel: SlackChannel
) -> None:
    await sandbox.slack.channel("C2", "warehouse", member=False)
    with pytest.raises(CannotLook, match="invite"):
        await channel.find("C2", 7, NOW)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"error": "method_not_supported_for_channel_type"}, CannotLook),
        ({"error": "channel_is_limited_access"}, CannotLook),
        ({"error": "channel_not_found"}, CannotLook),
        ({"error": "no_permission"}, CannotLook),
        ({"retry_after": 30}, RetryAfter),
        ({"error": "invalid_auth"}, NotSent),
        ({"error": "internal_error"}, NotSent),
        ({"status": 500}, NotSent),
        # twice: aiohttp itself reads once more when a connection that stood was cut
        ({"drop_before": True, "times": 2}, NotSent),
        ({"drop_after": True, "times": 2}, NotSent),
    ],
)
async def test_what_an_error_of_the_look_means(
    sandbox: Sandbox, channel: SlackChannel, fault: dict[str, Any], error: type[Exception]
) -> None:
    await fail(sandbox, **fault)
    with pytest.raises(error):
        await channel.find("C1", 7, NOW)


async def test_no_server_means_to_look_again_later(client: Client, unused_tcp_port: int) -> None:
    nobody = SlackChannel(client(f"http://127.0.0.1:{unused_tcp_port}/api/"))
    with pytest.raises(NotSent):
        await nobody.find("C1", 7, NOW)


async def test_without_metadata_nothing_can_be_found(
    sandbox: Sandbox, channel: SlackChannel
) -> None:
    await fail(sandbox, "chat.postMessage", error="metadata_must_be_sent_from_app")
    await channel.send("C1", notice(7), Lane.ALERT)
    with pytest.raises(CannotLook, match="metadata"):
        await channel.find("C1", 7, NOW)
    await channel.send("C1", notice(8), Lane.ALERT)
    assert await channel.find("C1", 8, NOW)


async def test_slack_that_drops_metadata_without_a_word_is_noticed(
    sandbox: Sandbox, client: Client
) -> None:
    reader = SlackReader(client(sandbox.slack_api_url))
    reader.learn(
        "C1", {"metadata": metadata_of({"notice_id": 7})}, {"channel": "C1", "message": {}}
    )
    with pytest.raises(CannotLook, match="metadata"):
        await reader.find("C1", 7, NOW)


async def test_looking_spends_turns_of_its_own_method(
    sandbox: Sandbox, channel: SlackChannel
) -> None:
    await fail(sandbox, retry_after=30)
    with pytest.raises(RetryAfter):
        await channel.find("C1", 7, NOW)
    with pytest.raises(RetryAfter):  # the method is held: no second request leaves
        await channel.find("C1", 7, NOW)
    assert await calls(sandbox, "conversations.history") == 1
    await channel.send("C1", notice(7), Lane.ALERT)
