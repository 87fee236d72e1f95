"""The database is locked, full, read-only, cut off or restarted under the running bot.

A fan-out is under way and people go on asking meanwhile. All is counted from outside: messages at
the sandbox, acknowledgements, what /healthz says, what the bot logs.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import aiohttp

from storage.database import CHECK_WITHIN, Database
from storage.vault import Vault
from tests.faults.inputs_judged import Asked, Found, Kept, judge_slack, judge_telegram, read
from tests.faults.judging import judge_copies
from tests.faults.rows import Row, at_most, none_of
from tests.faults.stage import STAFF, Stage, sku, staged
from tests.support.network import free_port

CROWD = 40
STOPPED = 5  # so many customers write while the database is broken
RED_WITHIN = 10.0
WELL_WITHIN = 60.0
WELL_AFTER = 15.0
SAID = "] the database cannot be used"
ARRIVAL = 100_000

Break = Callable[[Stage], AbstractAsyncContextManager[None]]


@dataclass
class Health:
    """What /healthz said, as it was asked again and again."""

    url: str
    red_at: float | None = None
    well_at: float | None = None  # since then it has been well again
    reason: str = ""

    async def watch(self) -> None:
        """For ever; a change is noted."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session:
            while True:
                await self._ask(session)
                await asyncio.sleep(0.1)  # how closely it is watched

    async def _ask(self, session: aiohttp.ClientSession) -> None:
        well, reason = False, "no answer"
        with suppress(aiohttp.ClientError, TimeoutError):
            async with session.get(self.url) as answer:
                well = answer.status == 200
                reason = (await answer.json())["parts"]["database"]
        if not well and self.red_at is None:
            self.red_at, self.reason = time.monotonic(), reason
        self.well_at = (self.well_at or time.monotonic()) if well else None


