"""Commands, clicks and events reach the bot by Socket Mode and by signed HTTP, and are acked."""

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot.sandbox.server import Sandbox
from bot.sandbox.slack_driver import SlackUser
from tests.bot.sandbox.bots import SlackBot

Json = dict[str, Any]


@pytest.fixture
async def eve(sandbox: Sandbox) -> SlackUser:
    await sandbox.slack.channel("C1", "stock-alerts")
    await sandbox.slack.user("U2", "bob")
    return await sandbox.slack.user("U1", "eve")


async def test_a_command_arrives_with_people_and_channels_escaped(
    slack_bot: SlackBot, eve: SlackUser
) -> None:
    async def stock(ack: Any, command: Any) -> None:
        await ack(command["text"])

    slack_bot.app.command("/stock")(stock)
    await eve.command("/stock role @bob clerk & <b> #stock-alerts @nobody")
    escaped = "role <@U2|bob> clerk &amp; &lt;b&gt; <#C1|stock-alerts> @nobody"
    assert escaped in (await eve.wait_for(escaped))["text"]


async def test_an_answer_in_the_channel_is_seen_by_all(
    sandbox: Sandbox, slack_bot: SlackBot, eve: SlackUser
) -> None:
    async def stock(ack: Any) -> None:
        await ack(text="for all", response_type="in_channel")

    slack_bot.app.command("/stock")(stock)
    await eve.command("/stock A", channel="#stock-alerts")
    await sandbox.slack.channel_by_id("C1").wait_for("for all")
    assert await eve.messages() == []


async def test_a_command_that_is_not_registered_never_reaches_the_bot(
    sandbox: Sandbox, slack_bot: SlackBot, eve: SlackUser
) -> None:
    result = await eve.command("/other")
    assert (result["acked"], result["error"]) == (False, "not_a_command")
    await eve.wait_for("/other is not a valid command.")
    await sandbox.slack.config(commands=["/other"])

    async def other(ack: Any) -> None:
        await ack("now it does")

    slack_bot.app.command("/other")(other)
    await eve.command("/other")
    await eve.wait_for("now it does")


@pytest.mark.parametrize("http", [False, True], ids=["socket", "http"])
async def test_a_command_that_is_not_acked_in_time_shows_operation_timeout(
    sandbox: Sandbox, eve: SlackUser, http: bool
) -> None:
    await sandbox.driver.faults(slack={"ack_timeout_s": 0.1})
    release = asyncio.Event()

    async def stock(ack: Any) -> None:
        await release.wait()
        await ack()

    async with SlackBot(sandbox, http=http) as bot:
        bot.app.command("/stock")(stock)
        result = await eve.command("/stock A")
        assert (result["acked"], result["error"]) == (False, "operation_timeout")
        await eve.wait_for('/stock failed with the error "operation_timeout"')
        release.set()


async def test_without_an_app_a_command_shows_dispatch_failed(
    sandbox: Sandbox, eve: SlackUser
) -> None:
    assert (await eve.command("/stock A"))["error"] == "dispatch_failed"
    await eve.wait_for("dispatch_failed")


@pytest.mark.parametrize("http", [False, True], ids=["socket", "http"])
async def test_the_same_command_can_be_delivered_again(
    sandbox: Sandbox, eve: SlackUser, http: bool
) -> None:
    seen: list[tuple[str, str]] = []

    async def stock(ack: Any, command: Any, request: Any) -> None:
        retry = request.headers.get("x-slack-retry-num", [""])[0]
        seen.append((command["trigger_id"], retry))
        await ack()

    async with SlackBot(sandbox, http=http) as bot:
        bot.app.command("/stock")(stock)
        first = await eve.command("/stock A +5", times=3)
        await eve.command("/stock A +5", trigger_id=first["trigger_id"])
    assert {trigger for trigger, _ in seen} == {first["trigger_id"]}
    assert [retry for _, retry in seen] == (["", "1", "2", ""] if http else [""] * 4)


async def test_a_press_on_a_button_that_is_gone_can_still_be_sent(
    slack_bot: SlackBot, eve: SlackUser
) -> None:
    async def old(ack: Any, respond: Any) -> None:
        await ack()
        await respond("too late")

    slack_bot.app.action("old")(old)
    sent = await slack_bot.api.chat_postMessage(channel="C1", text="no buttons")
    await eve.act("press", ts=sent["ts"], channel="C1", action_id="old", force=True)
    await eve.wait_for("too late")


async def test_an_event_that_is_not_acked_comes_again_with_its_retry_number(
    sandbox: Sandbox, eve: SlackUser
) -> None:
    server = EventServer([500, 500, 200])
    async with server.running() as url:
        await sandbox.slack.config(request_url=url)
        await sandbox.driver.faults(slack={"retry_delays_s": [0, 0, 0]})
        result = await sandbox.slack.event({"type": "app_home_opened", "user": eve.id})
        deliveries = [await asyncio.wait_for(server.seen.get(), 5) for _ in range(3)]
    assert not result["acked"]
    retries = [headers.get("X-Slack-Retry-Num", "") for headers, _ in deliveries]
    assert retries == ["", "1", "2"]
    assert len({body for _, body in deliveries}) == 1


