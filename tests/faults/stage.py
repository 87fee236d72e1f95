"""A shop with a crowd that waits, the real bot as a process, and a sandbox that counts."""
# ruff: noqa: ASYNC109  a campaign says how long it waits where it waits

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    asynccontextmanager,
    suppress,
)
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import func, insert, select

from bot.app.opening import now
from bot.domain.contacts import ContactKind, ContactState
from bot.domain.notices import NoticeState
from bot.domain.subscriptions import SubscriptionState
from bot.domain.ways import TELEGRAM
from bot.render.catalogue import Texts
from bot.sandbox.server import Sandbox
from storage.database import Database
from storage.migrate import migrate
from storage.tables import notice, position, subscription
from storage.vault import Vault, generate_key
from tests.faults.judging import Copy, Json
from tests.support.clock import Clock
from tests.support.people import put_people
from tests.support.process import BotProcess, settings_for
from tests.support.shop import Shop

STAFF = "U1"
ALERTS = "C1"
RATE = 30.0  # messages a second: what Telegram allows
LANGUAGES = ("en", "zh-hans")
# what a repeat says of itself, in its reader's language
TEXTS = Texts()
MARKS = {code: TEXTS.t(TEXTS.pick(code), "restock.repeated") for code in LANGUAGES}
SKU = re.compile(r"\bR\d{4}\b")
LONGEST_START = 60.0
SENDS = ("sendMessage", "chat.postMessage", "response_url", "chat.postEphemeral")
OPEN = (NoticeState.QUEUED.value, NoticeState.SENDING.value)


def sku(number: int) -> str:
    return f"R{number:04}"


# What stands between: it yields the settings by which the bot goes through it.
Between = Callable[[Sandbox], AbstractAsyncContextManager[dict[str, str]]]


class Stuck(AssertionError):
    """What a campaign waited for did not come."""


@dataclass
class Watch:
    """Reads the sandbox's log once, as it grows; never through the bot."""

    sandbox: Sandbox
    read: int = 0
    requests: list[Json] = field(default_factory=list)  # without their parameters
    reached: dict[str, set[str]] = field(default_factory=dict)  # SKU -> chats that have it
    answered: dict[str, float] = field(default_factory=dict)  # chat -> its last accepted message

    def look(self) -> None:
        """Take in what came since the last look."""
        log = self.sandbox.world.log
        if log.count == self.read:
            return
        for entry in log.after(self.read):
            self._take(entry)
        self.read = log.count

    def _take(self, entry: Json) -> None:
        self.requests.append({name: entry[name] for name in entry if name != "params"})
        if not entry["ok"] or entry["method"] not in SENDS:
            return
        self.answered[entry["chat"]] = entry["t_end"]
        for found in set(SKU.findall(str(entry["params"].get("text", "")))):
            self.reached.setdefault(found, set()).add(entry["chat"])

    def sends(self, *, ok: bool = True) -> list[Json]:
        """The messages to Telegram chats, accepted ones or all."""
        return [e for e in self.requests if e["method"] == "sendMessage" and (e["ok"] or not ok)]


@dataclass
class Stage:
    sandbox: Sandbox
    url: str
    bot: BotProcess
    crowd: list[int]
    watch: Watch
    told: list[tuple[str, str]] = field(default_factory=list)  # what every campaign expects

    async def ready(self) -> None:
        """Until the bot hears; the moment it may begin to send."""
        ends = time.monotonic() + LONGEST_START
        while not await self.until(lambda: self.sandbox.sockets > 0, 0.5):
            if not self.bot.running or time.monotonic() > ends:
                raise Stuck(f"the bot did not come up:\n{self.bot.text[-3000:]}")

    async def again(self) -> None:
        """Start it once more, after it ended."""
        if not await self.until(lambda: self.sandbox.sockets == 0, LONGEST_START):
            raise Stuck("the connection of a bot that ended is still open")
        await self.bot.start()
        await self.ready()

    async def until(self, look: Callable[[], bool], timeout: float) -> bool:
        """Whether it came true in time; looked at anew at every change of the sandbox."""
        changes = self.sandbox.world.changes
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                while True:
                    self.watch.look()
                    if look():
                        return True
                    await changes.beyond(changes.version)
        return False

    async def restock(self, number: int) -> float:
        """Staff book an arrival that is enough for everybody; returns when they typed it."""
        for chat in self.crowd:
            self.told.append((sku(number), str(chat)))
        typed = time.monotonic()
        await self.staff(f"/stock {sku(number)} +100000 arrival")
        return typed

    async def staff(self, words: str) -> None:
        answer = await self.sandbox.slack.user_by_id(STAFF).command(words, channel=ALERTS)
        if not answer["acked"]:
            raise Stuck(f"Slack got no answer to {words!r}: {answer}\n{self.bot.text[-3000:]}")

    async def everybody_told(self, number: int, timeout: float) -> bool:
        """Until each of the crowd has a message about the SKU."""
        whole = len(self.crowd)
        return await self.until(
            lambda: len(self.watch.reached.get(sku(number), ())) >= whole, timeout
        )

    async def quiet(self, timeout: float) -> int:
        """Until the outbox holds nothing open; returns how many notices still are, if any."""
        ends = time.monotonic() + timeout
        while (left := await self.open_notices()) and time.monotonic() < ends:
            await self.until(lambda: False, 0.2)
        self.watch.look()
        return left

    async def open_notices(self) -> int:
        return sum(n for state, n in (await self.states()).items() if state in OPEN)

    async def states(self) -> dict[str, int]:
        """How many notices are in each state, read beside the running bot."""
        database = Database(self.url)
        try:
            async with database.read() as tx:
                counted = select(notice.c.state, func.count()).group_by(notice.c.state)
                return {state: int(n) for state, n in (await tx.execute(counted)).all()}
        finally:
            await database.close()

    def copies(self) -> list[Copy]:
        """Every restock message that stands in a chat of the crowd."""
        languages = {str(chat): LANGUAGES[n % len(LANGUAGES)] for n, chat in enumerate(self.crowd)}
        return [
            Copy(found, chat, message.message_id, MARKS[languages[chat]] in message.text)
            for chat in languages
            for message in self.sandbox.told(int(chat))
            for found in sorted(set(SKU.findall(message.text)))
        ]


