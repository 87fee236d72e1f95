"""Incoming updates: the queue, long polling and the web hook.

https://core.telegram.org/bots/api#getting-updates
"""

import asyncio
from dataclasses import dataclass
from typing import Any

import aiohttp

from bot.sandbox.state import Json, World

# https://core.telegram.org/bots/api#getupdates "all update types except ..." is the default
NOT_BY_DEFAULT = {"chat_member", "message_reaction", "message_reaction_count"}
# https://core.telegram.org/bots/api#getting-updates "not be kept longer than 24 hours"
KEPT_SECONDS = 24 * 3600


@dataclass
class Pending:
    update: Json
    at: float
    chat: int
    times: int = 1  # deliveries still to make; over 1 only to test a bot with repeats
    attempts: int = 0
    in_flight: bool = False
    not_before: float = 0.0

    @property
    def id(self) -> int:
        return int(self.update["update_id"])


@dataclass
class Hook:
    url: str
    secret: str = ""
    max_connections: int = 40
    last_error_date: int | None = None
    last_error: str = ""


def chat_of(payload: Json) -> int:
    message = payload.get("message") if isinstance(payload.get("message"), dict) else payload
    chat = (message or {}).get("chat") or payload.get("from") or {}
    return int(chat.get("id", 0))


class UpdateQueue:
    """Updates that the bot has not confirmed yet."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.pending: list[Pending] = []
        self.allowed: list[str] = []
        self.hook: Hook | None = None
        self.next_id = 100_000_000 + world.now() % 100_000_000
        self.poller: asyncio.Event | None = None
        self.polled = False
        self._more = asyncio.Event()

    def add(self, kind: str, payload: Json, *, times: int = 1) -> int:
        """The new update's id; it is not kept if the bot did not ask for its kind."""
        self.next_id += 1
        update = {"update_id": self.next_id, kind: payload}
        wanted = kind in self.allowed if self.allowed else kind not in NOT_BY_DEFAULT
        if wanted:
            times = max(times, self.world.faults.chances["telegram"].deliveries(kind))
            self.pending.append(Pending(update, self.world.clock(), chat_of(payload), times))
            self.wake()
        return self.next_id

    def wake(self) -> None:
        self._more.set()
        self._more = asyncio.Event()

    async def more(self, seconds: float) -> bool:
        """Waits until something may have changed; false when the time ran out."""
        try:
            # not wait_for(): in Python 3.11 it loses a cancellation that comes with the result
            async with asyncio.timeout(seconds):
                await self._more.wait()
        except TimeoutError:
            return False
        return True

    def expire(self) -> None:
        oldest = self.world.clock() - KEPT_SECONDS
        self.pending = [p for p in self.pending if p.at > oldest]

    def confirm(self, offset: int) -> None:
        """https://core.telegram.org/bots/api#getupdates: `offset` confirms all before it, a
        negative one keeps that many from the end, "all previous updates will be forgotten".

        What is to be delivered several times comes again, as if the word had not arrived."""
        if offset < 0:
            self.pending = self.pending[offset:]
        elif offset > 0:
            known = [p for p in self.pending if p.id < offset]
            for one in known:
                one.times -= 1
            self.pending = [p for p in self.pending if p.id >= offset or p.times > 0]

    async def poll(self, offset: int, limit: int, seconds: float) -> list[Json] | None:
        """None when another poll took over (the caller answers 409)."""
        self.take_over()
        if not self.polled:
            self.polled = True
            self.world.changes.bump()
        mine = self.poller = asyncio.Event()
        self.confirm(offset)
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while not self.pending and not mine.is_set() and not self.world.closing.is_set():
            if loop.time() >= end or not await self.more(end - loop.time()):
                break
        if mine.is_set():
            return None
        self.poller = None
        self.expire()
        return [p.update for p in self.pending[:limit]]

    def take_over(self) -> None:
        if self.poller is not None:
            self.poller.set()
            self.poller = None
            self.wake()


class HookSender:
    """Posts pending updates to the web hook: in order within a chat, chats side by side."""

    def __init__(self, world: World, answer: Any) -> None:
        self.world = world
        self.answer = answer  # runs a method that the bot put into its HTTP answer
        self.tasks: set[asyncio.Task[None]] = set()

    async def run(self, session: aiohttp.ClientSession, queue: UpdateQueue) -> None:
        """For ever."""
        while True:
            queue.expire()
            pause = self._start_due(session, queue)
            await queue.more(pause)

    def _start_due(self, session: aiohttp.ClientSession, queue: UpdateQueue) -> float:
        if queue.hook is None:
            return 60.0
        now, pause = asyncio.get_running_loop().time(), 60.0
        busy = {p.chat for p in queue.pending if p.in_flight}
        for item in queue.pending:
            if item.chat in busy or len(self.tasks) >= queue.hook.max_connections:
                continue
            busy.add(item.chat)
            if item.not_before > now:
                pause = min(pause, item.not_before - now)
                continue
            item.in_flight = True
            task = asyncio.create_task(self._deliver(session, queue, queue.hook, item))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)
        return pause

    async def _deliver(
        self, session: aiohttp.ClientSession, queue: UpdateQueue, hook: Hook, item: Pending
    ) -> None:
        problem, reply = await self._post(session, hook, item)
        item.in_flight = False
        item.attempts += 1
        if problem:
            hook.last_error_date, hook.last_error = self.world.now(), problem
            delays = self.world.faults.get("telegram", "webhook_retry_s")
            delay = delays[min(item.attempts, len(delays)) - 1]
            item.not_before = asyncio.get_running_loop().time() + delay
        else:
            item.times -= 1
            if item.times < 1 and item in queue.pending:
                queue.pending.remove(item)
        self.world.changes.bump()
        if reply and "method" in reply:
            await self.answer(reply.pop("method"), reply)
        queue.wake()

    async def _post(
        self, session: aiohttp.ClientSession, hook: Hook, item: Pending
    ) -> tuple[str, Json | None]:
        # https://core.telegram.org/bots/api#setwebhook secret_token
        headers = {"X-Telegram-Bot-Api-Secret-Token": hook.secret} if hook.secret else {}
        try:
            async with session.post(hook.url, json=item.update, headers=headers) as answer:
                body = await answer.read()
                if not 200 <= answer.status < 300:
                    return f"Wrong response from the webhook: {answer.status} {answer.reason}", None
                is_json = answer.content_type == "application/json" and body.startswith(b"{")
                return "", await answer.json() if is_json else None
        except (aiohttp.ClientError, TimeoutError) as error:
            return f"Connection failed: {type(error).__name__}", None
