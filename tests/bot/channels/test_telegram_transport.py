"""PTB over aiohttp: what Telegram gets, what proxies get, and what errors do not say."""

import asyncio
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from telegram import InputMediaDocument
from telegram.error import NetworkError, TelegramError, TimedOut
from telegram.ext import ExtBot

from bot.channels.telegram_transport import AiohttpRequest, proxy_for
from bot.sandbox.server import Sandbox
from bot.sandbox.telegram_driver import Customer
from handlers.telegram.build import Transport, httpx_transport

TOKEN = "123456:SANDBOX"
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
async def bot(sandbox: Sandbox, transport: Transport) -> AsyncIterator[ExtBot[None]]:
    root = sandbox.telegram_api_url
    made: ExtBot[None] = ExtBot(
        TOKEN,
        f"{root}/bot",
        f"{root}/file/bot",
        request=transport(root, 4),
        get_updates_request=transport(root, 1),
    )
    async with made:
        yield made


async def test_words_arrive_as_they_were_written(bot: ExtBot[None], ann: Customer) -> None:
    words = "a+b=c & d%20e; Grüße, 你好 🎉\n\"quoted\" 'too' <b>"
    await bot.send_message(ann.id, words)
    (message,) = await ann.messages()
    assert message["text"] == words


async def test_files_arrive_with_their_names_and_bytes(
    bot: ExtBot[None], ann: Customer, sandbox: Sandbox
) -> None:
    content = bytes(range(256)) * 8_000
    for name in ("stock.csv", "Bestände 库存.csv"):
        sent = await bot.send_document(ann.id, content, filename=name, caption="Grüße & 你好")
        assert sent.document is not None
        assert sent.document.file_name == name
        found = sandbox._telegram.files[sent.document.file_id]
        assert found[2] == content


async def test_a_file_is_fetched(bot: ExtBot[None], ann: Customer) -> None:
    sent = await bot.send_document(ann.id, b"1,2,3", filename="a.csv")
    assert sent.document is not None
    file = await bot.get_file(sent.document.file_id)
    assert bytes(await file.download_as_bytearray()) == b"1,2,3"


async def test_it_can_be_opened_again_and_says_when_it_is_closed(sandbox: Sandbox) -> None:
    request = AiohttpRequest(sandbox.telegram_api_url)
    url = f"{sandbox.telegram_api_url}/bot{TOKEN}/getMe"
    for _ in range(2):
        with pytest.raises(NetworkError, match="not initialized"):
            await request.post(url)
        await request.initialize()
        await request.initialize()
        assert await request.post(url)
        await request.shutdown()
        await request.shutdown()


Asked = tuple[str, str, dict[str, str]]


