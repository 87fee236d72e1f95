"""The control API as the page uses it: state, change notices, toasts, static files, reset."""

import asyncio
import sys
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.sandbox.connection import DriverError, WaitedInVain
from bot.sandbox.driver import Driver
from bot.sandbox.server import Sandbox
from tests.bot.sandbox.bots import SlackBot, TelegramBot

ROOT = Path(__file__).parents[3]


async def test_the_page_and_its_files_are_served_and_nothing_else(sandbox: Sandbox) -> None:
    async with aiohttp.ClientSession() as session:
        for path, status in (("/", 200), ("/static/style.css", 200), ("/static/none.js", 404)):
            async with session.get(sandbox.url + path) as answer:
                assert answer.status == status
        async with session.get(f"{sandbox.url}/static/..%2fserver.py") as answer:
            assert answer.status == 404


async def test_every_change_is_announced_but_not_more_than_20_times_a_second(
    sandbox: Sandbox, telegram_bot: TelegramBot
) -> None:
    ann = await sandbox.telegram.customer()
    await ann.start()
    async with aiohttp.ClientSession() as session, session.ws_connect(events(sandbox)) as socket:
        first = await socket.receive_json()
        assert first["type"] == "changed"
        for number in range(30):
            await telegram_bot.api.send_message(ann.id, str(number))
        last = (await sandbox.driver.state())["version"]
        notices = 1
        while (await socket.receive_json())["version"] < last:
            notices += 1
    assert notices < 30


def events(sandbox: Sandbox) -> str:
    return f"{sandbox.url}/sandbox/events"


async def test_an_answer_to_a_press_is_shown_as_a_toast(
    sandbox: Sandbox, telegram_bot: TelegramBot
) -> None:
    ann = await sandbox.telegram.customer()
    await ann.start()
    keyboard = {"inline_keyboard": [[{"text": "Go", "callback_data": "1"}]]}
    await telegram_bot.api.send_message(ann.id, "x", reply_markup=keyboard)  # type: ignore[arg-type]
    query = (await ann.press("Go"))["callback_query_id"]
    async with aiohttp.ClientSession() as session, session.ws_connect(events(sandbox)) as socket:
        await socket.receive_json()
        await telegram_bot.api.answer_callback_query(query, "done", show_alert=True)
        notices = [await socket.receive_json() for _ in range(2)]
    toast = {"type": "toast", "customer": ann.id, "text": "done", "alert": True}
    assert toast in notices


async def test_a_reset_takes_people_and_messages_away_and_keeps_the_bot(
    sandbox: Sandbox, telegram_bot: TelegramBot, slack_bot: SlackBot
) -> None:
    ann = await sandbox.telegram.customer()
    await ann.start()
    await sandbox.slack.channel("C1")
    await telegram_bot.api.set_my_commands([("list", "x")])
    before = (await ann.say("x"))["update_id"]
    await sandbox.driver.reset()
    state = await sandbox.driver.state()
    assert (state["telegram"]["customers"], state["slack"]["channels"]) == ([], [])
    assert [c.command for c in await telegram_bot.api.get_my_commands()] == ["list"]
    assert state["slack"]["connections"] == 1
    bob = await sandbox.telegram.customer()
    assert (await bob.say("x"))["update_id"] > before


async def test_a_wait_in_vain_shows_what_was_there_instead(
    sandbox: Sandbox, telegram_bot: TelegramBot
) -> None:
    ann = await sandbox.telegram.customer()
    await ann.start()
    await telegram_bot.api.send_message(ann.id, "something else")
    with pytest.raises(WaitedInVain, match="something else"):
        await ann.wait_for("what was promised", timeout=0.05)
    with pytest.raises(WaitedInVain, match="there are 1"):
        await sandbox.driver.wait_for_requests("sendMessage", 2, timeout=0.05)
    with pytest.raises(AssertionError, match="no button"):
        await ann.press("None")


async def test_a_body_that_is_not_an_object_is_refused(sandbox: Sandbox) -> None:
    url = f"{sandbox.url}/sandbox/telegram/customers"
    async with aiohttp.ClientSession() as session:
        for body in ("[", "[]"):
            async with session.post(url, data=body) as answer:
                assert answer.status == 400


async def test_a_tour_is_there_only_with_a_shop_behind_the_sandbox(sandbox: Sandbox) -> None:
    with pytest.raises(DriverError, match="404"):
        await sandbox.driver.get("tour")
    sandbox.set_tour({"low_sku": "TEA-GREEN"})
    assert await sandbox.driver.get("tour") == {"steps": {"low_sku": "TEA-GREEN"}}


async def test_it_runs_on_its_own_and_can_be_driven_from_another_process() -> None:
    arguments = ("-m", "bot.sandbox", "--port", "0")
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout
    url = (await process.stdout.readline()).decode().split()[-1]
    async with Driver(url) as driver:
        ann = await driver.telegram.customer("Ann")
        await ann.start()
        chat: dict[str, Any] = await ann.info()
    process.terminate()
    await process.stdout.read()
    assert await process.wait() == 0
    assert chat["messages"][0]["text"] == "/start"


