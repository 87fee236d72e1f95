"""The bot as app.py puts it together, with a clock, a database and channels of the simulation.

The only place of the simulation that builds parts of the bot.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from bot.app.rules import RULES, kinds_of
from bot.app.ways import KNOWN
from bot.channels.pacer import Pacer, telegram_rate
from bot.channels.slack_client import slack_pacer
from bot.channels.telegram_limits import FREE_RATE
from bot.delivery.worker import OutboxWorker
from bot.domain import sources
from bot.domain.contacts import Address, Caller
from bot.domain.customers import SubscriptionList
from bot.domain.faults import DatabaseDown
from bot.domain.forms import SlackBlocks
from bot.domain.notices import Lane
from bot.domain.sending import Gone, Rejected
from bot.domain.staff import Acting
from bot.domain.telling import AlertTold, NoticeData, RestockOver, RestockTold, SoldOut
from bot.domain.ways import SLACK, TELEGRAM, WayName
from bot.intake.dirty import DirtyLoop
from bot.intake.worker import InboxWorker
from bot.services.bundle import Options, Services, build_services
from bot.services.engine.bell import Bell
from bot.services.engine.pacing import PaceMemory
from bot.services.inbox.arriving import Json
from bot.supervisor import Supervisor
from handlers.verbs.act import do
from handlers.verbs.pressed import ACKNOWLEDGE
from handlers.verbs.table import Verbs
from storage.database import Database
from storage.topics import Topic
from storage.vault import Vault
from tests.simulation.wire import Server, SimChannel

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ADMIN = Address(SLACK, "U0ADMIN")
ALERTS = Address(SLACK, "C0ALERTS")
VAULT = Vault(["c2ltdWxhdGlvbi1zaW11bGF0aW9uLXNpbXVsYXRpb24="])
OPTIONS = Options(admins=(ADMIN,), allow_negative=True, clerk_limit=100, rules=kinds_of(RULES))

Answered = Callable[[str, object], None]  # (arrival key, what the service answered)


def clock_of(loop: asyncio.AbstractEventLoop) -> Callable[[], datetime]:
    return lambda: START + timedelta(seconds=loop.time())


def render(language: str, data: NoticeData) -> SlackBlocks:
    """What the checks need to read in a message."""
    del language
    match data:
        case RestockTold():
            again = " (again)" if data.repeated else ""
            return SlackBlocks(f"back: {data.stock.product.sku} x{data.quantity}{again}")
        case RestockOver():
            return SlackBlocks(f"over: {data.product.sku} place {data.place}")
        case SoldOut():
            return SlackBlocks(f"sold out: {data.product.sku}")
        case AlertTold():
            (view,) = data.alerts
            return SlackBlocks(
                f"alert {view.id} version {view.version} {view.state} {view.numbers}"
            )
        case _:
            return SlackBlocks(repr(data))


def channel_of(server: Server, database: Database) -> "tuple[SimChannel, PaceMemory]":
    """The account's and the chats' limits as app.py sets them, on virtual time."""
    loop = asyncio.get_running_loop()
    memory = PaceMemory(database, VAULT, clock_of(loop), server.way)
    if server.shows_history:
        pacer = slack_pacer(memory=memory, clock=loop.time, sleep=asyncio.sleep)
    else:
        pacer = Pacer(
            FREE_RATE, rate_of=telegram_rate, memory=memory, clock=loop.time, sleep=asyncio.sleep
        )
    return SimChannel(server, pacer), memory


@dataclass
class Process:
    """One life of the bot."""

    services: Services
    database: Database
    servers: Mapping[WayName, Server]
    answered: Answered
    stop: asyncio.Event
    bells: Mapping[Topic, Bell]
    channels: dict[WayName, SimChannel] = field(default_factory=dict)

    async def run(self, ready: asyncio.Event) -> None:
        """From the start until `stop` is set and all is put down."""
        services = self.services
        await services.people.add_admins((ADMIN,))
        await services.routes.follow_settings((ALERTS,))
        await services.settling.release_orphans()
        await services.arriving.release_orphans()
        supervisor = Supervisor(self.stop, passing=(DatabaseDown,))
        for way, server in self.servers.items():
            self.channels[way], memory = channel_of(server, self.database)
            supervisor.start(f"pace {way}", memory.run)
        self._start_parts(supervisor)
        ready.set()
        await self.stop.wait()
        await supervisor.finish()

    def _start_parts(self, supervisor: Supervisor) -> None:
        services = self.services
        dispatchers = {"telegram": self.customer, "slack": self.staff}
        supervisor.start(
            "inbox", InboxWorker(services.arriving, dispatchers, self.bells[Topic.ARRIVAL]).run
        )
        rules = DirtyLoop(
            services.alerting, services.endings, self.bells[Topic.STOCK], self.bells[Topic.NOTICE]
        )
        supervisor.start("rules", rules.run)
        for way, channel in self.channels.items():
            worker = OutboxWorker(
                KNOWN[way],
                channel,
                services.settling,
                services.composing,
                render,
                self.bells[Topic.NOTICE],
            )
            supervisor.start(f"outbox {way}", worker.run)

    async def customer(self, payload: Json) -> None:
        """What a Telegram handler does: parse, one service, an answer."""
        caller = Caller(Address(TELEGRAM, payload["sender"]), payload["sender"])
        verb, _, sku = payload["says"].partition(" ")
        subscribing = self.services.subscribing
        if verb == "notify":
            answer: object = await subscribing.notify(caller, sku, 1, f"tg:{payload['key']}")
        elif verb == "stop":
            answer = await subscribing.stop(caller, sku)
        else:
            answer = await self._press(caller, verb, sku)
        self.answered(payload["key"], answer)
        await self._reply(caller, answer)

    async def _press(self, caller: Caller, verb: str, sku: str) -> object:
        """A button of /list, if the SKU is there."""
        subscribing = self.services.subscribing
        listed: SubscriptionList = await subscribing.list(caller)
        for item in listed.subscriptions:
            if item.product.sku == sku:
                return await subscribing.change(caller, item.id, verb)
        return listed

    async def staff(self, payload: Json) -> None:
        caller = Caller(Address(SLACK, payload["sender"]))
        acting = Acting(caller, sources.SLACK, f"sl:{payload['key']}")
        if payload["says"].startswith("ack"):
            number = int(payload["says"].partition(" ")[2] or 1)
            done = await do(self.services, ACKNOWLEDGE, number, acting)
        else:
            done = await do(self.services, *Verbs().understand(payload["says"]), acting)
        self.answered(payload["key"], done.result)
        await self._reply(caller, done.result)

    async def _reply(self, caller: Caller, answer: object) -> None:
        words = SlackBlocks(type(answer).__name__)
        try:
            await self.channels[caller.address.way].send(caller.address.value, words, Lane.REPLY)
        except Gone:
            await self.services.people.blocked(caller.address)
        except Rejected:
            return


def build(database: Database) -> Services:
    return build_services(database, VAULT, clock_of(asyncio.get_running_loop()), KNOWN, OPTIONS)
