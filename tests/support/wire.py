"""What a platform is to the simulation and to the machine of the ledger: it takes, refuses, shows.

It knows neither time nor chance: whoever owns a wire says what becomes of each request, its Fate.
What a wire shows is what people see; the checks believe nothing else.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum, auto

from bot.domain.contacts import ContactState
from bot.domain.forms import SlackBlocks
from bot.domain.notices import Lane
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


class Fate(StrEnum):
    """What may become of a request."""

    OK = auto()
    REFUSED_CONNECTION = auto()  # it certainly did not arrive
    LOST_BEFORE = auto()  # it did not arrive, and nobody says so
    LOST_AFTER = auto()  # it was accepted, and nobody says so
    TOO_MANY = auto()
    SLOW = auto()  # accepted, and the answer takes its time
    REJECTED = auto()
    DELETED = auto()  # somebody deletes the message just before the edit
    BLOCKED = auto()


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


@dataclass(kw_only=True)
class Wire:
    """One platform. `shows_history`: whoever asks sees what was posted."""

    way: WayName
    shows_history: bool
    messages: dict[str, Message] = field(default_factory=dict)
    blocked: set[str] = field(default_factory=set)
    rejected: set[int] = field(default_factory=set)

    def judge(
        self, request: Request, fate: Fate, *, at: float = 0.0, wait: float = 3
    ) -> str | SendError:
        """What arrived is accepted or refused; `at` is when, `wait` what a 429 asks for."""
        if fate is Fate.TOO_MANY:
            return RetryAfter(wait)
        if fate is Fate.BLOCKED or request.chat in self.blocked:
            return Gone(ContactState.BLOCKED)
        if fate is Fate.REJECTED:
            self.rejected.add(request.notice)
            return Rejected("bad request")
        if request.action == "find":
            return self._found(request)
        if request.action == "edit":
            return self._edit(request, deleted=fate is Fate.DELETED)
        return self._post(request, at)

    def answer(self, request: Request, fate: Fate) -> str:
        """The whole way there and back at once. Raises SendError."""
        if fate is Fate.REFUSED_CONNECTION:
            raise NotSent("connection refused")
        if fate is Fate.LOST_BEFORE:
            raise InDoubt("no answer")
        result = self.judge(request, fate)
        if fate is Fate.LOST_AFTER:
            raise InDoubt("no answer")
        if isinstance(result, SendError):
            raise result
        return result

    def shown(self, ref: str, text: str) -> None:
        """A message shows this from now on; whoever keeps books hears of it here."""

    def _post(self, request: Request, at: float) -> str:
        ref = f"{self.way}.{len(self.messages) + 1}"
        self.messages[ref] = Message(ref, request.chat, request.notice, at, [request.text])
        self.shown(ref, request.text)
        return ref

    def _edit(self, request: Request, *, deleted: bool) -> str | SendError:
        message = self.messages[request.ref]
        message.deleted |= deleted
        if message.deleted:
            return MessageLost("message to edit not found")
        if message.shows[-1] == request.text:
            return Unchanged("message is not modified")
        message.shows.append(request.text)
        self.shown(message.ref, request.text)
        return message.ref

    def _found(self, request: Request) -> str:
        shown = (message for message in self.messages.values() if not message.deleted)
        of = (message.ref for message in shown if message.notice == request.notice)
        return next(of, "")


class WireChannel:
    """A Channel onto a wire; an heir says how a request waits for its turn and is answered."""

    async def send(self, address: str, rendered: SlackBlocks, lane: Lane) -> str:
        notice = int(rendered.metadata.get("notice_id", 0))
        action = "post" if notice else "answer"
        return await self.ask(action, address, lane, notice, rendered.text)

    async def edit(self, address: str, ref: str, rendered: SlackBlocks, lane: Lane) -> None:
        notice = int(rendered.metadata.get("notice_id", 0))
        await self.ask("edit", address, lane, notice, rendered.text, ref)

    async def find(self, address: str, notice_id: int, since: datetime) -> str | None:
        if not self.wire.shows_history:
            raise CannotLook(f"no history since {since}")
        return await self.ask("find", address, Lane.ALERT, notice_id) or None

    @property
    def wire(self) -> Wire:
        raise NotImplementedError

    async def ask(
        self, action: str, chat: str, lane: Lane, notice: int, text: str = "", ref: str = ""
    ) -> str:
        """The request's answer; raises SendError."""
        raise NotImplementedError
