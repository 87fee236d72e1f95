"""The way of one API request through the sandbox: latency, planned failures, the log."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from bot.sandbox.failures import Failure
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

    @property
    def retry_after(self) -> int | None:
        """Seconds to wait, as the client is told."""
        if self.status != 429:
            return None
        told = (self.body.get("parameters") or {}).get("retry_after")
        return int(told or (self.headers or {}).get("Retry-After") or 0)


Work = Callable[[], Awaitable[Reply]]
Refusal = Callable[[Failure], Reply]


def cut(request: web.Request) -> web.Response:
    """Closes the connection without an answer."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)


async def pass_through(world: World, call: Call, work: Work, refusal: Refusal) -> web.Response:
    """Runs `work` unless a failure comes first, and logs what the bot got.

    A request that was read is worked off though its client died meanwhile, as on the platforms:
    what left is accepted.
    """
    began = time.monotonic()
    one_way = world.faults.chances[call.platform].latency() / 2
    if one_way:
        await asyncio.sleep(one_way)
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
            "retry_after": reply.retry_after,
            "dropped": dropped,
        }
    )
    if call.method != "getUpdates":
        world.changes.bump()
    if one_way:
        await asyncio.sleep(one_way)
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
