import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from slack_sdk.errors import SlackApiError

from bot.channels.slack_client import (
    PUBLIC_API,
    PacedSlackClient,
    slack_pacer,
    slack_rate,
    slack_session,
)
from bot.domain.notices import Lane
from bot.domain.sending import RetryAfter

Json = dict[str, Any]


class Waits:
    """A clock whose sleeps are over at once and noted."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)


class Double:
    """A Slack that answers from a list and keeps what it was sent."""

    def __init__(self) -> None:
        self.answers: list[web.Response] = []
        self.seen: list[tuple[str, Json]] = []
        self.connections: set[Any] = set()
        self.url = ""

    async def handle(self, request: web.Request) -> web.Response:
        body = await request.json() if request.can_read_body else {}
        self.seen.append((request.path, body))
        self.connections.add(id(request.transport))
        if self.answers:
            return self.answers.pop(0)
        return web.json_response({"ok": True, "ts": "1.2", "channel": "C1"})

    async def start(self) -> web.AppRunner:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self.handle)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        return runner


@pytest.fixture
async def double() -> AsyncIterator[Double]:
    double = Double()
    runner = await double.start()
    yield double
    await runner.cleanup()


@pytest.fixture
def waits() -> Waits:
    return Waits()


@pytest.fixture
async def client(double: Double, waits: Waits) -> AsyncIterator[PacedSlackClient]:
    async with slack_session() as session:
        pacer = slack_pacer(waits, waits.sleep)
        yield PacedSlackClient("xoxb-1", pacer, session, f"{double.url}/api/")


def later(seconds: str | None = "7") -> web.Response:
    headers = {} if seconds is None else {"Retry-After": seconds}
    return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers=headers)


async def test_all_requests_share_their_connections(
    double: Double, client: PacedSlackClient
) -> None:
    for _ in range(3):
        await client.auth_test()
    await client.respond(f"{double.url}/response/1", {"text": "hello"})
    assert len(double.connections) == 1


async def test_a_channel_gets_one_post_a_second(client: PacedSlackClient, waits: Waits) -> None:
    for _ in range(3):
        await client.call(Lane.ALERT, "chat.postMessage", json={"channel": "C1", "text": "x"})
    assert waits.now == pytest.approx(2)


async def test_edits_stay_within_fifty_a_minute(client: PacedSlackClient, waits: Waits) -> None:
    done = 0
    while waits.now < 60:
        await client.call(Lane.EDIT, "chat.update", json={"channel": "C1", "ts": "1", "text": "x"})
        done += 1
    assert 45 <= done <= 51  # the last one fell after the minute


async def test_a_short_wait_of_an_answer_is_sat_out(
    double: Double, client: PacedSlackClient, waits: Waits
) -> None:
    double.answers = [later("7")]
    await client.api_call("views.open", json={"trigger_id": "1"})
    assert waits.now == pytest.approx(7)
    assert len(double.seen) == 2


@pytest.mark.parametrize(("lane", "header"), [(Lane.ALERT, "7"), (Lane.REPLY, "60")])
async def test_any_other_wait_is_the_callers(
    double: Double, client: PacedSlackClient, lane: Lane, header: str
) -> None:
    double.answers = [later(header)]
    with pytest.raises(Exception, match="status: 429"):
        await client.call(lane, "chat.postMessage", json={"channel": "C1", "text": "x"})
    assert len(double.seen) == 1


@pytest.mark.parametrize("header", [None, "soon", "-1", "nan"])
async def test_a_429_without_a_number_still_holds(
    double: Double, client: PacedSlackClient, waits: Waits, header: str | None
) -> None:
    double.answers = [later(header)]
    with pytest.raises(SlackApiError, match="status: 429"):
        await client.call(Lane.ALERT, "chat.update", json={"channel": "C1"})
    with pytest.raises(RetryAfter) as later_still:
        await client.call(Lane.ALERT, "chat.update", json={"channel": "C1"})
    assert later_still.value.seconds == pytest.approx(30)
    waits.now += 29.5
    await client.call(Lane.ALERT, "chat.update", json={"channel": "C1"})
    assert waits.now == pytest.approx(30)


async def test_a_429_of_a_post_holds_the_channel_and_no_other(
    double: Double, client: PacedSlackClient
) -> None:
    double.answers = [later("60")]
    with pytest.raises(SlackApiError, match="status: 429"):
        await client.call(Lane.ALERT, "chat.postMessage", json={"channel": "C1", "text": "x"})
    for lane in (Lane.ALERT, Lane.REPLY):
        with pytest.raises(RetryAfter):
            await client.call(lane, "chat.postMessage", json={"channel": "C1", "text": "x"})
    await client.call(Lane.ALERT, "chat.postMessage", json={"channel": "C2", "text": "x"})
    assert [body["channel"] for _, body in double.seen] == ["C1", "C2"]


async def test_a_response_url_that_works(double: Double, client: PacedSlackClient) -> None:
    for answer in (web.Response(text="ok"), web.json_response({"ok": True})):
        double.answers = [answer]
        assert await client.respond(f"{double.url}/response/1", {"text": "hello"}) == ""
    assert double.seen[0] == ("/response/1", {"text": "hello"})


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        (web.Response(status=404, text="used_url"), "used_url"),
        (web.json_response({"ok": False, "error": "expired_url"}, status=404), "expired_url"),
        (web.json_response({"ok": False, "error": "invalid_blocks"}), "invalid_blocks"),
        (web.Response(status=400), "http_400"),
    ],
)
async def test_a_response_url_that_is_refused(
    double: Double, client: PacedSlackClient, answer: web.Response, word: str
) -> None:
    double.answers = [answer]
    assert await client.respond(f"{double.url}/response/1", {"text": "hello"}) == word


async def test_a_response_url_waits_after_a_429(
    double: Double, client: PacedSlackClient, waits: Waits
) -> None:
    double.answers = [later("5")]
    assert await client.respond(f"{double.url}/response/1", {"text": "hello"}) == ""
    assert waits.now == pytest.approx(5)


async def test_a_response_url_is_held_as_long_as_slack_says(
    double: Double, client: PacedSlackClient, waits: Waits
) -> None:
    double.answers = [later("60")]
    with pytest.raises(aiohttp.ClientResponseError, match="429"):
        await client.respond(f"{double.url}/response/1", {"text": "hello"})
    with pytest.raises(RetryAfter):
        await client.respond(f"{double.url}/response/1", {"text": "hello"})
    waits.now += 50
    assert await client.respond(f"{double.url}/response/1", {"text": "hello"}) == ""
    assert waits.now == pytest.approx(60)
    assert len(double.seen) == 2


async def test_a_response_url_of_a_slack_that_fails_raises(
    double: Double, client: PacedSlackClient
) -> None:
    double.answers = [web.Response(status=503)]
    with pytest.raises(aiohttp.ClientResponseError):
        await client.respond(f"{double.url}/response/1", {"text": "hello"})


async def test_with_another_api_address_nothing_goes_to_slack_itself(
    double: Double, client: PacedSlackClient
) -> None:
    assert await client.respond("https://hooks.slack.com/commands/T1/2", {"text": "hello"}) == ""
    assert double.seen == [("/commands/T1/2", {"text": "hello"})]


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with slack_session() as session:
        yield session


async def test_no_proxy_stands_before_this_machine(
    session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    here = PacedSlackClient("xoxb-1", slack_pacer(), session, "http://127.0.0.1:9/api/")
    there = PacedSlackClient("xoxb-1", slack_pacer(), session, PUBLIC_API)
    assert (here.proxy, there.proxy) == (None, "http://proxy.example:3128")


def test_the_tiers() -> None:
    for key, most in (("method:chat.update", 50), ("method:views.open", 100)):
        rate = slack_rate(key)
        assert rate.burst + 60 * rate.per_second <= most
        assert rate.slow, "a restart must not forget it"
    assert slack_rate("C1").per_second == 1
