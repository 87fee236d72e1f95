"""Nobody who steals the database or reads the log learns who the customers are, or a secret.

The real bot runs at a sandbox whose people and tokens are easy to find; then their ids, names and
tokens are looked for in every byte that it left behind.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bot.sandbox.server import Sandbox
from bot.sandbox.slack_driver import SlackUser
from bot.sandbox.telegram_driver import Customer, buttons
from storage.database import Database
from storage.tables import contact, metadata, person
from tests.support.process import BotProcess, settings_for

NAMES = ("Zaphodia", "Quirinella", "李丽雅", "zaphodia_b42", "slartibartfast", "Wondersmith")
CHAT_IDS = (7312645908123, 6120987345551)
GROUP_ID = -518346209744
STAFF, CHANNEL = "UQZ7STAFFER", "CQZ7ALERTS"
PEOPLE = (*NAMES, STAFF, CHANNEL)
SECRETS: dict[str, Any] = {
    "telegram_token": "7391846205:PrivacyTokenForNobodysEyes",
    "slack_bot_token": "xoxb-4417-PrivacyBotToken",
    "slack_app_token": "xapp-1-A04-PrivacyAppToken",
    "signing_secret": "f00dbabe8f742231b10e8888abcd99yy",
}
STOCK = "sku,name,quantity\n" + "".join(f"MUG-{n},Mug {n},0\n" for n in range(1, 5))


def forms_of(number: int) -> tuple[bytes, ...]:
    """A chat id as text, and as the integers that databases and C programs store.

    Without the leading zeros: that is what SQLite stores, and 8-byte integers hold it too.
    """
    size = (abs(number).bit_length() + 7) // 8
    big, little = abs(number).to_bytes(size, "big"), abs(number).to_bytes(size, "little")
    return str(abs(number)).encode(), big, little


def found_in(data: bytes, wanted: tuple[str, ...], numbers: tuple[int, ...] = ()) -> list[str]:
    """Which of these texts and numbers stand in the data."""
    texts = [word for word in wanted if word.encode() in data]
    return texts + [str(n) for n in numbers if any(form in data for form in forms_of(n))]


@dataclass
class Day:
    """A bot, its people, and where its data lie."""

    sandbox: Sandbox
    bot: BotProcess
    url: str
    customers: tuple[Customer, Customer]
    staff: SlackUser

    @property
    def keys(self) -> tuple[str, ...]:
        (file,) = self.bot.folder.rglob("*.key")
        return tuple(file.read_text().split())

    @property
    def secrets(self) -> tuple[str, ...]:
        return (*SECRETS.values(), SECRETS["telegram_token"].partition(":")[2], *self.keys)

    async def stored(self) -> bytes:
        """Every byte of the data directory but the key file; of PostgreSQL every cell too."""
        files = [path for path in (self.bot.folder / "data").rglob("*") if path.is_file()]
        data = b"".join(path.read_bytes() for path in files if path.suffix != ".key")
        if self.url.startswith("postgresql"):
            data += await every_cell(self.url)
        return data

    async def start(self, level: str) -> None:
        self.bot.env |= {"LOG_LEVEL": level}
        await self.bot.start()
        await self.bot.wait_until_listening(self.sandbox.driver)

    async def passes(self, sku: str) -> None:
        """The main job, with what people do beside it."""
        for customer in self.customers:
            await customer.start()
            await customer.say(f"/notify {sku}")
            await customer.wait_for(sku)
        await self.customers[1].say("what is all this?")
        await self.customers[1].say("/mydata")
        await self.staff.command(f"/stock threshold {sku} 5")
        await self.staff.command(f"/stock role <@{STAFF}|slartibartfast> admin")
        await self.staff.command(f"/stock {sku} +3 delivery")
        for customer in self.customers:
            back = await customer.wait_for(lambda m: sku in m["text"] and data_of(m, "bought:"))
            await customer.press(data_of(back, "nothx:"), back)
        alert = await self.sandbox.slack.channel_by_id(CHANNEL).wait_for(sku)
        await self.staff.press("alert_ack", alert)
        await self.customers[1].block()
        await self.staff.command(f"/stock {sku} =0")
        await self.customers[1].unblock()

    async def passes_badly(self, sku: str) -> None:
        """The same with refusals, limits and cut connections, so that the error paths log."""
        for customer in self.customers:
            await customer.say(f"/notify {sku}")
            await customer.wait_for(lambda m: sku in m["text"])
        first, second = (customer.id for customer in self.customers)
        telegram = [
            {
                "method": "sendMessage",
                "chat_id": first,
                "status": 401,
                "description": "Unauthorized",
            },
            {"method": "sendMessage", "chat_id": second, "status": 429, "retry_after": 1},
            {"method": "sendMessage", "chat_id": second, "drop_before": True},
            {"method": "sendMessage", "chat_id": second, "drop_after": True},
            {"method": "getUpdates", "status": 502},
            {"method": "getUpdates", "drop_before": True},
        ]
        slack = [
            {"method": "chat.postMessage", "status": 429, "retry_after": 1},
            {"method": "chat.postMessage", "drop_before": True},
            {"method": "chat.postMessage", "drop_after": True},
        ]
        await self.sandbox.telegram.group_by_id(GROUP_ID).migrate()
        await self.sandbox.driver.faults(
            telegram={"fail_next": telegram}, slack={"fail_next": slack}
        )
        await self.staff.command(f"/stock threshold {sku} 5")
        await self.staff.command(f"/stock {sku} +3 delivery")
        await self.customers[1].wait_for(
            lambda m: sku in m["text"] and data_of(m, "bought:"), timeout=20
        )
        await self.sandbox.slack.channel_by_id(CHANNEL).wait_for(sku, timeout=20)
        await self.sandbox.driver.wait_for_requests("getUpdates", 1)

    async def loses_its_token(self) -> None:
        refused = {"status": 401, "description": "Unauthorized", "times": -1}
        await self.sandbox.driver.faults(
            telegram={"fail_next": [{"method": "getUpdates", **refused}]},
            slack={"fail_next": [{"method": "chat.postMessage", "error": "invalid_auth"}]},
        )
        await self.staff.command("/stock MUG-4 +1 for an alert that is refused")
        await self.customers[0].say("/help")
        await self.bot.wait_for_output("part stopped for good")
        await self.bot.wait_for_output("invalid_auth", timeout=30)


async def every_cell(url: str) -> bytes:
    """All values of all tables, one after the other: texts and bytes as they are."""
    cells: list[bytes] = []
    database = Database(url)
    try:
        async with database.read() as tx:
            for table in metadata.sorted_tables:
                for row in await tx.execute(select(table)):
                    cells += [v if isinstance(v, bytes) else str(v).encode() for v in row]
    finally:
        await database.close()
    return b"\n".join(cells)


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(**SECRETS) as running:
        await running.slack.channel(CHANNEL, name="wondersmith-alerts")
        yield running


@pytest.fixture
async def day(sandbox: Sandbox, tmp_path: Path, engine: str, empty_url: str) -> AsyncIterator[Day]:
    url = "sqlite:///data/shop.db" if engine == "sqlite" else empty_url
    env = settings_for(
        sandbox,
        TELEGRAM_BOT_TOKEN=SECRETS["telegram_token"],
        SLACK_BOT_TOKEN=SECRETS["slack_bot_token"],
        SLACK_APP_TOKEN=SECRETS["slack_app_token"],
        SLACK_SIGNING_SECRET=SECRETS["signing_secret"],
        DATABASE_URL=url,
        ADMINS=f"slack:{STAFF}",
        SLACK_ALERT_CHANNEL=CHANNEL,
        TELEGRAM_ALERT_CHATS=str(GROUP_ID),
        LOG_FORMAT="json",
    )
    (tmp_path / "stock.csv").write_text(STOCK)
    importing = BotProcess(tmp_path, env, command=("-m", "bot", "import", "stock.csv"), name="csv")
    await importing.start()
    assert await importing.wait() == 0, importing.text
    await sandbox.telegram.group("Staff", id=GROUP_ID)
    people = sandbox.telegram
    customers = (
        await people.customer("Zaphodia", id=CHAT_IDS[0], username="zaphodia_b42"),
        await people.customer("Quirinella 李丽雅", "zh-hans", id=CHAT_IDS[1]),
    )
    staff = await sandbox.slack.user(STAFF, name="slartibartfast", real_name="S. Wondersmith")
    bot = BotProcess(tmp_path, env)
    yield Day(sandbox, bot, url, customers, staff)
    await bot.terminate()


@pytest.mark.parametrize("order", ["text", "big", "little"])
def test_the_search_finds_an_id_however_it_is_stored(order: Any) -> None:
    chat_id = CHAT_IDS[0]
    stored = str(chat_id).encode() if order == "text" else chat_id.to_bytes(8, order)
    assert found_in(b"\x07" + stored + b"\x07", NAMES, CHAT_IDS) == [str(chat_id)]


@pytest.mark.promises
async def test_neither_the_data_nor_the_log_tell_who_the_people_are_or_any_secret(day: Day) -> None:
    await day.start("INFO")
    await day.passes("MUG-1")
    await day.passes_badly("MUG-2")
    stored = await day.stored()  # while it runs: much is only in the -wal
    assert found_in(stored, (*PEOPLE, *day.secrets), (*CHAT_IDS, GROUP_ID)) == []
    assert b"MUG-1" in stored  # it looked at the right place
    await day.bot.kill()
    said = day.bot.text.encode()
    assert found_in(said, (*PEOPLE, *day.secrets), (*CHAT_IDS, GROUP_ID)) == []
    assert b"notice not sent" in said


@pytest.mark.promises
@pytest.mark.parametrize("engine", ["sqlite"])  # the log is the same on both
async def test_at_debug_the_log_tells_no_secret_even_when_everything_fails(day: Day) -> None:
    await day.start("DEBUG")
    await day.passes("MUG-1")
    await day.passes_badly("MUG-2")
    await day.loses_its_token()
    await day.bot.terminate()
    said = day.bot.text.encode()
    assert found_in(said, day.secrets) == []
    for trace in (b"RetryAfter", b"InDoubt", b"invalid_auth", b'"level": "debug"'):
        assert trace in said


@pytest.mark.promises
async def test_forget_leaves_nothing_of_the_person(day: Day) -> None:
    await day.start("INFO")
    await day.passes("MUG-1")
    person = day.customers[1]
    traces = await sealed_traces(day)
    assert found_traces(await day.stored(), traces) == ["address", "index", "name"]
    await person.say("/forget")
    question = await person.wait_for(lambda m: "forget:yes" in str(m["reply_markup"]))
    (yes, _) = question["reply_markup"]["inline_keyboard"][0]
    await person.press_data(question["message_id"], yes["callback_data"])
    await person.wait_until(lambda chat: not any(data_of(m, "forget:") for m in chat["messages"]))
    assert await day.bot.terminate() == 0
    await checkpoint(day.url, day.bot.folder)
    stored = await day.stored()
    assert found_traces(stored, traces) == []
    assert found_in(stored, NAMES, CHAT_IDS) == []


def data_of(message: dict[str, Any], verb: str) -> str:
    """The callback data of the message's button for this verb, "" when there is none."""
    every = (str(button.get("callback_data", "")) for button in buttons(message))
    return next((data for data in every if data.startswith(verb)), "")


async def sealed_traces(day: Day) -> dict[str, bytes]:
    """The sealed address and name of the second customer, and the blind index."""
    url = absolute(day.url, day.bot.folder)
    database = Database(url)
    try:
        async with database.read() as tx:
            theirs = select(contact).join(person).where(person.c.language.like("zh%"))
            rows = (await tx.execute(theirs)).all()
    finally:
        await database.close()
    (row,) = rows
    return {"address": row.address, "index": row.address_index, "name": row.name}


def found_traces(stored: bytes, traces: dict[str, bytes]) -> list[str]:
    return [what for what, sealed in traces.items() if sealed in stored]


def absolute(url: str, folder: Path) -> str:
    return url.replace("sqlite:///", f"sqlite:///{folder}/")


async def checkpoint(url: str, folder: Path) -> None:
    """Bring what is in the -wal into the file, as SQLite does by itself sooner or later."""
    if url.startswith("postgresql"):
        return  # what its files hold of deleted rows is gone with the next VACUUM
    database = Database(absolute(url, folder))
    try:
        async with database.engine.connect() as connection:
            raw = await connection.get_raw_connection()
            driver = raw.driver_connection
            assert driver is not None
            await driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        await database.close()
