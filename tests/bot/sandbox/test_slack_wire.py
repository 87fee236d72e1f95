"""The Slack Web API on the wire, without a library: tokens, bodies, limits of a message."""

import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from bot.sandbox.server import Sandbox
from bot.sandbox.slack_driver import SlackChannel

Json = dict[str, Any]
BEARER = {"Authorization": "Bearer xoxb-sandbox"}


class Wire:
    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.url = url
        self.session = session

    async def call(self, method: str, **how: Any) -> Json:
        how.setdefault("headers", BEARER)
        async with self.session.post(self.url + method, **how) as answer:
            body: Json = await answer.json()
            return {**body, "status": answer.status}


@pytest.fixture
async def wire(sandbox: Sandbox) -> AsyncIterator[Wire]:
    async with aiohttp.ClientSession() as session:
        yield Wire(sandbox.slack_api_url, session)


@pytest.fixture
async def alerts(sandbox: Sandbox) -> SlackChannel:
    return await sandbox.slack.channel("C1", "stock-alerts")


async def test_form_and_json_bodies_are_the_same(wire: Wire, alerts: SlackChannel) -> None:
    blocks = [{"type": "divider"}]
    form = {"channel": "C1", "text": "x", "blocks": json.dumps(blocks)}
    assert (await wire.call("chat.postMessage", data=form))["ok"]
    assert (await wire.call("chat.postMessage", json={**form, "blocks": blocks}))["ok"]
    first, second = await alerts.messages()
    assert first["blocks"][0]["type"] == second["blocks"][0]["type"] == "divider"


async def test_the_token_may_be_a_parameter_and_must_be_there(wire: Wire) -> None:
    assert (await wire.call("auth.test", headers={}, data={"token": "xoxb-sandbox"}))["ok"]
    answer = {"ok": False, "error": "not_authed", "status": 200}
    assert await wire.call("auth.test", headers={}) == answer
    wrong = {"Authorization": "Bearer xoxb-other"}
    assert (await wire.call("auth.test", headers=wrong))["error"] == "invalid_auth"


@pytest.mark.parametrize(("body", "error"), [("{", "invalid_json"), ("[]", "json_not_object")])
async def test_a_body_that_cannot_be_read_is_named(wire: Wire, body: str, error: str) -> None:
    headers = {**BEARER, "Content-Type": "application/json"}
    assert (await wire.call("auth.test", headers=headers, data=body))["error"] == error


async def test_invalid_blocks_say_where(wire: Wire, alerts: SlackChannel) -> None:
    blocks = [{"type": "divider"}, {"type": "header", "text": {"type": "plain_text", "text": ""}}]
    body = await wire.call("chat.postMessage", json={"channel": "C1", "blocks": blocks})
    assert body["errors"] == ["must be more than 0 characters [json-pointer:/blocks/1/text/text]"]
    assert body["response_metadata"]["messages"][0].startswith("[ERROR] must be more than 0")


async def test_blocks_may_not_hold_more_text_than_slack_shows(
    wire: Wire, alerts: SlackChannel
) -> None:
    block = {"type": "section", "text": {"type": "plain_text", "text": "x" * 3000}}
    body = await wire.call("chat.postMessage", json={"channel": "C1", "blocks": [block] * 5})
    assert body["error"] == "msg_blocks_too_long"


async def test_an_archived_or_unknown_place_is_refused(wire: Wire, alerts: SlackChannel) -> None:
    post = await wire.call("chat.postMessage", json={"channel": "#nowhere", "text": "x"})
    assert post["error"] == "channel_not_found"
    lost = {"channel": "C1", "message_ts": "1.2"}
    assert (await wire.call("chat.getPermalink", data=lost))["error"] == "message_not_found"


async def test_edits_have_a_limit_of_their_own(
    sandbox: Sandbox, wire: Wire, alerts: SlackChannel
) -> None:
    ts = (await wire.call("chat.postMessage", json={"channel": "C1", "text": "x"}))["ts"]
    await sandbox.driver.faults(slack={"limits": True})
    answers = [
        await wire.call("chat.update", json={"channel": "C1", "ts": ts, "text": str(number)})
        for number in range(12)
    ]
    assert [a["status"] for a in answers[:10]] == [200] * 10
    assert (answers[-1]["status"], answers[-1]["error"]) == (429, "ratelimited")


async def test_a_dropped_answer_still_posted_the_message(
    sandbox: Sandbox, wire: Wire, alerts: SlackChannel
) -> None:
    fault = {"method": "chat.postMessage", "drop_after": True, "channel": "C1"}
    await sandbox.driver.faults(slack={"fail_next": [fault]})
    with pytest.raises(aiohttp.ClientError):
        await wire.call("chat.postMessage", json={"channel": "C1", "text": "arrived"})
    await alerts.wait_for("arrived")


async def test_a_server_error_has_its_status(sandbox: Sandbox, wire: Wire) -> None:
    await sandbox.driver.faults(slack={"fail_next": [{"status": 503}]})
    body = await wire.call("auth.test")
    assert (body["status"], body["error"]) == (503, "internal_error")


async def test_socket_mode_takes_ten_connections(sandbox: Sandbox, wire: Wire) -> None:
    headers = {"Authorization": "Bearer xapp-sandbox"}

    async def connect() -> aiohttp.ClientWebSocketResponse:
        opened = await wire.call("apps.connections.open", headers=headers)
        return await wire.session.ws_connect(opened["url"])

    sockets = [await connect() for _ in range(10)]
    hellos = [await socket.receive_json() for socket in sockets]
    assert [hello["num_connections"] for hello in hellos] == list(range(1, 11))
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await connect()


async def test_envelopes_are_spread_over_the_connections(sandbox: Sandbox, wire: Wire) -> None:
    await sandbox.slack.channel("C1")
    eve = await sandbox.slack.user("U1")
    await sandbox.driver.faults(slack={"ack_timeout_s": 0.01})
    headers = {"Authorization": "Bearer xapp-sandbox"}
    sockets = []
    for _ in range(2):
        opened = await wire.call("apps.connections.open", headers=headers)
        sockets.append(await wire.session.ws_connect(opened["url"]))
        await sockets[-1].receive_json()
    for _ in range(2):
        await eve.command("/stock A")
    types = [(await socket.receive_json())["type"] for socket in sockets]
    assert types == ["slash_commands", "slash_commands"]
