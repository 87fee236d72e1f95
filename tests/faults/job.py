"""Promise 3 over the whole main job: `kill -9` again and again while people use the bot.

Customers ask to be told, staff book a delivery and a sale, somewhere in it the power goes. Writes,
places, messages and alerts are counted at the end: nothing is lost, nothing is applied twice.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from bot.sandbox.connection import WaitedInVain
from bot.sandbox.server import Sandbox
from bot.sandbox.telegram_driver import Customer
from storage.database import Database
from storage.migrate import migrate
from storage.tables import move, position, product, subscription
from storage.vault import Vault, generate_key
from tests.faults.judging import Copy, judge_copies
from tests.faults.rows import Row, at_most, none_of, size
from tests.support.clock import Clock
from tests.support.process import BotProcess, settings_for
from tests.support.shop import Shop

WINDOW = 0.35  # seconds: a round of the main job takes about this long
CUSTOMERS = 3
WRITES = {"in": "+5", "out": "-1"}


@dataclass(frozen=True)
class Seen:
    """What there was to see when all was quiet; a SKU is that of a round."""

    acknowledged: Counter[str]  # reason of a write -> how often Slack heard that it was taken
    moves: Counter[str]  # reason -> how often it is in the ledger
    ledger: dict[int, int]  # product -> sum of its moves
    shelf: dict[int, int]  # product -> on hand
    places: Counter[str]  # SKU -> subscriptions
    late: set[tuple[str, str]]  # SKU and customer who asked when it was back already
    told: list[Copy]  # restock messages
    alerts: Counter[str]  # SKU -> alerts in the channel


@dataclass
class Job:
    """One bot that is killed again and again while people use it."""

    sandbox: Sandbox
    bot: BotProcess
    customers: list[Customer]
    dice: random.Random
    kills: int
    acknowledged: Counter[str] = field(default_factory=Counter)

    async def round(self, number: int) -> None:
        """Customers subscribe, staff book a delivery and a sale; somewhere in it the power goes."""
        work = asyncio.create_task(self._use(number))
        killed = asyncio.create_task(self._kill_after(self.dice.uniform(0, WINDOW)))
        await asyncio.gather(work, killed)
        await self.bot.start()
        await self.bot.wait_until_listening(self.sandbox.driver)

    async def _kill_after(self, seconds: float) -> None:
        await asyncio.sleep(seconds)  # the random point itself, not a wait for anything
        await self.bot.kill()

    async def _use(self, number: int) -> None:
        for customer in self.customers:
            await customer.say(f"/notify {sku(number)}")
        for kind in WRITES:
            await self._write(kind, number)

    async def _write(self, kind: str, number: int) -> None:
        words = f"/stock {sku(number)} {WRITES[kind]} {reason(kind, number)}"
        answer = await self.sandbox.slack.user_by_id("U1").command(words)
        self.acknowledged[reason(kind, number)] += bool(answer["acked"])

    async def finish(self) -> None:
        """What Slack did not hear an answer to, a person types again; then all becomes quiet."""
        for number in range(self.kills):
            for kind in WRITES:
                while not self.acknowledged[reason(kind, number)]:
                    await self._write(kind, number)
        alerts = self.sandbox.slack.channel_by_id("C1")
        with suppress(WaitedInVain):  # what never comes, the judge sees
            for number in range(self.kills):
                for customer in self.customers:
                    await customer.wait_for(answers(number), timeout=60)
                await alerts.wait_for(about(number), timeout=60)

    async def seen(self, url: str) -> Seen:
        moves, ledger, shelf, places = await read(url)
        texts = await self._texts()
        posted = [m["text"] for m in await self.sandbox.slack.channel_by_id("C1").messages()]
        return Seen(
            acknowledged=self.acknowledged,
            moves=moves,
            ledger=ledger,
            shelf=shelf,
            places=places,
            late={(sku(n), who) for who, n, text in texts if is_in_stock(text, n)},
            told=[
                Copy(sku(n), who, place, "twice" in text)
                for place, (who, n, text) in enumerate(texts)
                if is_restock(text, n)
            ],
            alerts=Counter(
                sku(n) for n in range(self.kills) for text in posted if about(n) in text
            ),
        )

    async def _texts(self) -> list[tuple[str, int, str]]:
        """Customer, round and words of each message, in the order in which they came."""
        return [
            (str(who), number, message["text"])
            for who, customer in enumerate(self.customers)
            for message in await customer.messages()
            for number in range(self.kills)
            if about(number) in message["text"]
        ]


def sku(number: int) -> str:
    return f"K{number}"


def reason(kind: str, number: int) -> str:
    return f"{kind}-{number}"


def about(number: int) -> str:
    """How a message names the SKU of a round."""
    return f"Kettle {sku(number)} "


def answers(number: int) -> Callable[[dict[str, Any]], bool]:
    """Told of the restock, or (who asked after it had come) told at once that it is in stock."""
    return lambda message: (
        is_restock(message["text"], number) or is_in_stock(message["text"], number)
    )


def is_in_stock(text: str, number: int) -> bool:
    return f"{about(number)}is in stock" in text


def is_restock(text: str, number: int) -> bool:
    return "is back in stock" in text and about(number) in text


def judged(kills: int, seen: Seen) -> list[Row]:
    """Who asked too late has no place and is told nothing more. A write that nobody acknowledged
    may have been stored before the power went: then it counts beside the one that was typed anew.
    """
    rounds = range(kills)
    everybody = {(sku(n), str(who)) for n in rounds for who in range(CUSTOMERS)}
    found = judge_copies(everybody - seen.late, seen.told)
    late = Counter(one for one, _ in seen.late)
    typed = {reason(kind, n): seen.acknowledged[reason(kind, n)] for n in rounds for kind in WRITES}
    written = seen.moves
    what = f"kill -9 x {kills} in the main job"
    return [
        none_of(f"{what}, writes lost", [one for one in typed if written[one] < typed[one]]),
        none_of(f"{what}, done twice", [one for one in written if written[one] > typed[one] + 1]),
        none_of(f"{what}, sums that differ", int(seen.ledger != seen.shelf)),
        none_of(
            f"{what}, places lost or doubled",
            [sku(n) for n in rounds if seen.places[sku(n)] != CUSTOMERS - late[sku(n)]],
        ),
        none_of(f"{what}, never told", found.lost),
        none_of(f"{what}, told though it asked too late", found.unasked),
        at_most(f"{what}, told again", len(found.repeated), kills),
        none_of(f"{what}, told again without a word", found.unmarked),
        none_of(f"{what}, third copies", found.third),
        # what a kill left in doubt is read back from Slack
        none_of(f"{what}, alerts not there once", [n for n in rounds if seen.alerts[sku(n)] != 1]),
    ]


async def killed(folder: Path, seed: int) -> list[Row]:
    """The whole story, on SQLite."""
    kills = size("JOB_KILLS", 50)
    async with Sandbox() as sandbox:
        await sandbox.slack.user("U1", name="ann")
        await sandbox.slack.channel("C1", name="stock-alerts")
        people = [await sandbox.telegram.customer(f"Person{n}") for n in range(CUSTOMERS)]
        url = f"sqlite:///{folder}/shop.db"
        await fill(url, kills)
        env = settings_for(
            sandbox,
            DATABASE_URL=url,
            ADMINS="slack:U1",
            SLACK_ALERT_CHANNEL="C1",
            PERSONAL_DATA_KEYS=generate_key(),
        )
        async with BotProcess(folder, env) as bot:
            await bot.wait_until_listening(sandbox.driver)
            job = Job(sandbox, bot, people, random.Random(seed), kills)
            for number in range(kills):
                await job.round(number)
            await job.finish()
        return judged(kills, await job.seen(url))


async def fill(url: str, rounds: int) -> None:
    """One SKU for each round, sold out, with a reorder point above what the round leaves."""
    database = Database(url)
    try:
        await migrate(database)
        shop = Shop(database, Vault([generate_key()]), Clock(), services=None)  # type: ignore[arg-type]  # storage only
        for number in range(rounds):
            await shop.product(sku(number), about(number))
        async with database.write() as tx:
            await tx.execute(position.update().values(reorder_point=10))
    finally:
        await database.close()


async def read(url: str) -> tuple[Counter[str], dict[int, int], dict[int, int], Counter[str]]:
    """How often each reason moved something, the ledger's sums, the shelf, places by SKU."""
    database = Database(url)
    try:
        async with database.read() as tx:
            moves = Counter(row.reason for row in await tx.execute(select(move.c.reason)))
            sums = select(move.c.product_id, func.sum(move.c.quantity)).group_by(move.c.product_id)
            ledger = {p: int(n) for p, n in (await tx.execute(sums)).all()}
            levels = select(position.c.product_id, position.c.on_hand)
            shelf = {p: n for p, n in (await tx.execute(levels)).all() if n}
            waits = select(product.c.sku).select_from(subscription.join(product))
            places = Counter(row.sku for row in await tx.execute(waits))
    finally:
        await database.close()
    return moves, ledger, shelf, places
