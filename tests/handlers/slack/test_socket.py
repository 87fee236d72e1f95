import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import WSMsgType, web

from bot.channels.slack_client import PacedSlackClient, slack_pacer, slack_session
from bot.sandbox.server import Sandbox
from handlers.slack.socket import SlackSocket, SlackTokenRefused
from tests.handlers.slack.desk import APP_TOKEN, BOT_TOKEN, Desk, by_socket, free_port
from tests.support.shop import Shop


async def connections(sandbox: Sandbox, wanted: int) -> None:
    await sandbox.driver.wait(
        lambda state: state["slack"]["connections"] == wanted, 10, f"{wanted} connections"
    )


async def answers(desk: Desk) -> bool:
    return bool((await desk.person("cleo").command("/stock MUG-BLUE"))["acked"])


def slack_tasks() -> list[str]:
    """What slack_sdk and the socket have running."""
    running = (str(task.get_coro()) for task in asyncio.all_tasks())
    return [one for one in running if "SocketModeClient" in one or "SlackSocket" in one]


async def test_it_connects_and_leaves_nothing_behind(desk: Desk) -> None:
    async with by_socket(desk) as socket:
        assert socket.connected
        assert slack_tasks()
        assert await answers(desk)
    assert not socket.connected
    await connections(desk.sandbox, 0)
    assert slack_tasks() == []


async def test_when_slack_asks_for_a_new_connection_it_opens_one(desk: Desk) -> None:
    async with by_socket(desk):
        await desk.sandbox.slack.refresh()
        await desk.sandbox.driver.wait_for_requests("apps.connections.open", 2)
        await connections(desk.sandbox, 1)
        assert await answers(desk)


async def test_a_broken_connection_is_replaced(desk: Desk) -> None:
    async with by_socket(desk, look_every=0.05):
        await desk.sandbox.slack.disconnect()
        await desk.sandbox.driver.wait_for_requests("apps.connections.open", 2)
        await connections(desk.sandbox, 1)
        assert await answers(desk)


async def test_an_api_that_is_down_at_the_start_is_tried_again(desk: Desk) -> None:
    fault = {"method": "apps.connections.open", "status": 500, "times": 1}
    await desk.sandbox.driver.faults(slack={"fail_next": [fault]})
    async with by_socket(desk):
        assert await answers(desk)


async def test_a_refused_token_ends_it(desk: Desk) -> None:
    socket = SlackSocket(desk.side.app, "xapp-wrong", desk.client)
    with pytest.raises(SlackTokenRefused, match="SLACK_APP_TOKEN"):
        await socket.run(asyncio.Event())


async def test_no_server_at_all_does_not_hold_up_a_stop(desk: Desk) -> None:
    async with slack_session() as session:
        nobody = PacedSlackClient(
            BOT_TOKEN, slack_pacer(), session, f"http://127.0.0.1:{free_port()}/api/"
        )
        stop = asyncio.Event()
        running = asyncio.create_task(SlackSocket(desk.side.app, APP_TOKEN, nobody).run(stop))
        asyncio.get_running_loop().call_later(0.1, stop.set)
        await asyncio.wait_for(running, 2)


async def test_what_is_being_handled_at_the_stop_is_acknowledged(desk: Desk) -> None:
    stored, may_store = asyncio.Event(), asyncio.Event()
    accept = desk.shop.services.arriving.accept

    async def slow(source: str, key: str, sender: str, payload: dict[str, object]) -> object:
        stored.set()
        await may_store.wait()
        return await accept(source, key, sender, payload)

    desk.accept = slow  # type: ignore[method-assign,assignment]
    async with by_socket(desk):
        command = asyncio.create_task(desk.person("cleo").command("/stock MUG-BLUE"))
        await stored.wait()
        asyncio.get_running_loop().call_later(0.1, may_store.set)
    assert (await command)["acked"]


class Silent:
    """A Slack whose sockets say nothing after hello: no pongs, no close."""

    def __init__(self) -> None:
        self.opened = 0
        self.url = ""
        self.again = asyncio.Event()
        self.over = asyncio.Event()

    async def open(self, request: web.Request) -> web.Response:
        del request
        return web.json_response({"ok": True, "url": self.url.replace("http", "ws") + "/link"})

    async def link(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(autoping=False, autoclose=False)
        await socket.prepare(request)
        self.opened += 1
        if self.opened > 1:
            self.again.set()
        async with asyncio.timeout(20):
            while not self.over.is_set():
                message = await socket.receive()
                if message.type in (WSMsgType.CLOSED, WSMsgType.ERROR):
                    break
                if message.type is WSMsgType.CLOSE:
                    await self.over.wait()
        return socket


@asynccontextmanager
async def silent_slack() -> AsyncIterator[Silent]:
    silent = Silent()
    app = web.Application()
    app.router.add_post("/api/apps.connections.open", silent.open)
    app.router.add_get("/link", silent.link)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    silent.url = f"http://{host}:{port}"
    try:
        yield silent
    finally:
        silent.over.set()
        await runner.cleanup()


async def test_a_connection_that_went_silent_is_replaced(desk: Desk) -> None:
    async with silent_slack() as silent, slack_session() as session:
        client = PacedSlackClient(BOT_TOKEN, slack_pacer(), session, f"{silent.url}/api/")
        stop = asyncio.Event()
        socket = SlackSocket(desk.side.app, APP_TOKEN, client, ping=0.1, look_every=0.05)
        running = asyncio.create_task(socket.run(stop))
        await asyncio.wait_for(silent.again.wait(), 10)
        stop.set()
        await asyncio.wait_for(running, 5)


async def test_several_people_at_once_are_all_acknowledged(sandbox: Sandbox, desk: Desk) -> None:
    async with by_socket(desk):
        people = [desk.person(name) for name in ("ada", "cleo", "max", "vera")]
        acks = await asyncio.gather(*(person.command("/stock low") for person in people))
    assert all(ack["acked"] for ack in acks)


async def test_the_shop_survives_a_stop_in_the_middle(desk: Desk, shop: Shop) -> None:
    async with by_socket(desk):
        await desk.person("cleo").command("/stock MUG-BLUE +5")
    await desk.person("cleo").wait_for("25")
    assert len(await shop.rows("move")) == 2
