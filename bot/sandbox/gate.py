"""The way of one API request through the sandbox: latency, planned failures, the log."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from bot.sandbox.faults import Failure
from bot.sandbox.state import Json, World

SECRET_PARAMS = ("token", "secret_token")


@dataclass
class Call:
    """A request whose method and parameters are known."""

    platform: str
    method: str
    chat: str
    params: Json
    request: web.Request


@dataclass
class Reply:
    status: int
    body: Json
    headers: dict[str, str] | None = None

    @property
    def ok(self) -> bool:
        return bool(self.body.get("ok"))


Work = Callable[[], Awaitable[Reply]]
Refusal = Callable[[Failure], Reply]


def cut(request: web.Request) -> web.Response:
    """Closes the connection without an answer."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)


async def pass_through(world: World, call: Call, work: Work, refusal: Refusal) -> web.Response:
    """Runs `work` unless a planned failure comes first, and logs what the bot got."""
    began = time.monotonic()
    latency = world.faults.get(call.platform, "latency_ms") / 1000
    if latency:
        await asyncio.sleep(latency)
    failure = world.faults.take(call.platform, call.method, call.chat)
    reply, dropped = await _outcome(failure, work, refusal)
    world.log.add(
        {
            "t": began,
            "platform": call.platform,
            "method": call.method,
            "chat": call.chat,
            "params": {k: v for k, v in call.params.items() if k not in SECRET_PARAMS},
            "status": reply.status,
            "ok": reply.ok,
            "error": None if reply.ok else reply.body.get("description", reply.body.get("error")),
            "dropped": dropped,
        }
    )
    if call.method != "getUpdates":
        world.changes.bump()
    if dropped:
        return cut(call.request)
    return web.json_response(reply.body, status=reply.status, headers=reply.headers)


async def _outcome(
    failure: Failure | None, work: Work, refusal: Refusal
) -> tuple[Reply, str | None]:
    if failure is None:
        return await work(), None
    if failure.drop_before:
        return Reply(0, {"ok": False}), "before"
    if failure.drop_after:
        return await work(), "after"
    return refusal(failure), None
