"""What a message costs over PTB's httpx and over aiohttp, against a server in another process.

`python -m tests.bench.transport [messages]`. The bar is processor time of this process: the server
answers with a fixed message, so that it is not what is measured.
"""

import asyncio
import json
import statistics
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import perf_counter, process_time

from telegram import InlineKeyboardButton, InlineKeyboardMarkup
from telegram.ext import ExtBot

from bot.channels.telegram_transport import AiohttpRequest
from handlers.telegram.build import CONNECTIONS, Transport, httpx_transport
from tests.bench.report import report, say
from tests.faults.rows import Row, at_most

TOKEN = "123456:BENCH"
BAR = 0.5  # milliseconds of processor time for each message over aiohttp
ROUNDS = 5
TEXT = "<b>Blue mug</b> is back: 12 pieces, 12.90 EUR. " * 4
KEYS = InlineKeyboardMarkup([[InlineKeyboardButton("Stop", callback_data="rm:1")]])
MESSAGE = {
    "message_id": 7,
    "date": 1_790_000_000,
    "chat": {"id": 501, "type": "private", "first_name": "Ann"},
    "from": {"id": 123456, "is_bot": True, "first_name": "Bench", "username": "bench_bot"},
    "text": TEXT,
}
ME = {**MESSAGE["from"], "can_join_groups": True}  # type: ignore[dict-item]


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one round: messages a second, and milliseconds of CPU for each."""

    a_second: float
    cpu: float


class Answering(asyncio.Protocol):
    """As little of a server as will do: whole requests in, a fixed answer out."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.out = transport
        self.got = b""

    def data_received(self, data: bytes) -> None:
        self.got += data
        while (whole := self.whole()) > 0:
            path, self.got = self.got[:whole].split(b" ", 2)[1], self.got[whole:]
            result = ME if path.endswith(b"/getMe") else MESSAGE
            body = json.dumps({"ok": True, "result": result}).encode()
            head = (
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
            )
            self.out.write(head % len(body) + body)

    def whole(self) -> int:
        """The length of the first request, if all of it is here."""
        head, found, _ = self.got.partition(b"\r\n\r\n")
        if not found:
            return 0
        fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        size = len(head) + 4 + int(fields.get(b"content-length", 0))
        return size if len(self.got) >= size else 0


async def serve() -> None:
    """Print the port, then answer for ever."""
    server = await asyncio.get_running_loop().create_server(Answering, "127.0.0.1", 0)
    say(str(server.sockets[0].getsockname()[1]))
    await server.serve_forever()


@asynccontextmanager
async def server_elsewhere() -> AsyncIterator[str]:
    """The root of a server in a process of its own."""
    command = (sys.executable, "-m", "tests.bench.transport", "serve")
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    try:
        port = int(await process.stdout.readline())
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        await process.wait()


async def measure(bot: ExtBot[None], messages: int) -> Figures:
    """As many senders as there are connections share the messages."""
    numbers = iter(range(messages))

    async def sender() -> None:
        for number in numbers:
            await bot.send_message(number + 1, TEXT, parse_mode="HTML", reply_markup=KEYS)

    began, busy = perf_counter(), process_time()
    await asyncio.gather(*(sender() for _ in range(CONNECTIONS)))
    took, busy = perf_counter() - began, process_time() - busy
    return Figures(messages / took, busy / messages * 1000)


async def rounds(transport: Transport, root: str, messages: int) -> list[Figures]:
    request = transport(root, CONNECTIONS)
    bot: ExtBot[None] = ExtBot(TOKEN, f"{root}/bot", request=request)
    async with bot:
        await measure(bot, messages // 10 + 1)  # opens the connections
        return [await measure(bot, messages // ROUNDS + 1) for _ in range(ROUNDS)]


def best(found: list[Figures]) -> Figures:
    """Of a shared machine: the speed and the cost of the least disturbed round."""
    return Figures(max(one.a_second for one in found), min(one.cpu for one in found))


def cheap(found: list[Figures]) -> Row:
    """What a message costs beside its bar."""
    return at_most("a message over aiohttp", best(found).cpu, BAR, " ms CPU", timing=True)


def show(name: str, found: list[Figures]) -> None:
    top, usual = best(found), statistics.median(one.cpu for one in found)
    say(f"{name}: {top.a_second:,.0f} messages/s, {top.cpu:.2f} ms CPU each, usually {usual:.2f}")


async def bench(messages: int) -> list[Row]:
    """Print both, and hold ours against its bar."""
    async with server_elsewhere() as root:
        over_httpx = await rounds(httpx_transport, root, messages)
        over_aiohttp = await rounds(AiohttpRequest, root, messages)
    show("sendMessage over httpx", over_httpx)
    show("sendMessage over aiohttp", over_aiohttp)
    ratio = best(over_httpx).cpu / best(over_aiohttp).cpu
    say(f"  httpx costs {ratio:.1f} x as much")
    return [cheap(over_aiohttp)]


def main() -> None:
    if sys.argv[1:] == ["serve"]:
        asyncio.run(serve())
        return
    messages = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    report("transport", asyncio.run(bench(min(messages, 10_000))))


if __name__ == "__main__":
    main()
