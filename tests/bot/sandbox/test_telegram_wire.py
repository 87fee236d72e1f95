"""The Bot API on the wire, without a library: parameters, answers, files, headers."""

import json
import time
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from bot.sandbox.server import Sandbox
from bot.sandbox.telegram_driver import Customer

Json = dict[str, Any]


class Wire:
    def __init__(self, root: str, session: aiohttp.ClientSession) -> None:
        self.root = root
        self.session = session

    async def call(
        self, method: str, token: str = "123456:SANDBOX", **how: Any
    ) -> tuple[int, Json]:
        url = f"{self.root}/bot{token}/{method}"
        async with self.session.post(url, **how) as answer:
            return answer.status, await answer.json()


@pytest.fixture
async def wire(sandbox: Sandbox) -> AsyncIterator[Wire]:
    async with aiohttp.ClientSession() as session:
        yield Wire(sandbox.telegram_api_url, session)


@pytest.fixture
async def ann(sandbox: Sandbox) -> Customer:
    customer = await sandbox.telegram.customer("Ann")
    await customer.start()
    return customer


async def test_the_four_ways_of_passing_parameters_are_the_same(wire: Wire, ann: Customer) -> None:
    values = {"chat_id": str(ann.id), "text": "x"}
    multipart = aiohttp.FormData(values)
    multipart.add_field("unused", b"bytes", filename="u.bin")
    for how in (
        {"json": values},
        {"data": values},
        {"params": values},
        {"data": multipart},
    ):
        status, body = await wire.call("sendMessage", **how)
        assert (status, body["result"]["text"]) == (200, "x")
    url = f"{wire.root}/bot123456:SANDBOX/sendmessage"
    async with wire.session.get(url, params=values) as answer:
        assert (await answer.json())["ok"]
    assert len(await ann.messages()) == 5


async def test_nested_parameters_may_be_json_or_json_in_a_string(wire: Wire, ann: Customer) -> None:
    keyboard = {"inline_keyboard": [[{"text": "Go", "callback_data": "1"}]]}
    for given in (keyboard, json.dumps(keyboard)):
        values = {"chat_id": ann.id, "text": "x", "reply_markup": given}
        _, body = await wire.call("sendMessage", json=values)
        assert body["result"]["reply_markup"] == keyboard


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"text": "x"}, "chat_id is empty"),
        ({"chat_id": "@nobody", "text": "x"}, "chat not found"),
        ({"chat_id": "1", "text": "x"}, "chat not found"),
        (
            {"chat_id": "ANN", "text": "x", "reply_markup": "{"},
            "can't parse reply_markup JSON object",
        ),
        (
            {"chat_id": "ANN", "text": "x", "reply_markup": "[]x"},
            "can't parse reply_markup JSON object",
        ),
        ({"chat_id": "ANN", "text": "x", "reply_markup": "[1]"}, "object expected as reply markup"),
        ({"chat_id": "ANN"}, "message text is empty"),
    ],
)
async def test_a_bad_parameter_is_named(
    wire: Wire, ann: Customer, values: dict[str, str], words: str
) -> None:
    data = {name: value.replace("ANN", str(ann.id)) for name, value in values.items()}
    status, body = await wire.call("sendMessage", data=data)
    assert (status, body["description"]) == (400, f"Bad Request: {words}")
    assert (body["ok"], body["error_code"]) == (False, 400)


async def test_a_number_that_is_none_and_a_body_that_is_no_json_are_refused(
    wire: Wire, ann: Customer
) -> None:
    values = {"chat_id": ann.id, "message_id": "one", "text": "x"}
    _, body = await wire.call("editMessageText", json=values)
    assert body["description"] == 'Bad Request: parameter "message_id" must be an Integer'
    headers = {"Content-Type": "application/json"}
    status, _ = await wire.call("getMe", data="{", headers=headers)
    assert status == 400