class EventServer:
    """A bare request URL that shows what Slack sends."""

    def __init__(self, statuses: list[int]) -> None:
        self.statuses = statuses
        self.seen: asyncio.Queue[tuple[dict[str, str], str]] = asyncio.Queue()

    async def handle(self, request: web.Request) -> web.Response:
        self.seen.put_nowait((dict(request.headers), await request.text()))
        return web.Response(status=self.statuses.pop(0))

    def running(self) -> "EventServer":
        return self

    async def __aenter__(self) -> str:
        app = web.Application()
        app.router.add_post("/", self.handle)
        self.runner = web.AppRunner(app, shutdown_timeout=1.0)
        await self.runner.setup()
        await web.TCPSite(self.runner, "127.0.0.1", 0).start()
        return "http://{}:{}/".format(*self.runner.addresses[0][:2])

    async def __aexit__(self, *_: object) -> None:
        await self.runner.cleanup()


async def test_a_request_is_signed_with_the_secret_over_time_and_body(
    sandbox: Sandbox, eve: SlackUser
) -> None:
    server = EventServer([200])
    async with server.running() as url:
        await sandbox.slack.config(request_url=url)
        await eve.command("/stock A")
        headers, body = server.seen.get_nowait()
    base = f"v0:{headers['X-Slack-Request-Timestamp']}:{body}".encode()
    digest = hmac.new(b"sandbox-secret", base, hashlib.sha256).hexdigest()
    assert headers["X-Slack-Signature"] == f"v0={digest}"


async def test_the_app_reconnects_when_slack_asks_it_to(
    sandbox: Sandbox, slack_bot: SlackBot, eve: SlackUser
) -> None:
    async def stock(ack: Any) -> None:
        await ack("here again")

    slack_bot.app.command("/stock")(stock)
    before = len(await sandbox.driver.log(method="apps.connections.open"))
    await sandbox.slack.refresh()
    await sandbox.driver.wait_for_requests("apps.connections.open", before + 1, timeout=10)
    await sandbox.driver.wait_until_listening(telegram=False)
    await eve.command("/stock")
    await eve.wait_for("here again")


async def test_the_app_reconnects_when_its_connection_breaks_without_a_word(
    sandbox: Sandbox, slack_bot: SlackBot, eve: SlackUser
) -> None:
    before = len(await sandbox.driver.log(method="apps.connections.open"))
    await sandbox.slack.disconnect()
    await sandbox.driver.wait(lambda state: state["slack"]["connections"] == 0)
    await sandbox.driver.wait_for_requests("apps.connections.open", before + 1, timeout=20)


@pytest.fixture
async def socket(sandbox: Sandbox) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """A bare Socket Mode client that acks nothing by itself."""
    headers = {"Authorization": "Bearer xapp-sandbox"}
    async with aiohttp.ClientSession() as session:
        address = f"{sandbox.slack_api_url}apps.connections.open"
        async with session.post(address, headers=headers) as answer:
            url = (await answer.json())["url"]
        async with session.ws_connect(url) as connected:
            yield connected


async def test_socket_mode_says_hello_and_sends_envelopes(
    sandbox: Sandbox, eve: SlackUser, socket: aiohttp.ClientWebSocketResponse
) -> None:
    hello = await socket.receive_json()
    assert (hello["type"], hello["num_connections"]) == ("hello", 1)
    typing = asyncio.create_task(eve.command("/stock A"))
    envelope = await socket.receive_json()
    assert (envelope["type"], envelope["accepts_response_payload"]) == ("slash_commands", True)
    payload = {"text": "from the ack"}
    await socket.send_json({"envelope_id": envelope["envelope_id"], "payload": payload})
    assert (await typing)["acked"]
    await eve.wait_for("from the ack")


async def test_an_event_over_socket_mode_is_sent_again_until_acked(
    sandbox: Sandbox, eve: SlackUser, socket: aiohttp.ClientWebSocketResponse
) -> None:
    await sandbox.driver.faults(slack={"ack_timeout_s": 0.05, "retry_delays_s": [0, 0]})
    await sandbox.slack.config(events=["message.channels"])
    await socket.receive_json()
    said = asyncio.create_task(eve.say("hello", "C1"))
    envelopes = [await socket.receive_json() for _ in range(2)]
    await socket.send_json({"envelope_id": envelopes[1]["envelope_id"]})
    await said
    assert [e["retry_attempt"] for e in envelopes] == [0, 1]
    assert envelopes[0]["payload"]["event_id"] == envelopes[1]["payload"]["event_id"]


async def test_a_ticket_opens_one_connection(sandbox: Sandbox) -> None:
    async with aiohttp.ClientSession() as session:
        address = f"{sandbox.url}/slack/link/?ticket=made-up"
        with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
            await session.ws_connect(address)