@asynccontextmanager
async def staged(
    folder: Path,
    *,
    crowd: int,
    restocks: int = 1,
    low: int = 0,
    env: dict[str, str] | None = None,
    url: str = "",
    through: Between | None = None,
) -> AsyncIterator[Stage]:
    """A running bot; `crowd` people wait for each of `restocks` SKUs, sold out.

    `url` names the database, else it is an SQLite file in the folder. `through` puts something
    between the bot and the platforms.
    `low`: so many SKUs more with 50 in stock and a reorder point of 10, and alerts go to Slack.
    """
    async with AsyncExitStack() as stack:
        sandbox = await stack.enter_async_context(Sandbox())
        await sandbox.slack.user(STAFF, name="ann")
        await sandbox.slack.channel(ALERTS, name="stock")
        chats = sandbox.crowd(crowd, LANGUAGES)
        url, key = url or f"sqlite:///{folder}/shop.db", generate_key()
        await fill(url, key, chats, restocks, low)
        given = {
            "DATABASE_URL": url,
            "PERSONAL_DATA_KEYS": key,
            "ADMINS": f"slack:{STAFF}",
            "SLACK_ALERT_CHANNEL": ALERTS if low else "",
            "LOG_LEVEL": "WARNING",
        }
        if through is not None:
            given |= await stack.enter_async_context(through(sandbox))
        bot = BotProcess(folder, settings_for(sandbox, **(given | (env or {}))))
        stage = Stage(sandbox, url, bot, chats, Watch(sandbox))
        await stack.enter_async_context(bot)
        await stage.ready()
        yield stage


async def fill(url: str, key: str, chats: Sequence[int], restocks: int, low: int) -> None:
    """Write the shop straight into its database: the way there is not what is tested."""
    database, vault = Database(url), Vault([key])
    try:
        await migrate(database)
        shop = Shop(database, vault, Clock(now()), services=None)  # type: ignore[arg-type]  # storage only
        numbers = [await shop.product(sku(n), f"Kettle {sku(n)}") for n in range(restocks + low)]
        async with database.write() as tx:
            scarce = position.c.product_id.in_(numbers[restocks:])
            await tx.execute(position.update().where(scarce).values(on_hand=50, reorder_point=10))
        await add_crowd(shop, chats, numbers[:restocks])
    finally:
        await database.close()


async def add_crowd(shop: Shop, chats: Sequence[int], product_ids: Sequence[int]) -> None:
    """Each chat becomes a person who waits for each of the products."""
    people = [contact_row(shop, chat, place) for place, chat in enumerate(chats)]
    if not people:
        return
    async with shop.database.write() as tx:
        ids = [person_id for person_id, _ in await put_people(tx, people)]
        for product_id in product_ids:
            waiting = [subscription_row(shop, person_id, product_id) for person_id in ids]
            await tx.execute(insert(subscription), waiting)


def contact_row(shop: Shop, chat: int, place: int) -> Json:
    time_ = shop.clock()
    return {
        "way": TELEGRAM,
        "kind": ContactKind.PERSON.value,
        "address_index": shop.vault.index(TELEGRAM, str(chat)),
        "address": shop.vault.seal(str(chat)),
        "language": LANGUAGES[place % len(LANGUAGES)],
        "state": ContactState.ACTIVE.value,
        "created_at": time_,
        "seen_at": time_,
    }


def subscription_row(shop: Shop, person_id: int, product_id: int) -> Json:
    return {
        "person_id": person_id,
        "product_id": product_id,
        "quantity": 1,
        "state": SubscriptionState.WAITING.value,
        "armed": True,
        "key": f"campaign:{person_id}:{product_id}",
        "created_at": shop.clock(),
        "updated_at": shop.clock(),
    }