async def test_a_wrong_token_gets_telegrams_own_401(wire: Wire) -> None:
    answer = {"ok": False, "error_code": 401, "description": "Unauthorized"}
    assert await wire.call("getMe", token="1:x") == (401, answer)
    async with wire.session.get(f"{wire.root}/file/bot1:x/documents/FILE1") as response:
        assert response.status == 401


async def test_a_migrated_group_says_where_it_went_on_the_wire(
    sandbox: Sandbox, wire: Wire
) -> None:
    group = await sandbox.telegram.group()
    moved = await group.migrate()
    status, body = await wire.call("sendMessage", json={"chat_id": group.id, "text": "x"})
    assert status == 400
    assert body["description"] == "Bad Request: group chat was upgraded to a supergroup chat"
    assert body["parameters"] == {"migrate_to_chat_id": moved.id}


async def test_a_message_can_be_made_of_entities(wire: Wire, ann: Customer) -> None:
    entities = [{"type": "bold", "offset": 0, "length": 2}]
    values = {"chat_id": ann.id, "text": " hello ", "entities": entities}
    _, body = await wire.call("sendMessage", json=values)
    assert body["result"]["entities"] == [{"type": "bold", "offset": 0, "length": 1}]


async def test_several_messages_are_deleted_at_once(wire: Wire, ann: Customer) -> None:
    for text in ("a", "b", "c"):
        await wire.call("sendMessage", json={"chat_id": ann.id, "text": text})
    first, second, _ = await ann.messages()
    ids = [first["message_id"], second["message_id"], 999]
    _, body = await wire.call("deleteMessages", json={"chat_id": ann.id, "message_ids": ids})
    assert body["result"] is True
    assert [m["text"] for m in await ann.messages()] == ["c"]


async def test_a_file_is_sent_again_by_its_id_and_never_shown_as_a_page(
    sandbox: Sandbox, wire: Wire, ann: Customer
) -> None:
    form = aiohttp.FormData({"chat_id": str(ann.id), "document": "attach://f"})
    form.add_field("f", b"<script>", filename="a.html", content_type="text/html")
    _, body = await wire.call("sendDocument", data=form)
    file_id = body["result"]["document"]["file_id"]
    again = {"chat_id": ann.id, "document": file_id}
    assert (await wire.call("sendDocument", json=again))[0] == 200
    _, lost = await wire.call("sendDocument", json={"chat_id": ann.id, "document": "none"})
    assert lost["description"] == "Bad Request: there is no document in the request"
    shown = (await ann.messages())[0]["document"]
    async with wire.session.get(shown["url"]) as response:
        assert await response.read() == b"<script>"
        assert response.headers["Content-Disposition"] == 'attachment; filename="a.html"'
        assert response.headers["X-Content-Type-Options"] == "nosniff"
    async with wire.session.get(f"{sandbox.url}/sandbox/files/none") as response:
        assert response.status == 404
    _, body = await wire.call("getFile", json={"file_id": "none"})
    assert body["description"] == "Bad Request: invalid file_id"


async def test_in_a_group_the_bot_deletes_only_its_own_messages(
    sandbox: Sandbox, wire: Wire
) -> None:
    group = await sandbox.telegram.group()
    said = (await group.say("/low"))["message_id"]
    values = {"chat_id": group.id, "message_id": said}
    _, body = await wire.call("deleteMessage", json=values)
    assert body["description"] == "Bad Request: message can't be deleted"
    _, sent = await wire.call("sendMessage", json={"chat_id": group.id, "text": "x"})
    values["message_id"] = sent["result"]["message_id"]
    assert (await wire.call("deleteMessage", json=values))[0] == 200


async def test_slow_answers_are_slow(sandbox: Sandbox, wire: Wire) -> None:
    await sandbox.driver.faults(telegram={"latency_ms": 30})
    began = time.monotonic()
    await wire.call("getMe")
    assert time.monotonic() - began >= 0.03
    (entry,) = await sandbox.driver.log(method="getMe")
    assert entry["t_end"] - entry["t"] >= 0.015  # half of it passes on the way back
