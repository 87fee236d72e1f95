"""Two processes on one PostgreSQL: the one that leads is killed again and again in a fan-out."""

import asyncio
import random
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import select

from bot.domain.notices import NoticeState
from storage.database import Database
from storage.tables import contact, notice
from storage.vault import Vault
from tests.faults.judging import Copies, Json, judge_copies
from tests.faults.rows import Row, at_most, none_of, size
from tests.faults.stage import RATE, Stage, staged
from tests.support.databases import PostgresServer, postgres_server
from tests.support.process import BotProcess

ROUND_TRIP = 40  # milliseconds
TAKEN_OVER_WITHIN = 30.0
FINISHED_WITHIN = 120.0
LEADS, STANDS_BY = "starting", "standing by"


@dataclass
class Kill:
    """When the leader died, which chats had a settled notice then, and when the next one led."""

    at: float
    settled: set[str]
    led_at: float


@dataclass
class Pair:
    """`first` leads; each is started anew as soon as the other has taken over."""

    stage: Stage
    first: BotProcess
    second: BotProcess
    kills: list[Kill] = field(default_factory=list)

    async def kill(self) -> None:
        led = self.second.text.count(LEADS)
        at = time.monotonic()
        await self.first.kill()
        settled = await self.settled()
        await self.second.wait_for_output(lambda text: text.count(LEADS) > led, 90)
        self.kills.append(Kill(at, settled, time.monotonic()))
        self.first, self.second = self.second, self.first
        await self.stand_by()

    async def stand_by(self) -> None:
        """Start the one that does not run; it waits until it is needed."""
        before = self.second.text.count(STANDS_BY)
        await self.second.start()
        await self.second.wait_for_output(lambda text: text.count(STANDS_BY) > before, 90)

    async def settled(self) -> set[str]:
        """The chats whose message is known to have arrived."""
        vault = Vault([self.first.env["PERSONAL_DATA_KEYS"]])
        database = Database(self.stage.url)
        try:
            async with database.read() as tx:
                sent = (
                    select(contact.c.address)
                    .select_from(notice.join(contact))
                    .where(notice.c.state == NoticeState.SENT.value)
                )
                return {vault.open(row.address) for row in await tx.execute(sent)}
        finally:
            await database.close()


def in_flight(kill: Kill, sends: Iterable[Json]) -> list[str]:
    """Chats to which the dead leader had sent what it could not settle any more."""
    there = {entry["chat"] for entry in sends if entry["t"] <= kill.at and entry["ok"]}
    return sorted(there - kill.settled)


def taken_over(kill: Kill, sends: Iterable[Json]) -> float | None:
    """Seconds from the death of one leader to the first message of the next; None: none was due."""
    later = [entry["t"] for entry in sends if entry["t"] >= kill.led_at]
    return min(later) - kill.at if later else None


def judged(what: str, found: Copies, kills: list[Kill], sends: list[Json]) -> list[Row]:
    """The rows of the campaign, from what was seen outside of both processes."""
    flying = sum(len(in_flight(kill, sends)) for kill in kills)
    waits = [wait for kill in kills if (wait := taken_over(kill, sends)) is not None]
    return [
        none_of(f"{what}, lost", found.lost),
        at_most(f"{what}, repeated (in flight at the kills)", len(found.repeated), flying),
        none_of(f"{what}, repeated without a word", found.unmarked),
        none_of(f"{what}, third copies", found.third),
        at_most(
            f"{what}, worst takeover", max(waits, default=0), TAKEN_OVER_WITHIN, " s", timing=True
        ),
    ]


async def led_on(server: PostgresServer, folder: Path, seed: int) -> list[Row]:
    """The campaign on this server."""
    people, kills = size("LED_NOTICES", 10_000), size("LEADER_KILLS", 20)
    dice = random.Random(seed)
    env = {"LOG_LEVEL": "INFO"}
    async with staged(folder, crowd=people, env=env, url=server.new()) as stage:
        await stage.sandbox.driver.faults(telegram={"latency_ms": ROUND_TRIP, "limits": True})
        pair = Pair(stage, stage.bot, BotProcess(folder, stage.bot.env, name="second"))
        try:
            await pair.stand_by()
            await stage.restock(0)
            for _ in range(kills):
                await asyncio.sleep(dice.uniform(0, 2 * people / RATE / (kills + 1)))
                await pair.kill()
            await stage.everybody_told(0, people / RATE + FINISHED_WITHIN)
            await stage.quiet(FINISHED_WITHIN)
        finally:
            for bot in (pair.second, pair.first):
                await bot.terminate()
        what = f"PostgreSQL, 2 processes, {people:,} notices, leader killed {kills} times"
        found = judge_copies(stage.told, stage.copies())
        return judged(what, found, pair.kills, stage.watch.sends())


async def led(folder: Path, seed: int) -> list[Row]:
    """On a server of its own."""
    with postgres_server() as server:
        return await led_on(server, folder, seed)
