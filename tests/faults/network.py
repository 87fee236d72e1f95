"""The network between the bot and one platform fails in every way; the other one goes on.

A fan-out and an alert fall due in the middle of each fault. What a platform accepted is counted at
the sandbox, behind the fault.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from bot.app.opening import now
from bot.app.ways import KNOWN
from bot.domain.contacts import Address, Caller
from bot.domain.ways import SLACK, TELEGRAM, WayName
from bot.sandbox.server import Sandbox
from bot.services.bundle import Options, build_services
from storage.database import Database
from storage.vault import Vault
from tests.faults.answers import alerts
from tests.faults.judging import Copies, judge_copies
from tests.faults.rows import Row, at_most, none_of, size
from tests.faults.stage import ALERTS, STAFF, Stage, sku, staged
from tests.support.clock import Clock
from tests.support.proxy import Mode, Proxy
from tests.support.shop import Shop

CROWD = 30
SHARE = 0.4  # of the answers are cut, so that some of the second tries get through
OTHER_WITHIN = 10.0  # seconds until the platform that is well has told everything
TIMERS = 40.0  # seconds: what has no answer is given up after 10, and Slack is asked each 30
BACK_WITHIN = 45.0
SETTLED_WITHIN = 120.0
ANN = Caller(Address(SLACK, STAFF))
BREAKS = tuple(mode for mode in Mode if mode is not Mode.PASS)
CUTS = (Mode.CUT, Mode.CUT_LATER)


@dataclass(frozen=True, slots=True)
class Fault:
    """What befalls which platform, in which round."""

    number: int
    way: WayName
    mode: Mode

    @property
    def what(self) -> str:
        return f"{self.way} {self.mode.name.lower().replace('_', ' ')}"


@dataclass(frozen=True, slots=True)
class Told:
    """What arrived on both platforms of one round, and when."""

    telegram: Copies
    slack: Copies
    marked: int  # messages in Telegram that say they may be a repeat
    other: float  # seconds until the other platform had told all, while the fault lasted
    back: float  # seconds from the end of the fault until all was told and Slack heard a command


@dataclass
class Between:
    """A proxy before each platform."""

    seed: int
    proxies: dict[WayName, Proxy] = field(default_factory=dict)

    @asynccontextmanager
    async def __call__(self, sandbox: Sandbox) -> AsyncIterator[dict[str, str]]:
        target = urlsplit(sandbox.slack_api_url).port or 0
        async with AsyncExitStack() as stack:
            for way in (TELEGRAM, SLACK):
                proxy = await stack.enter_async_context(Proxy(target, self.seed))
                self.proxies[way] = proxy
            telegram, slack = (f"http://127.0.0.1:{proxy.port}" for proxy in self.proxies.values())
            sandbox.world.platforms_url = slack  # sockets and response_urls go through it too
            yield {
                "TELEGRAM_API_URL": f"{telegram}/telegram",
                "SLACK_API_URL": f"{slack}/slack/api/",
            }


@dataclass
class Rounds:
    """One bot, through one fault after the other."""

    stage: Stage
    between: Between
    beside: Shop  # another process that books on the same database
    total: int

    async def through(self, fault: Fault, seconds: float) -> Told:
        proxy = self.between.proxies[fault.way]
        await proxy.set(fault.mode, share=SHARE)
        began = time.monotonic()
        await self.happens(fault.number)
        await self.stage.until(lambda: self.told_by_other(fault), SETTLED_WITHIN)
        other = time.monotonic() - began
        await asyncio.sleep(max(0.0, seconds - other))  # so long it lasts
        await proxy.set(Mode.PASS)
        mended = time.monotonic()
        await self.stage.everybody_told(fault.number, SETTLED_WITHIN)
        await self.stage.until(lambda: self.alerted(fault.number), SETTLED_WITHIN)
        await self.command()
        back = time.monotonic() - mended
        await self.stage.quiet(SETTLED_WITHIN)
        return self.seen(fault, other, back)

    async def happens(self, number: int) -> None:
        """A product comes back for a crowd, another one runs low."""
        await self.beside.stock(f"{sku(number)} +100000 arrival", ANN)
        await self.beside.stock(f"{self.low(number)} -45 sold", ANN)

    def low(self, number: int) -> str:
        return sku(self.total + number)

    def told_by_other(self, fault: Fault) -> bool:
        if fault.way == TELEGRAM:
            return self.alerted(fault.number)
        return len(self.stage.watch.reached.get(sku(fault.number), ())) >= CROWD

    def alerted(self, number: int) -> bool:
        return any(copy.event == self.low(number) for copy in alerts(self.stage))

    async def command(self) -> None:
        """Until Slack hears that a command was taken, as soon as it is connected."""
        person = self.stage.sandbox.slack.user_by_id(STAFF)
        async with asyncio.timeout(SETTLED_WITHIN):
            while not (await person.command("/stock low", channel=ALERTS))["acked"]:
                await self.stage.until(lambda: False, 0.2)

    def seen(self, fault: Fault, other: float, back: float) -> Told:
        mine = [copy for copy in self.stage.copies() if copy.event == sku(fault.number)]
        low = self.low(fault.number)
        posted = [copy for copy in alerts(self.stage) if copy.event == low]
        expected = [(sku(fault.number), str(chat)) for chat in self.stage.crowd]
        return Told(
            telegram=judge_copies(expected, mine),
            slack=judge_copies([(low, ALERTS)], posted),
            marked=sum(copy.marked for copy in mine),
            other=other,
            back=back,
        )


def judged(fault: Fault, told: Told) -> list[Row]:
    """What must hold after each fault, and what the kind of the fault says of repeats."""
    what = fault.what
    rows = [
        none_of(f"{what}, lost", [*told.telegram.lost, *told.slack.lost]),
        none_of(f"{what}, Slack repeated", told.slack.repeated),
        none_of(f"{what}, Telegram repeated without a word", told.telegram.unmarked),
        none_of(f"{what}, Telegram third copies", told.telegram.third),
        at_most(f"{what}, the other was told", told.other, OTHER_WITHIN, " s", timing=True),
        at_most(f"{what}, back after", told.back, BACK_WITHIN, " s", timing=True, fixed=TIMERS),
    ]
    if fault.way == SLACK or fault.mode in (Mode.REFUSE, Mode.SLOW):
        # refused: nothing left, so nothing is in doubt; slow: everything was answered
        rows += [
            none_of(f"{what}, Telegram repeated", told.telegram.repeated),
            none_of(f"{what}, marked as repeats", told.marked),
        ]
    return rows


def faults(names: Sequence[str]) -> list[Fault]:
    """Those of both platforms, in turn; `names` of modes, or all."""
    modes = [mode for mode in BREAKS if not names or mode.name.lower() in names]
    pairs = [(way, mode) for mode in modes for way in (TELEGRAM, SLACK)]
    return [Fault(number, way, mode) for number, (way, mode) in enumerate(pairs)]


@asynccontextmanager
async def booking(stage: Stage) -> AsyncIterator[Shop]:
    """As a second process that works on the bot's database, like `stockbell import`."""
    database, vault = Database(stage.url), Vault([stage.bot.env["PERSONAL_DATA_KEYS"]])
    try:
        services = build_services(database, vault, now, KNOWN, Options(admins=(ANN.address,)))
        yield Shop(database, vault, Clock(now()), services)
    finally:
        await database.close()


async def network(folder: Path, seed: int, *names: str) -> list[Row]:
    """Every mode for both platforms, one bot through all of them."""
    seconds = size("NETWORK_SECONDS", 12)
    planned, between = faults(names), Between(seed)
    count = len(planned)
    rows: list[Row] = []
    async with (
        staged(folder, crowd=CROWD, restocks=count, low=count, through=between) as stage,
        booking(stage) as beside,
    ):
        rounds = Rounds(stage, between, beside, count)
        for fault in planned:
            rows += judged(fault, await rounds.through(fault, seconds))
    text = stage.bot.text
    return [*rows, none_of("all faults of the network, tracebacks", text.count("Traceback"))]