async def test_the_state_has_the_shape_that_the_page_was_promised(
    sandbox: Sandbox, telegram_bot: TelegramBot, slack_bot: SlackBot
) -> None:
    ann = await sandbox.telegram.customer("Ann", "zh", username="ann")
    await ann.start()
    group = await sandbox.telegram.group("Staff")
    await sandbox.slack.user("U1", "eve", "Eve")
    await sandbox.slack.channel("C1", "stock-alerts")
    await telegram_bot.api.send_message(group.id, "x")
    await slack_bot.api.chat_postMessage(channel="C1", text="x")
    await slack_bot.api.chat_postEphemeral(channel="C1", user="U1", text="x")
    state = await sandbox.driver.state()
    telegram, slack = state["telegram"], state["slack"]
    assert set(BOT.split()) <= set(telegram["bot"])
    (customer,) = telegram["customers"]
    assert set(CUSTOMER.split()) <= set(customer)
    assert {"id", "title", "messages"} <= set(telegram["groups"][0])
    assert set(MESSAGE.split()) <= set(customer["messages"][0])
    assert customer["messages"][0]["from"] == "customer"
    assert {"id", "name"} <= set(slack["team"])
    assert slack["users"] == [{"id": "U1", "name": "eve", "real_name": "Eve"}]
    (channel,) = slack["channels"]
    assert set(SLACK_MESSAGE.split()) <= set(channel["messages"][0])
    assert channel["messages"][0]["user"] == "bot"
    (ephemeral,) = slack["ephemerals"]
    assert (ephemeral["user"], ephemeral["channel"], ephemeral["ephemeral"]) == ("U1", "C1", True)
    assert (slack["modals"], slack["homes"]) == ([], {})


BOT = "id username first_name"
CUSTOMER = "id first_name username language_code blocked messages commands description"
MESSAGE = (
    "message_id from date edit_date text html entities reply_markup document photo deleted"
    " pings toast"
)
SLACK_MESSAGE = "ts channel thread_ts user text blocks edited edits metadata pings"


async def test_the_state_can_be_read_in_parts(sandbox: Sandbox) -> None:
    ann = await sandbox.telegram.customer("Ann")
    await sandbox.telegram.customer("Bob")
    assert "telegram" not in await sandbox.driver.state("platform=slack")
    part = await sandbox.driver.state(f"chat={ann.id}")
    assert "slack" not in part
    assert [c["id"] for c in part["telegram"]["customers"]] == [ann.id]


async def test_another_web_site_cannot_drive_the_sandbox(sandbox: Sandbox) -> None:
    url = f"{sandbox.url}/sandbox/reset"
    async with aiohttp.ClientSession() as session:
        for origin, status in (("https://evil.test", 403), (sandbox.url, 200)):
            async with session.post(url, headers={"Origin": origin}) as answer:
                assert answer.status == status


async def test_a_sandbox_that_was_not_started_has_no_driver() -> None:
    with pytest.raises(RuntimeError, match="start the sandbox first"):
        _ = Sandbox().driver


async def test_waiting_for_requests_ends_when_they_are_made(
    sandbox: Sandbox, telegram_bot: TelegramBot
) -> None:
    ann = await sandbox.telegram.customer("Ann")
    await ann.start()
    waiting = asyncio.create_task(sandbox.driver.wait_for_requests("sendMessage", 2))
    for text in ("a", "b"):
        await telegram_bot.api.send_message(ann.id, text)
    assert [entry["params"]["text"] for entry in await waiting] == ["a", "b"]


async def test_a_stopped_sandbox_does_not_wait_for_a_long_poll() -> None:
    sandbox = Sandbox()
    await sandbox.start()
    async with aiohttp.ClientSession() as session:
        url = f"{sandbox.telegram_api_url}/bot123456:SANDBOX/getUpdates"
        poll = asyncio.create_task(session.post(url, json={"timeout": 30}))
        await sandbox.driver.wait(lambda state: state["telegram"]["listening"])
        async with asyncio.timeout(5):
            await sandbox.stop()
        await asyncio.wait([poll], timeout=5)
        assert poll.done()  # answered or cut, but not left waiting
        poll.exception()


async def test_the_driver_follows_a_chat_until_it_is_as_wanted(sandbox: Sandbox) -> None:
    ann = await sandbox.telegram.customer("Ann")
    again = sandbox.telegram.customer_by_id(ann.id)
    waiting = asyncio.create_task(again.wait_until(lambda chat: chat["blocked"]))
    await ann.start()
    await ann.block()
    assert (await waiting)["id"] == ann.id
    group = await sandbox.telegram.group("Staff")
    assert (await sandbox.telegram.group_by_id(group.id).info())["title"] == "Staff"


async def test_a_sandbox_can_be_told_other_names_and_tokens() -> None:
    sandbox = Sandbox(telegram_token="99:OTHER", slack_bot_token="xoxb-o", slack_app_token="xapp-o")
    async with sandbox, aiohttp.ClientSession() as session:
        async with session.get(f"{sandbox.telegram_api_url}/bot99:OTHER/getMe") as answer:
            assert (await answer.json())["result"]["id"] == 99
        headers = {"Authorization": "Bearer xoxb-o"}
        async with session.get(f"{sandbox.slack_api_url}auth.test", headers=headers) as answer:
            assert (await answer.json())["ok"]
