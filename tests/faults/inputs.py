"""What people ask for while the bot is killed again and again: nothing that it accepted is lost,
nothing is done twice, although everything is delivered up to five times.

Accepted is what the platform was told so: a confirmed offset, a 200, an acknowledged envelope.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from bot.app.opening import now
from bot.sandbox.server import Sandbox
from storage.database import Database
from storage.migrate import migrate
from storage.vault import Vault, generate_key
from tests.faults.inputs_judged import Asked, Found, Kept, judge_slack, judge_telegram, read
from tests.faults.rows import Row, none_of, size
from tests.support.clock import Clock
from tests.support.network import free_port
from tests.support.process import BotProcess, settings_for
from tests.support.shop import Shop

PRODUCTS = 10  # a customer asks for some of them, one after the other
STAFF = 20
MOST_DELIVERIES = 5
ALIVE = 1.5  # seconds at most that it lives once it works; the points are drawn from them
WORKS = "starting"  # what it logs when it leads, before its parts start
SENDERS = 40  # commands on their way at once
DRAINED_WITHIN = 600.0
LOOK_AGAIN = 0.5  # seconds: looking costs the bot some of the machine
ROOT = Path(__file__).parents[2]
SECRET = "hook-secret"
POLLED: dict[str, str] = {"TELEGRAM_MODE": "polling", "SLACK_MODE": "socket"}
HOOKED: dict[str, str] = {"TELEGRAM_MODE": "webhook", "SLACK_MODE": "http"}


@dataclass
class Command:
    """One thing that a member of staff typed; `left` is how often it is still delivered."""

    user: str
    reason: str
    quantity: int
    left: int
    acknowledged: bool = False

    @property
    def line(self) -> str:
        return f"/stock S{self.quantity} +{self.quantity} {self.reason}"


@dataclass
class Inputs:
    """A bot, what waits for it on both platforms, and what became of that."""

    sandbox: Sandbox
    bot: BotProcess
    dice: random.Random
    crowd: list[int]
    telegram: list[Asked]
    commands: list[Command]
    reach: str = ""  # the URL to which Slack posts; "" for Socket Mode
    starts: int = 0
    pending: list[int] = field(default_factory=list)  # at each kill: not accepted or not worked off

    async def lives(self, kills: int) -> None:
        """Start it and kill it so often, each time at a random moment of its first second.

        The most of what customers write waits for the first start; the others, and staff, type
        while it lives.
        """
        first = len(self.telegram) * 5 // 6
        await self.type(self.telegram[:first])
        for number in range(kills):
            await self.start()
            typing = [
                asyncio.create_task(self.send(self.commands[number::kills])),
                asyncio.create_task(self.type(portion(self.telegram[first:], number, kills))),
            ]
            await asyncio.sleep(self.dice.uniform(0, ALIVE))  # the random point, not a wait
            await self.bot.kill()
            await asyncio.gather(*typing)
            unheard = sum(not one.acknowledged for one in self.commands[number::kills])
            waiting = await self.unfinished() + len(self.sandbox.pending_updates)
            self.pending.append(waiting + unheard)

    async def start(self) -> None:
        await self.bot.start()
        self.starts += 1
        await self.bot.wait_for_output(lambda text: text.count(WORKS) >= self.starts, 60)

    async def type(self, asked: Sequence[Asked]) -> None:
        for one in asked:
            customer = self.sandbox.telegram.customer_by_id(one.chat)
            await customer.say(one.words, times=self.dice.randint(1, MOST_DELIVERIES))

    async def send(self, commands: list[Command]) -> None:
        """Deliver what staff typed as often as it is to be delivered, as far as the bot lives."""
        waiting = [one for one in commands for _ in range(one.left)]
        self.dice.shuffle(waiting)
        queue = iter(waiting)
        await asyncio.gather(*(self._senders(queue) for _ in range(SENDERS)))

    async def _senders(self, queue: Iterator[Command]) -> None:
        for one in queue:
            await self.deliver(one)

    async def deliver(self, one: Command) -> None:
        person = self.sandbox.slack.user_by_id(one.user)
        answer = await person.command(one.line, channel="C1", trigger_id=one.reason)
        if answer["error"] != "dispatch_failed":  # it left
            one.left -= 1
        one.acknowledged = one.acknowledged or bool(answer["acked"])

    async def drain(self) -> None:
        """Let it live until everything has been accepted and worked off."""
        await self.start()
        await self.sandbox.driver.wait_until_listening(slack=not self.reach, timeout=DRAINED_WITHIN)
        async with asyncio.timeout(DRAINED_WITHIN):
            while left := [one for one in self.commands if one.left > 0 or not one.acknowledged]:
                for one in left:
                    one.left = max(one.left, 1)
                await self.send(left)
            while self.sandbox.pending_updates or await self.unfinished():
                await pause(LOOK_AGAIN)
        await self.bot.terminate()

    async def next_change(self) -> None:
        """Something happened at the platforms; or nothing for a while, and the database tells."""
        changes = self.sandbox.world.changes
        with suppress(TimeoutError):
            async with asyncio.timeout(0.5):
                await changes.beyond(changes.version)

    async def unfinished(self) -> int:
        return (await self.kept()).unfinished

    async def kept(self) -> Kept:
        database = Database(self.bot.env["DATABASE_URL"])
        try:
            return await read(database, Vault([self.bot.env["PERSONAL_DATA_KEYS"]]))
        finally:
            await database.close()

    def unanswered(self) -> list[str]:
        """Chats that got fewer answers than they asked questions, of those that were accepted."""
        return [
            str(chat)
            for chat in self.crowd
            if len(self.sandbox.told(chat)) < sum(one.chat == chat for one in self.telegram)
        ]


async def pause(seconds: float) -> None:
    """Another process works; there is nothing to wait on but time."""
    await asyncio.sleep(seconds)


def portion(asked: Sequence[Asked], number: int, of: int) -> Sequence[Asked]:
    """The part `number` of so many, in order."""
    return asked[len(asked) * number // of : len(asked) * (number + 1) // of]


def questions(crowd: Sequence[int], count: int, dice: random.Random) -> list[Asked]:
    """`count` things that customers write: to wait for a product, and of every other to stop it.

    Each customer's words have their order; those of different customers are mixed.
    """
    left = {chat: list(one_customer(chat, dice)) for chat in crowd}
    told: list[Asked] = []
    while len(told) < count:
        chat = dice.choice([chat for chat in crowd if left[chat]])
        told.append(left[chat].pop(0))
    return told


def one_customer(chat: int, dice: random.Random) -> Iterator[Asked]:
    for number in range(PRODUCTS):
        yield Asked(chat, "notify", f"I{number}")
        if dice.random() < 0.5:
            yield Asked(chat, "stop", f"I{number}")


def orders(count: int, dice: random.Random) -> list[Command]:
    """`count` things that staff type, each with a reason of its own."""
    return [
        Command(
            user=f"U{dice.randrange(STAFF)}",
            reason=f"in-{number}",
            quantity=dice.randint(1, 9),
            left=dice.randint(1, MOST_DELIVERIES),
        )
        for number in range(count)
    ]


async def fill(url: str) -> None:
    database = Database(url)
    try:
        await migrate(database)
        shop = Shop(database, Vault([generate_key()]), Clock(now()), services=None)  # type: ignore[arg-type]  # storage only
        for sku in [f"I{n}" for n in range(PRODUCTS)] + [f"S{n}" for n in range(1, 10)]:
            await shop.product(sku)
    finally:
        await database.close()


@asynccontextmanager
async def asking(
    folder: Path, seed: int, ways: dict[str, str], *, count: int, command: Sequence[str] = ()
) -> AsyncIterator[Inputs]:
    """`count` inputs on each platform for a bot that is not started yet; `command`: another bot."""
    dice = random.Random(seed)
    url, port = f"sqlite:///{folder}/shop.db", free_port()
    await fill(url)
    async with Sandbox() as sandbox:
        await sandbox.slack.channel("C1", name="stock")
        staff = [f"U{number}" for number in range(STAFF)]
        for member in staff:
            await sandbox.slack.user(member)
        await sandbox.driver.faults(telegram={"webhook_retry_s": [0.1, 0.2]})
        env = settings_for(
            sandbox,
            DATABASE_URL=url,
            PERSONAL_DATA_KEYS=generate_key(),
            ADMINS=",".join(f"slack:{member}" for member in staff),
            HTTP_PORT=str(port),
            TELEGRAM_WEBHOOK_URL=f"http://127.0.0.1:{port}/telegram",
            TELEGRAM_WEBHOOK_SECRET=SECRET,
            PYTHONPATH=str(ROOT),
            **ways,
        )
        reach = f"http://127.0.0.1:{port}/slack/events" if ways is HOOKED else ""
        await sandbox.slack.config(request_url=reach or None)
        bot = BotProcess(folder, env, command=command or ("-m", "bot", "run"))
        crowd = sandbox.crowd(count // 4)
        asked = questions(crowd, count, dice)
        inputs = Inputs(sandbox, bot, dice, crowd, asked, orders(count, dice), reach)
        try:
            yield inputs
        finally:
            await bot.kill()


async def killed(folder: Path, seed: int, ways: dict[str, str], what: str) -> list[Row]:
    """Inputs while it is killed again and again, and what there is when all is quiet."""
    kills, count = size("INPUT_KILLS", 100), size("INPUTS", 2_400)
    async with asking(folder, seed, ways, count=count) as inputs:
        await inputs.lives(kills)
        await inputs.drain()
        kept = await inputs.kept()
    telegram, slack = judged(inputs, kept)
    waited = f"{min(inputs.pending):,} to {max(inputs.pending):,} pending"
    of = f"kill -9 x {kills}, {what}, {count:,} inputs each, {waited}"
    return [
        none_of(f"{of}: updates lost", telegram.lost),
        none_of(f"{of}: updates done twice", telegram.twice + telegram.unasked),
        none_of(f"{of}: commands lost", slack.lost),
        none_of(f"{of}: commands done twice", slack.twice + slack.unasked),
        none_of(f"{of}: people without an answer", inputs.unanswered()),
        none_of(f"{of}: given up", kept.dead),
    ]


def judged(inputs: Inputs, kept: Kept) -> tuple[Found, Found]:
    """Of Telegram (all is confirmed by now) and of Slack."""
    typed = {one.reason: one.quantity for one in inputs.commands}
    heard = [one.reason for one in inputs.commands if one.acknowledged]
    return judge_telegram(inputs.telegram, kept), judge_slack(typed, heard, kept)


async def polled(folder: Path, seed: int) -> list[Row]:
    """Telegram by long polling, Slack by Socket Mode."""
    return await killed(folder, seed, POLLED, "polling and Socket Mode")


async def hooked(folder: Path, seed: int) -> list[Row]:
    """Telegram by web hook with its secret, Slack by signed HTTP."""
    return await killed(folder, seed, HOOKED, "web hook and signed HTTP")