@dataclass
class Story:
    """What people did while it was broken, and what was heard of it."""

    stage: Stage
    dice: random.Random
    health: Health
    typed: dict[str, int] = field(default_factory=lambda: {"arrival": ARRIVAL})
    acknowledged: list[str] = field(default_factory=lambda: ["arrival"])
    asked: list[Asked] = field(default_factory=list)
    began: float = 0.0
    mended: float = 0.0
    restarts: int = 0  # by the service manager; see `restart_always`

    async def staff(self) -> None:
        """One command; it is typed again, with its key, until Slack heard that it was taken."""
        reason = f"in-{len(self.typed)}"
        self.typed[reason] = self.dice.randint(1, 9)
        person = self.stage.sandbox.slack.user_by_id(STAFF)
        line = f"/stock {sku(0)} +{self.typed[reason]} {reason}"
        while reason not in self.acknowledged:
            answer = await person.command(line, channel="C1", trigger_id=reason)
            if answer["acked"]:
                self.acknowledged.append(reason)
            else:
                await self.stage.until(lambda: False, 0.2)

    async def customer(self, number: int) -> None:
        """Somebody stops to wait for the second product."""
        chat = self.stage.crowd[number]
        await self.stage.sandbox.telegram.customer_by_id(chat).say(f"/stop {sku(1)}")
        self.asked.append(Asked(chat, "stop", sku(1)))

    async def told_at_break(self) -> None:
        """Until some of the crowd have been told, and not all."""
        reached = self.stage.watch.reached
        await self.stage.until(lambda: len(reached.get(sku(0), ())) >= CROWD // 4, WELL_WITHIN)

    async def through(self, broken: Break, seconds: float) -> None:
        """A fan-out; it breaks in the middle; people ask; it is mended; all becomes quiet."""
        await self.stage.restock(0)
        await self.told_at_break()
        self.began = time.monotonic()
        self.health.red_at = None
        async with broken(self.stage):
            asking = [asyncio.create_task(self.staff()) for _ in range(STOPPED)]
            for number in range(STOPPED):
                await self.customer(number)
            await asyncio.sleep(max(0.0, seconds - (time.monotonic() - self.began)))
        self.mended = time.monotonic()
        await asyncio.wait_for(asyncio.gather(*asking), WELL_WITHIN)
        await self.staff()
        await self.stage.everybody_told(0, WELL_WITHIN)
        await self.stage.quiet(WELL_WITHIN)
        await self.stage.until(self.answered, WELL_WITHIN)
        await self.worked_off()
        await self.stage.until(lambda: self.health.well_at is not None, WELL_WITHIN)

    def answered(self) -> bool:
        return not self.unanswered()

    def unanswered(self) -> list[str]:
        """Customers who wrote and were not told that they wait no longer."""
        told = self.stage.sandbox.told
        return [
            str(one.chat)
            for one in self.asked
            if not any(sku(1) in message.text for message in told(one.chat))
        ]

    async def worked_off(self) -> None:
        """Until the inbox holds nothing open."""
        async with asyncio.timeout(WELL_WITHIN):
            while (await self.kept()).unfinished:
                await self.stage.until(lambda: False, 0.2)

    async def kept(self) -> Kept:
        database = Database(self.stage.url)
        try:
            return await read(database, Vault([self.stage.bot.env["PERSONAL_DATA_KEYS"]]))
        finally:
            await database.close()

    async def found(self) -> tuple[Found, Found]:
        """Of the customers' and of the staff's words."""
        kept = await self.kept()
        waits = [Asked(chat, "notify", sku(1)) for chat in self.stage.crowd]
        ours = [one for one in kept.subscriptions if one[1] == sku(1)]
        customers = judge_telegram(waits + self.asked, replace(kept, subscriptions=tuple(ours)))
        return customers, judge_slack(self.typed, self.acknowledged, kept)

    async def seen(self) -> "Seen":
        copies = judge_copies(self.stage.told, self.stage.copies())
        customers, staff = await self.found()
        health, now = self.health, time.monotonic()
        return Seen(
            lost=[*copies.lost, *customers.lost, *staff.lost],
            repeated=copies.repeated,
            unmarked=[*copies.unmarked, *copies.third],
            restarts=self.restarts,
            twice=[*customers.twice, *staff.twice, *staff.unasked],
            unanswered=self.unanswered(),
            log=self.stage.bot.text,
            reason=health.reason,
            red_after=(health.red_at or now) - self.began,
            well_after=max(0.0, (health.well_at or now) - self.mended),
        )


@dataclass(frozen=True)
class Seen:
    """What there was to see from outside, at the end of the story."""

    lost: Sequence[object] = ()
    repeated: Sequence[object] = ()
    unmarked: Sequence[object] = ()  # or a third copy
    twice: Sequence[object] = ()
    unanswered: Sequence[object] = ()
    restarts: int = 0
    log: str = ""
    reason: str = ""
    red_after: float = 0.0  # seconds
    well_after: float = 0.0


def judged(what: str, seen: Seen, *, red: bool, in_flight: int = 0) -> list[Row]:
    """`red`: it lasted long enough for /healthz to see it. `in_flight`: what may be in doubt."""
    rows = [
        none_of(f"{what}, lost", seen.lost),
        at_most(f"{what}, repeated", len(seen.repeated), in_flight),
        none_of(f"{what}, repeated without a word or twice", seen.unmarked),
        none_of(f"{what}, times it had to be started anew", seen.restarts),
        none_of(f"{what}, done twice", seen.twice),
        none_of(f"{what}, people without an answer", seen.unanswered),
        none_of(f"{what}, tracebacks", seen.log.count("Traceback")),
        at_most(f"{what}, lines that say so", seen.log.count(SAID), 1),
        at_most(f"{what}, well again after", seen.well_after, WELL_AFTER, " s", timing=True),
    ]
    if red:
        said = f"{what}, /healthz red ({seen.reason}) after"
        rows.append(at_most(said, seen.red_after, RED_WITHIN, " s", timing=True))
    return rows


@asynccontextmanager
async def watched(health: Health) -> AsyncIterator[None]:
    watching = asyncio.create_task(health.watch())
    try:
        yield
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


@asynccontextmanager
async def restart_always(story: Story) -> AsyncIterator[None]:
    """What a service manager does with a process that ended: it starts it again."""

    async def keep() -> None:
        while True:
            await story.stage.bot.wait(timeout=600)
            story.restarts += 1
            await story.stage.bot.start()

    keeping = asyncio.create_task(keep())
    try:
        yield
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)


async def broken_in(
    folder: Path,
    seed: int,
    what: str,
    broken: Break,
    seconds: float,
    *,
    url: str = "",
    in_flight: int = 0,
) -> list[Row]:
    """The whole story of one fault."""
    port = free_port()
    env = {"HTTP_PORT": str(port), "LOG_LEVEL": "INFO"}
    async with staged(folder, crowd=CROWD, restocks=2, env=env, url=url) as stage:
        await stage.sandbox.driver.faults(slack={"ack_timeout_s": 1})
        stage.told.clear()
        story = Story(stage, random.Random(seed), Health(f"http://127.0.0.1:{port}/healthz"))
        async with watched(story.health), restart_always(story):
            await story.through(broken, seconds)
        seen = await story.seen()
        await stage.bot.terminate()
    return judged(what, seen, red=seconds > CHECK_WITHIN, in_flight=in_flight)
