"""The platforms as they are, outside of the process, and the channels with which it reaches them.

What a platform accepted is what people see; the checks believe nothing else.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Protocol

from bot.channels.pacer import Pacer
from bot.domain.contacts import ContactState
from bot.domain.notices import Lane, Rendered
from bot.domain.sending import (
    CannotLook,
    Gone,
    InDoubt,
    MessageLost,
    NotSent,
    Rejected,
    RetryAfter,
    SendError,
    Unchanged,
)
from bot.domain.ways import WayName

LIMIT = 30  # requests in any second that a platform takes from one account
# What may happen to a request in times of trouble, and how often.
FATES = {
    "refused_connection": 3,
    "lost_before": 3,
    "lost_after": 4,
    "too_many": 4,
    "slow": 3,
    "rejected": 1,
    "deleted": 1,
}


Answer = asyncio.Future[str | SendError]


@dataclass(slots=True)
class Message:
    """What a chat shows. `notice`: whose message it is, 0 for an answer."""

    ref: str
    chat: str
    notice: int
    at: float
    shows: list[str]
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """One that left the process: `action` is post, edit, find or answer."""

    left: float
    life: int
    action: str
    chat: str
    notice: int
    text: str = ""
    ref: str = ""


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


@dataclass
class Server:
    """One platform. `shows_history`: whoever asks sees what was posted."""

    way: WayName
    world: Sight
    shows_history: bool
    messages: dict[str, Message] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    holds: list[Hold] = field(default_factory=list)
    blocked: set[str] = field(default_factory=set)
    rejected: set[int] = field(default_factory=set)
    doubtful: defaultdict[int, int] = field(default_factory=lambda: defaultdict(int))

    async def take(self, request: Request) -> str:
        """Send a request and wait for the answer, as the process does. Raises SendError."""
        await self.world.moment(f"{request.action} leaves")
        fate = self._fate(request)
        self.requests.append(request)
        self.world.note(f"{self.way} {request.action} {request.chat} {request.notice} {fate}")
        answer: Answer = asyncio.get_running_loop().create_future()
        there, back = (self.world.dice.uniform(0.01, 0.3) for _ in range(2))
        if fate == "refused_connection":
            self._answer(answer, there, NotSent("connection refused"))
        elif fate == "lost_before":
            self._lose(answer, request)
        else:
            self.world.later(there, lambda: self._arrives(request, fate, back, answer))
        result = await answer
        await self.world.moment(f"{request.action} answered")
        if isinstance(result, SendError):
            raise result
        return result

    def _fate(self, request: Request) -> str:
        if self.world.dice.random() >= self.world.rough:
            return "ok"
        fate = self.world.dice.choices(list(FATES), list(FATES.values()))[0]
        if fate == "deleted" and request.action != "edit":
            return "ok"
        return "ok" if fate == "rejected" and request.action == "find" else fate

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

    def _arrives(self, request: Request, fate: str, back: float, answer: Answer) -> None:
        result = self._judge(request, fate)
        if fate == "lost_after":
            self._lose(answer, request)
            return
        if fate == "slow":
            back += self.world.dice.uniform(1, 9)
        self._answer(answer, back, result)

    def _judge(self, request: Request, fate: str) -> str | SendError:
        if fate == "too_many":
            return RetryAfter(self.world.dice.choice((1, 2, 3, 7, 20, 60)))
        if request.chat in self.blocked:
            return Gone(ContactState.BLOCKED)
        if fate == "rejected":
            self.rejected.add(request.notice)
            return Rejected("bad request")
        if request.action == "find":
            return self._found(request)
        return self._edit(request, fate) if request.action == "edit" else self._post(request)

    def _post(self, request: Request) -> str:
        ref = f"{self.way}.{len(self.messages) + 1}"
        message = Message(ref, request.chat, request.notice, self.world.now, [request.text])
        self.messages[ref] = message
        self.world.note(f"{self.way} shows {ref} to {request.chat}: {request.text}")
        return ref

    def _edit(self, request: Request, fate: str) -> str | SendError:
        message = self.messages[request.ref]
        message.deleted |= fate == "deleted"
        if message.deleted:
            return MessageLost("message to edit not found")
        if message.shows[-1] == request.text:
            return Unchanged("message is not modified")
        message.shows.append(request.text)
        self.world.note(f"{self.way} shows in {request.ref}: {request.text}")
        return request.ref

    def _found(self, request: Request) -> str:
        shown = (m for m in self.messages.values() if not m.deleted)
        of = (message.ref for message in shown if message.notice == request.notice)
        return next(of, "")


@dataclass(frozen=True, slots=True)
class SimChannel:
    """A Channel; the pacer, and what it calls just before a request leaves, are the real ones."""

    server: Server
    pacer: Pacer

    async def send(self, address: str, rendered: Rendered, lane: Lane) -> str:
        notice = int(rendered.metadata.get("notice_id", 0))
        action = "post" if notice else "answer"
        return await self._ask(action, address, lane, (address,), notice, rendered.text)

    async def edit(self, address: str, ref: str, rendered: Rendered, lane: Lane) -> None:
        notice = int(rendered.metadata.get("notice_id", 0))
        keys = ("method:chat.update",) if self.server.shows_history else (address,)
        await self._ask("edit", address, lane, keys, notice, rendered.text, ref)

    async def find(self, address: str, notice_id: int, since: datetime) -> str | None:
        if not self.server.shows_history:
            raise CannotLook(f"no history since {since}")
        keys = ("method:conversations.history",)
        return await self._ask("find", address, Lane.ALERT, keys, notice_id) or None

    async def _ask(
        self, action: str, chat: str, lane: Lane, keys: tuple[str, ...], notice: int,
        text: str = "", ref: str = "",
    ) -> str:  # fmt: skip
        await self.pacer.turn(keys[0], lane, *keys[1:])
        world = self.server.world
        request = Request(world.now, world.life, action, chat, notice, text, ref)
        try:
            return await self.server.take(request)
        except RetryAfter as later:
            hold = Hold(world.now, world.now + later.seconds, world.life, keys[0])
            self.server.holds.append(hold)
            await self.pacer.refused(keys[0], later.seconds)
            hold.kept = True
            raise
