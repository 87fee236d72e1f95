"""The platforms, outside of the process, with time and chance; the channels that reach them."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from random import Random
from typing import Protocol

from bot.channels.pacer import Pacer
from bot.domain.notices import Lane
from bot.domain.sending import InDoubt, NotSent, RetryAfter, SendError
from tests.support.wire import Fate, Request, Wire, WireChannel

LIMIT = 30  # requests in any second that a platform takes from one account
# What may happen to a request in times of trouble, and how often.
FATES = {
    Fate.REFUSED_CONNECTION: 3,
    Fate.LOST_BEFORE: 3,
    Fate.LOST_AFTER: 4,
    Fate.TOO_MANY: 4,
    Fate.SLOW: 3,
    Fate.REJECTED: 1,
    Fate.DELETED: 1,
}


Answer = asyncio.Future[str | SendError]


@dataclass(slots=True)
class Hold:
    """The platform asked to wait, and the process of this life heard it.

    `kept`: it had the time to write that down, so that the next life knows too.
    """

    heard: float
    until: float
    life: int
    key: str
    kept: bool = False


class Sight(Protocol):
    """What a platform and its channel need of the world."""

    dice: Random

    @property
    def rough(self) -> float:
        """How likely a request meets trouble now."""
        ...

    def note(self, event: str) -> None: ...

    def later(self, seconds: float, call: Callable[[], None]) -> None: ...

    def moment(self, what: str) -> Awaitable[None]: ...

    @property
    def now(self) -> float: ...

    @property
    def life(self) -> int: ...


@dataclass(kw_only=True)
class Server(Wire):
    """A wire on which requests travel, and meet trouble by chance."""

    world: Sight
    requests: list[Request] = field(default_factory=list)
    holds: list[Hold] = field(default_factory=list)
    doubtful: defaultdict[int, int] = field(default_factory=lambda: defaultdict(int))

    async def take(self, request: Request) -> str:
        """Send a request and wait for the answer, as the process does. Raises SendError."""
        await self.world.moment(f"{request.action} leaves")
        fate = self._fate(request)
        self.requests.append(request)
        self.world.note(f"{self.way} {request.action} {request.chat} {request.notice} {fate}")
        answer: Answer = asyncio.get_running_loop().create_future()
        there, back = (self.world.dice.uniform(0.01, 0.3) for _ in range(2))
        if fate is Fate.REFUSED_CONNECTION:
            self._answer(answer, there, NotSent("connection refused"))
        elif fate is Fate.LOST_BEFORE:
            self._lose(answer, request)
        else:
            self.world.later(there, lambda: self._arrives(request, fate, back, answer))
        result = await answer
        await self.world.moment(f"{request.action} answered")
        if isinstance(result, SendError):
            raise result
        return result

    def _fate(self, request: Request) -> Fate:
        if self.world.dice.random() >= self.world.rough:
            return Fate.OK
        fate = self.world.dice.choices(list(FATES), list(FATES.values()))[0]
        if fate is Fate.DELETED and request.action != "edit":
            return Fate.OK
        return Fate.OK if fate is Fate.REJECTED and request.action == "find" else fate

    def _lose(self, answer: Answer, request: Request) -> None:
        """The connection is cut, or nobody answers for a while."""
        if request.action == "post":
            self.doubtful[request.notice] += 1
        after = self.world.dice.choice((0.1, 10.0))
        self._answer(answer, after, InDoubt("no answer"))

    def _answer(self, answer: Answer, after: float, result: str | SendError) -> None:
        """If anybody still waits for it."""

        def comes() -> None:
            if not answer.done():
                answer.set_result(result)

        self.world.later(after, comes)

    def _arrives(self, request: Request, fate: Fate, back: float, answer: Answer) -> None:
        wait = self.world.dice.choice((1, 2, 3, 7, 20, 60)) if fate is Fate.TOO_MANY else 0
        result = self.judge(request, fate, at=self.world.now, wait=wait)
        if fate is Fate.LOST_AFTER:
            self._lose(answer, request)
            return
        if fate is Fate.SLOW:
            back += self.world.dice.uniform(1, 9)
        self._answer(answer, back, result)

    def shown(self, ref: str, text: str) -> None:
        self.world.note(f"{ref} for {self.messages[ref].chat} shows: {text}")


@dataclass(frozen=True, slots=True)
class SimChannel(WireChannel):
    """The pacer, and what it calls just before a request leaves, are the real ones."""

    server: Server
    pacer: Pacer

    @property
    def wire(self) -> Wire:
        return self.server

    async def ask(
        self, action: str, chat: str, lane: Lane, notice: int, text: str = "", ref: str = ""
    ) -> str:
        key, world = key_of(self.server, action, chat), self.server.world
        await self.pacer.turn(key, lane)
        request = Request(world.now, world.life, action, chat, notice, text, ref)
        try:
            return await self.server.take(request)
        except RetryAfter as later:
            hold = Hold(world.now, world.now + later.seconds, world.life, key)
            self.server.holds.append(hold)
            await self.pacer.refused(key, later.seconds)
            hold.kept = True
            raise


def key_of(server: Server, action: str, chat: str) -> str:
    """What the platform counts such a request by."""
    if not server.shows_history or action in ("post", "answer"):
        return chat
    return {"edit": "method:chat.update"}.get(action, "method:conversations.history")
