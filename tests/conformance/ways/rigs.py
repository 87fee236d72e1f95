"""Each way with its far end: the real channel, on real sockets."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

import aiohttp

from bot.app.ways import KNOWN
from bot.channels.base import Channel
from bot.channels.pacer import Pacer, telegram_rate
from bot.channels.slack import SlackChannel
from bot.channels.slack_client import PacedSlackClient, slack_rate, slack_session
from bot.channels.telegram import TelegramChannel
from bot.channels.telegram_limits import PacedRequests
from bot.channels.telegram_transport import AiohttpRequest
from bot.domain.contacts import ContactState
from bot.domain.forms import Rendered, SlackBlocks, TelegramHtml
from bot.domain.notices import Lane
from bot.domain.way import Way
from bot.domain.ways import SLACK, TELEGRAM
from bot.sandbox.server import Sandbox
from handlers.telegram.build import Transport, build_application, httpx_transport
from tests.conformance.ways.loft import CUT, open_loft
from tests.conformance.ways.pigeon import Letter, PigeonChannel, row

TOKEN = "123456:SANDBOX"
LATER = 7  # seconds


class Fault(Enum):
    """What becomes of the next message."""

    LATER = auto()  # 429, for LATER seconds
    CUT = auto()  # taken, and the line breaks before the answer
    TROUBLE = auto()  # a fault of the platform's own
    REJECTED = auto()  # no right to say this there


class Counting(Pacer):
    """The real pacer; `turns` are the lanes that had one."""

    turns: list[Lane]

    async def turn(self, chat: str, lane: Lane, *also: str) -> None:
        await super().turn(chat, lane, *also)
        self.turns.append(lane)


def counting(rate: float, **how: Any) -> Counting:
    pacer = Counting(rate, **how)
    pacer.turns = []
    return pacer


@dataclass(frozen=True, slots=True)
class Rig:
    """`broken` is a form that the platform refuses, of the words "the words". `read` is what people
    see at an address; `away`: addresses where nobody is, and why."""

    way: Way
    channel: Channel[Any]
    pacer: Counting
    address: str
    other: str
    form: Callable[[str], Rendered]
    broken: Rendered
    read: Callable[[str], Awaitable[list[str]]]
    fail: Callable[[Fault], Awaitable[None]]
    away: Mapping[str, ContactState]
    complaints: list[str] = field(default_factory=list)


@asynccontextmanager
async def telegram(transport: Transport) -> AsyncIterator[Rig]:
    async with Sandbox(telegram_token=TOKEN) as sandbox:
        people = [await sandbox.telegram.customer(n, id=501 + at) for at, n in enumerate("abcd")]
        for person in people:
            await person.start()
        await people[2].block()
        await people[3].deactivate()
        pacer, complaints = counting(1000, burst=1000, rate_of=telegram_rate), list[str]()
        limits = PacedRequests(pacer)
        application = build_application(TOKEN, sandbox.telegram_api_url, limits, transport)
        await application.initialize()

        async def read(address: str) -> list[str]:
            person = sandbox.telegram.customer_by_id(int(address))
            return [message["text"] for message in await person.messages()]

        async def fail(fault: Fault) -> None:
            how: dict[str, Any] = {"method": "sendMessage"} | TELEGRAM_FAULTS[fault]
            await sandbox.driver.faults(telegram={"fail_next": [how]})

        yield Rig(
            KNOWN[TELEGRAM], TelegramChannel(application.bot, heard(complaints)), pacer,
            "501", "502", TelegramHtml, TelegramHtml("<b>the words"), read, fail,
            {"503": ContactState.BLOCKED, "504": ContactState.GONE, "999": ContactState.GONE},
            complaints,
        )  # fmt: skip
        await application.shutdown()


TELEGRAM_FAULTS: Mapping[Fault, dict[str, Any]] = {
    Fault.LATER: {"status": 429, "retry_after": LATER},
    Fault.CUT: {"drop_after": True},
    Fault.TROUBLE: {"status": 502},
    Fault.REJECTED: {"status": 400, "description": "Bad Request: not enough rights to send text"},
}


def heard(complaints: list[str]) -> Callable[[str], Awaitable[None]]:
    async def hear(reason: str) -> None:
        complaints.append(reason)

    return hear


@asynccontextmanager
async def slack() -> AsyncIterator[Rig]:
    async with Sandbox() as sandbox, slack_session() as session:
        await sandbox.slack.channel("C1", "stock-alerts")
        await sandbox.slack.channel("C2", "warehouse")
        pacer, complaints = counting(20, rate_of=slack_rate), list[str]()
        client = PacedSlackClient("xoxb-sandbox", pacer, session, sandbox.slack_api_url)

        async def read(address: str) -> list[str]:
            channel = sandbox.slack.channel_by_id(address)
            return [message["text"] for message in await channel.messages()]

        async def fail(fault: Fault) -> None:
            how: dict[str, Any] = {"method": "chat.postMessage"} | SLACK_FAULTS[fault]
            await sandbox.driver.faults(slack={"fail_next": [how]})

        yield Rig(
            KNOWN[SLACK], SlackChannel(client, heard(complaints)), pacer, "C1", "C2",
            SlackBlocks, SlackBlocks("the words", blocks=({"type": "no_such_block"},)), read, fail,
            {"C404": ContactState.GONE}, complaints,
        )  # fmt: skip


SLACK_FAULTS: Mapping[Fault, dict[str, Any]] = {
    Fault.LATER: {"retry_after": LATER},
    Fault.CUT: {"drop_after": True},
    Fault.TROUBLE: {"status": 500},
    Fault.REJECTED: {"error": "restricted_action"},
}


@asynccontextmanager
async def pigeon() -> AsyncIterator[Rig]:
    async with open_loft(any_signs=False) as loft, aiohttp.ClientSession() as session:
        pacer, complaints = counting(1000, burst=1000), list[str]()

        async def read(address: str) -> list[str]:
            return loft.read(address)

        async def fail(fault: Fault) -> None:
            loft.answers.append(PIGEON_FAULTS[fault])

        yield Rig(
            row(loft.url).way, PigeonChannel(loft.url, session, pacer, heard(complaints)), pacer,
            "roof1", "roof2", Letter, Letter("the words ✉"), read, fail,
            {"moved": ContactState.BLOCKED, "nowhere": ContactState.GONE}, complaints,
        )  # fmt: skip


PIGEON_FAULTS = {Fault.LATER: 429, Fault.CUT: CUT, Fault.TROUBLE: 500, Fault.REJECTED: 400}
RIGS: Mapping[str, Callable[[], AbstractAsyncContextManager[Rig]]] = {
    "telegram over httpx": lambda: telegram(httpx_transport),
    "telegram over aiohttp": lambda: telegram(AiohttpRequest),
    "slack": slack,
    "pigeon": pigeon,
}