class Server:
    """Keeps what it is asked, and answers as a proxy or a server would."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.forms: list[dict[str, object]] = []
        self.connections: set[int] = set()
        self.answer: web.Response | None = None
        self.result: object = True
        self.url = ""

    async def handle(self, request: web.BaseRequest) -> web.Response:
        self.asked.append((request.method, request.raw_path, dict(request.headers)))
        self.connections.add(id(request.transport))
        self.forms.append({name: shown(part) for name, part in (await request.post()).items()})
        return self.answer or web.json_response({"ok": True, "result": self.result})


def shown(part: object) -> object:
    """A field of a form; a file as its name, kind and bytes."""
    if isinstance(part, web.FileField):
        return part.filename, part.content_type, part.file.read()
    return part


@asynccontextmanager
async def serving(
    handle: Callable[[web.BaseRequest], Awaitable[web.Response]],
) -> AsyncIterator[str]:
    """The root of a server that answers so."""
    runner = web.ServerRunner(web.Server(handle, access_log=None))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield "http://{}:{}".format(*runner.addresses[0][:2])
    await runner.cleanup()


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    server = Server()
    async with serving(server.handle) as server.url:
        yield server


async def test_both_transports_send_the_same(server: Server) -> None:
    server.result = []
    for transport in (httpx_transport, AiohttpRequest):
        request = transport(server.url, 2)
        async with request:
            bot: ExtBot[None] = ExtBot(TOKEN, f"{server.url}/bot", request=request)
            media = [InputMediaDocument(b"one", filename="一.txt"), InputMediaDocument(b"two" * 99)]
            await bot.send_media_group(-100123, media, disable_notification=True)
            await bot.get_my_commands(language_code="de")
    of_httpx, of_aiohttp = server.forms[:2], server.forms[2:]
    for forms in (of_httpx, of_aiohttp):  # the names of parts are drawn by lot
        files = [part for part in forms[0].values() if isinstance(part, tuple)]
        forms[0] = {"files": files, "chat_id": forms[0]["chat_id"], "size": len(forms[0])}
    assert of_httpx == of_aiohttp
    assert of_aiohttp[1] == {"language_code": "de"}


async def test_connections_are_used_again(server: Server) -> None:
    async with AiohttpRequest(server.url) as request:
        for _ in range(5):
            await request.post(f"{server.url}/bot{TOKEN}/getMe")
    assert len(server.connections) == 1


async def test_a_redirect_is_not_followed(server: Server) -> None:
    server.answer = web.Response(status=302, headers={"Location": "/elsewhere"})
    async with AiohttpRequest(server.url) as request:
        with pytest.raises(NetworkError):
            await request.post(f"{server.url}/bot{TOKEN}/getMe")
    assert len(server.asked) == 1


async def test_the_proxy_of_the_environment_is_used(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", server.url.replace("http://", "http://me:secret@"))
    async with AiohttpRequest("http://api.example") as request:
        assert await request.post(f"http://api.example/bot{TOKEN}/getMe")
    ((method, path, headers),) = server.asked
    assert (method, path) == ("POST", f"http://api.example/bot{TOKEN}/getMe")
    assert headers["Proxy-Authorization"].startswith("Basic ")


async def test_a_proxy_that_refuses_the_tunnel_sent_nothing(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.answer = web.Response(status=407)
    monkeypatch.setenv("HTTPS_PROXY", server.url)
    async with AiohttpRequest("https://api.example") as request:
        with pytest.raises(NetworkError) as refused:
            await request.post(f"https://api.example/bot{TOKEN}/getMe")
    assert isinstance(refused.value.__cause__, aiohttp.ClientHttpProxyError)
    assert server.asked[0][0] == "CONNECT"
    assert TOKEN not in server.asked[0][1]


@pytest.mark.parametrize(
    ("variables", "root", "proxy"),
    [
        ({}, "https://api.example", None),
        ({"HTTPS_PROXY": "http://p:1"}, "https://api.example", "http://p:1"),
        ({"https_proxy": "p:1"}, "https://api.example", "http://p:1"),
        ({"ALL_PROXY": "http://p:1"}, "https://api.example", "http://p:1"),
        ({"HTTP_PROXY": "http://p:1"}, "https://api.example", None),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": ".example"}, "https://api.example", None),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "*"}, "https://api.example", None),
        ({"HTTP_PROXY": "http://p:1", "NO_PROXY": "127.0.0.1"}, "http://127.0.0.1:9", None),
    ],
)
def test_which_proxy_it_is(
    variables: dict[str, str], root: str, proxy: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert proxy_for(root) == proxy


def test_a_proxy_that_cannot_be_used_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://p:1")
    with pytest.raises(RuntimeError, match="socks5"):
        AiohttpRequest("https://api.example")


async def test_a_call_may_bring_a_timeout_of_its_own() -> None:
    over = asyncio.Event()

    async def never(request: web.BaseRequest) -> web.Response:
        await over.wait()
        return web.Response()

    async with serving(never) as root, AiohttpRequest(root, read_timeout=None) as request:
        with pytest.raises(TimedOut) as late:
            await request.post(f"{root}/bot{TOKEN}/getMe", read_timeout=0.05)
        over.set()
    assert isinstance(late.value.__cause__, aiohttp.SocketTimeoutError)


async def test_no_error_shows_the_token(
    server: Server, unused_tcp_port: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    refusing = f"http://127.0.0.1:{unused_tcp_port}"
    answers: list[tuple[str, Any]] = [
        (refusing, None),
        ("http://nowhere.invalid", None),
        (server.url, web.Response(status=302, headers={"Location": "/"})),
        (server.url, web.Response(status=502, text="<html>")),
        (server.url, web.Response(status=200, headers={"Content-Encoding": "gzip"}, body=b"x")),
    ]
    for root, answer in answers:
        server.answer = answer
        async with AiohttpRequest(root) as request:
            with pytest.raises(TelegramError) as raised:
                await request.post(f"{root}/bot{TOKEN}/sendMessage")
        shown = "".join(traceback.format_exception(raised.value))
        assert TOKEN not in shown, answer
    assert TOKEN not in caplog.text
