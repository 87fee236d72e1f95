"""Updates reach the bot by Telegram's rules: offsets, long polls, one poller, web hooks."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from telegram.error import Conflict

from bot.sandbox.server import Sandbox
from tests.bot.sandbox.bots import TelegramBot
from tests.bot.sandbox.conftest import MovableClock

Json = dict[str, Any]


async def texts(bot: TelegramBot, **options: Any) -> list[str]:
    options = {"timeout": 0, **options}
    updates = await bot.api.get_updates(**options)
    return [str(u.message.text) for u in updates if u.message]


async def test_an_update_stays_until_a_higher_offset_confirms_it(
    sandbox: Sandbox, telegram_bot: TelegramBot
) -> None:
    ann = await sandbox.telegram.customer()
    ids = [(await ann.say(text))["update_id"] for text in ("a", "b", "c")]
    assert await texts(telegram_bot) == ["a", "b", "c"]
    assert await texts(telegram_bot, limit=2) == ["a", "b"]
    assert await texts(telegram_bot, offset=ids[1]) == ["b", "c"]
    assert await texts(telegram_bot) == ["b", "c"]
    assert await texts(telegram_bot, offset=ids[2] + 1) == []


async def test_a_negative_offset_forgets_all_but_the_last(
    sandbox: Sandbox, telegram_bot: TelegramBot
) -> None:
    ann = await sandbox.telegram.customer()
    for text in ("a", "b", "c"):
        await ann.say(text)
    assert await texts(telegram_bot, offset=-1) == ["c"]
    assert await texts(telegram_bot) == ["c"]


async def test_a_long_poll_ends_when_something_comes(
    sandbox: Sandbox, telegram_bot: TelegramBot
) -> None:
    ann = await sandbox.telegram.customer()
    poll = asyncio.create_task(texts(telegram_bot, timeout=30))
    await sandbox.driver.wait(lambda state: state["telegram"]["listening"])
    await ann.say("now")
    assert await asyncio.wait_for(poll, 2) == ["now"]


async def test_updates_are_kept_for_a_day(
    sandbox: Sandbox, telegram_bot: TelegramBot, clock: MovableClock
) -> None:
    ann = await sandbox.telegram.customer()
    await ann.say("yesterday")
    clock.ahead += 24 * 3600 + 1
    await ann.say("today")
    assert await texts(telegram_bot) == ["today"]


async def test_only_the_kinds_that_were_asked_for_are_kept(
    sandbox: Sandbox, telegram_bot: TelegramBot
) -> None:
    ann = await sandbox.telegram.customer()
    await texts(telegram_bot, allowed_updates=["callback_query"])
    await ann.say("unseen")
    assert await texts(telegram_bot) == []
    await texts(telegram_bot, allowed_updates=[])
    await ann.say("seen")
    assert await texts(telegram_bot) == ["seen"]


async def test_a_second_poller_throws_the_first_one_out(
    sandbox: Sandbox, telegram_bot: TelegramBot
) -> None:
    ann = await sandbox.telegram.customer()
    first = asyncio.create_task(texts(telegram_bot, timeout=30))
    await sandbox.driver.wait(lambda state: state["telegram"]["listening"])
    async with TelegramBot(sandbox) as other:
        second = asyncio.create_task(texts(other, timeout=30))
        with pytest.raises(Conflict, match="terminated by other getUpdates request"):
            await first
        await ann.say("to the second")
        assert await second == ["to the second"]


class HookBot:
    """A web hook that answers with the statuses of a list, then 200."""

    def __init__(self) -> None:
        self.statuses: list[int] = []
        self.reply: Json | None = None
        self.seen: asyncio.Queue[tuple[Json, str]] = asyncio.Queue()

    async def handle(self, request: web.Request) -> web.Response:
        secret = request.headers.get("X-Telegram-Bot-Api-Secret-Token", "")
        status = self.statuses.pop(0) if self.statuses else 200
        self.seen.put_nowait((await request.json(), secret))
        if self.reply and status == 200:
            return web.json_response(self.reply)
        return web.Response(status=status)

    async def next(self) -> tuple[str, str]:
        update, secret = await asyncio.wait_for(self.seen.get(), 5)
        return update["message"]["text"], secret


@pytest.fixture
async def hook() -> AsyncIterator[tuple[HookBot, str]]:
    bot, app = HookBot(), web.Application()
    app.router.add_post("/hook", bot.handle)
    runner = web.AppRunner(app, shutdown_timeout=1.0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    yield bot, f"http://{host}:{port}/hook"
    await runner.cleanup()


async def test_a_web_hook_gets_each_update_with_its_secret(
    sandbox: Sandbox, telegram_bot: TelegramBot, hook: tuple[HookBot, str]
) -> None:
    bot, url = hook
    ann = await sandbox.telegram.customer()
    await ann.say("before")
    await telegram_bot.api.set_webhook(url, secret_token="s3cret")
    await ann.say("after")
    assert [await bot.next(), await bot.next()] == [("before", "s3cret"), ("after", "s3cret")]
    with pytest.raises(Conflict, match="can't use getUpdates method while webhook is active"):
        await telegram_bot.api.get_updates(timeout=0)


async def test_a_web_hook_that_fails_is_tried_again_in_order(
    sandbox: Sandbox, telegram_bot: TelegramBot, hook: tuple[HookBot, str]
) -> None:
    bot, url = hook
    await sandbox.driver.faults(telegram={"webhook_retry_s": [0.05]})
    bot.statuses = [500, 503]
    await telegram_bot.api.set_webhook(url)
    ann = await sandbox.telegram.customer()
    await ann.say("first")
    await ann.say("second")
    assert [(await bot.next())[0] for _ in range(4)] == ["first", "first", "first", "second"]
    await sandbox.driver.wait(lambda s: s["telegram"]["pending_updates"] == 0)
    info = await telegram_bot.api.get_webhook_info()
    assert info.last_error_message == "Wrong response from the webhook: 503 Service Unavailable"


async def test_updates_wait_while_the_web_hook_is_down_and_can_be_dropped(
    sandbox: Sandbox, telegram_bot: TelegramBot
) -> None:
    await telegram_bot.api.set_webhook("http://127.0.0.1:9/none")
    ann = await sandbox.telegram.customer()
    await ann.say("waits")
    assert (await telegram_bot.api.get_webhook_info()).pending_update_count == 1
    await telegram_bot.api.delete_webhook(drop_pending_updates=True)
    info = await telegram_bot.api.get_webhook_info()
    assert (info.url, info.pending_update_count) == ("", 0)


async def test_the_same_update_can_be_posted_several_times(
    sandbox: Sandbox, telegram_bot: TelegramBot, hook: tuple[HookBot, str]
) -> None:
    bot, url = hook
    await telegram_bot.api.set_webhook(url)
    ann = await sandbox.telegram.customer()
    await ann.say("again", times=3)
    updates = [(await asyncio.wait_for(bot.seen.get(), 5))[0] for _ in range(3)]
    assert len({u["update_id"] for u in updates}) == 1


async def test_a_method_in_the_answer_of_a_web_hook_is_carried_out(
    sandbox: Sandbox, telegram_bot: TelegramBot, hook: tuple[HookBot, str]
) -> None:
    bot, url = hook
    ann = await sandbox.telegram.customer()
    bot.reply = {"method": "sendMessage", "chat_id": ann.id, "text": "from the answer"}
    await telegram_bot.api.set_webhook(url)
    await ann.say("hello")
    await ann.wait_for("from the answer")


async def test_a_poll_that_was_cut_off_gets_the_same_updates_again(
    sandbox: Sandbox, telegram_bot: TelegramBot
) -> None:
    ann = await sandbox.telegram.customer()
    await ann.say("once")
    fault = {"method": "getUpdates", "drop_after": True}
    await sandbox.driver.faults(telegram={"fail_next": [fault]})
    url = f"{sandbox.telegram_api_url}/bot123456:SANDBOX/getUpdates"
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ClientError):
            await session.post(url)
    assert await texts(telegram_bot) == ["once"]


@pytest.mark.parametrize(
    ("url", "secret", "words"),
    [
        ("ftp://x.test", "", "bad webhook: An HTTPS URL must be provided for webhook"),
        ("http://x.test", "no spaces", "secret token contains unallowed characters"),
    ],
)
async def test_a_web_hook_that_telegram_would_not_take_is_refused(
    sandbox: Sandbox, url: str, secret: str, words: str
) -> None:
    body = {"url": url, "secret_token": secret}
    address = f"{sandbox.telegram_api_url}/bot123456:SANDBOX/setWebhook"
    async with aiohttp.ClientSession() as session, session.post(address, json=body) as answer:
        assert (await answer.json())["description"] == f"Bad Request: {words}"
