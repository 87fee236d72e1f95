"""The outbox worker: claim -> compose -> (look) -> render -> send or edit -> settle."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import structlog

from bot.channels.base import Channel
from bot.channels.pacer import before_wire
from bot.delivery.breaker import Breaker
from bot.delivery.hands import USUAL, Hands, Window
from bot.domain.contacts import Contact, ContactState
from bot.domain.delivery import Look, Step, next_step
from bot.domain.faults import DatabaseDown
from bot.domain.forms import Rendered
from bot.domain.living import says
from bot.domain.notices import Claimed
from bot.domain.sending import (
    CannotLook,
    Gone,
    InDoubt,
    MessageLost,
    Moved,
    NotSent,
    Rejected,
    RetryAfter,
    SendError,
    Unchanged,
    Withdrawn,
)
from bot.domain.telemetry import SILENT, Telemetry
from bot.domain.telling import NoticeData
from bot.domain.way import Way
from bot.services.engine.bell import Bell
from bot.services.outbox.composing import Composed, Composing, Drop
from bot.services.outbox.settling import Settling

log = structlog.get_logger(__name__)

Render = Callable[[str, NoticeData], Rendered]  # in the form that the way's channel takes

LOOK_AGAIN = 1.0  # seconds: what another process queued is seen at the latest by then
PATIENCE = 1.0  # seconds that a message in its turn waits for a platform that does not answer
DATABASE_AGAIN = 0.5  # seconds between two tries to write down what is known


def shown(rendered: Rendered) -> str:
    """A hash of what a message shows, to see whether an edit would change anything."""
    return hashlib.sha256(repr(rendered.visible).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class OutboxWorker:
    """Empties the outbox of one way. It decides nothing and changes no state itself."""

    way: Way
    channel: Channel[Any]
    settling: Settling
    composing: Composing
    render: Render
    bell: Bell
    window: Window = USUAL
    hands: Hands = field(default_factory=Hands)
    telemetry: Telemetry = SILENT
    breaker: Breaker = field(default_factory=Breaker)

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set; then what is on the wire is waited for, the rest given back."""
        wake = Bell()
        told = -1  # rings of the bell: what was queued before the start is news too
        with wake.follow(self.bell):
            while not stop.is_set():
                # Noted before it looks: what rings while it looks is not slept through.
                heard, news = wake.rings, self.bell.rings != told
                told = self.bell.rings
                if not await self._take(wake, look_first=not news):
                    await wake.wait(stop, heard, LOOK_AGAIN)
                self.hands.raise_failures()
        await self._put_down()

    async def _put_down(self) -> None:
        await self.breaker.close()
        held = await self.hands.let_go()
        with suppress(DatabaseDown):  # then its lease ends by itself
            await self.settling.release(held)

    async def _take(self, wake: Bell, *, look_first: bool) -> bool:
        """Claim what there is room for and start on it; False when there was nothing to do."""
        ask = self.hands.room(self.window)
        if ask is None or not await self.breaker.ready(LOOK_AGAIN):
            return False
        try:
            claimed = await self.settling.claim(
                self.way.name, ask.limit, ask.last, look_first=look_first
            )
        except DatabaseDown:  # said by the database itself; what is in work goes on
            return False
        if not claimed:
            return False
        for notice, composed in zip(claimed, await self._compose(claimed), strict=True):
            # A task for each: one that waits for its chat's turn holds up no other chat.
            task = asyncio.create_task(self.guarded(notice, composed))
            task.add_done_callback(lambda _: wake.ring())
            self.hands.hold(notice, task)
        return True

    async def _compose(self, claimed: Sequence[Claimed]) -> Sequence[Composed | Drop | None]:
        """All at once; if one of them cannot be composed, each by itself (None)."""
        (composed,) = await asyncio.gather(
            self.composing.compose_many(claimed), return_exceptions=True
        )
        return [None] * len(claimed) if isinstance(composed, BaseException) else composed

    async def guarded(self, notice: Claimed, composed: Composed | Drop | None = None) -> None:
        """One notice that cannot be told must not stop the others: recorded, and tried again."""
        try:
            await self.deliver(notice, composed)
        except Withdrawn:
            log.info("notice withdrawn", notice=notice.id, kind=notice.kind)
        except DatabaseDown:  # before anything left: what is known afterwards is kept (_written)
            await _written(partial(self.settling.release, [notice]))
        except Exception as error:  # the outbox worker's catch-all: DESIGN section 4
            log.exception("notice failed", notice=notice.id, kind=notice.kind)
            self.telemetry.failed(self.way.name, error)
            await _written(partial(self.settling.broken, notice))
        finally:
            self.hands.answered(notice, well=False)

    async def deliver(self, notice: Claimed, composed: Composed | Drop | None = None) -> None:
        """Tell one notice, or find that it need not be told, and settle it.

        Raises Withdrawn when it was dropped while it waited for its turn.
        """
        composed = composed or await self.composing.compose(notice)
        if isinstance(composed, Drop):
            await _written(partial(self.settling.dropped, notice, composed))
            log.info("notice dropped", notice=notice.id, reason=composed.reason)
            return
        try:
            await self._tell(notice, composed)
            # A channel that nobody invited the bot to: something arrived there, so somebody has
            # now.
            if composed.contact.state is not ContactState.ACTIVE:
                await _written(partial(self.settling.in_reach, composed.contact))
        except SendError as error:
            # Errors of the connection only: a refusal is an answer, and shows that the platform is
            # there.
            if isinstance(error, InDoubt | NotSent):
                self.breaker.failed()
            self.telemetry.failed(self.way.name, error)
            name = type(error).__name__
            log.info("notice not sent", notice=notice.id, error=name, detail=str(error))
            await _written(partial(self._handle, notice, composed, error))

    async def _tell(self, notice: Claimed, composed: Composed) -> None:
        step = next_step(shown=self._edits(composed), doubtful=notice.doubtful)
        match step:
            case Step.EDIT:
                await self._edit(notice, composed)
            case Step.LOOK:
                await self._look(notice, composed)
            case _:
                await self._post(notice, composed)

    def _edits(self, composed: Composed) -> bool:
        """Whether there is a message that can be changed; where none can, a new one is posted."""
        return composed.message is not None and self.way.can_edit

    async def _look(self, notice: Claimed, composed: Composed) -> None:
        """An earlier send may have arrived: ask the platform, and do what follows from that."""
        ref, look = await self._found(notice, composed.contact)
        step = next_step(shown=False, doubtful=notice.doubtful, look=look)
        log.info("notice in doubt", notice=notice.id, look=look, step=step)
        match step:
            case Step.SETTLE:
                await _written(partial(self.settling.sent, notice, composed.contact, ref, ""))
            case Step.POST_ANEW:
                await self.deliver(await self.settling.not_there(notice))
            case Step.REPEAT:
                await self._post(notice, composed)
            case _:
                await _written(partial(self.settling.uncertain, notice))

    async def _found(self, notice: Claimed, contact: Contact) -> tuple[str, Look]:
        """Where the platform shows it, if it does. Raises SendError when it does not answer."""
        if not self.way.can_look_up:
            return "", Look.CANNOT_TELL
        since = notice.wired_at or notice.created_at
        try:
            ref = await self.channel.find(contact.address.value, notice.id, since)
        except CannotLook as error:
            log.debug("cannot look", notice=notice.id, reason=str(error))
            return "", Look.CANNOT_TELL
        except InDoubt as error:  # of the question, not of the message
            raise NotSent(str(error)) from error
        return (ref, Look.FOUND) if ref else ("", Look.NOT_THERE)

    async def _post(self, notice: Claimed, composed: Composed) -> None:
        rendered = self._rendered(notice, composed)

        intended = False

        async def leaves() -> None:
            nonlocal intended
            await self._wire_is_free(notice)
            # Once for all its requests (the plain form after a refused one, the parts of a long
            # message): a second intent would find the first one's attempt and withdraw the notice.
            if not intended:
                await self.settling.on_wire(notice)
                intended = True

        with before_wire(leaves):
            ref = await self.channel.send(composed.contact.address.value, rendered, notice.lane)
        arrived = partial(self.settling.sent, notice, composed.contact, ref, shown(rendered))
        await _written(partial(arrived, says(composed.data)))
        self.hands.answered(notice, well=True)

    async def _edit(self, notice: Claimed, composed: Composed) -> None:
        rendered, message = self._rendered(notice, composed), composed.message
        if message is None:
            raise ValueError("there is no message to edit")
        # An edit that shows the same costs a turn, and Telegram answers it with an error.
        changed = message.shown != shown(rendered)
        if changed:

            async def leaves() -> None:
                await self._wire_is_free(notice)

            with before_wire(leaves):
                await self.channel.edit(
                    composed.contact.address.value, message.ref, rendered, notice.lane
                )
        edited = partial(self.settling.edited, notice, message.id, shown(rendered))
        await _written(partial(edited, changed=changed, says=says(composed.data)))

    async def _wire_is_free(self, notice: Claimed) -> None:
        """Its turn has come. Raises NotSent when the platform does not answer anybody now."""
        if not await self.breaker.ready(PATIENCE):
            raise NotSent("the platform does not answer")
        await self.hands.leaves(notice)

    def _rendered(self, notice: Claimed, composed: Composed) -> Rendered:
        return self.render(composed.contact.language, composed.data).marked(notice.id)

    async def _handle(self, notice: Claimed, composed: Composed, error: SendError) -> None:
        """Do what the error says; the policy itself is pure (domain.delivery)."""
        message = composed.message
        match error:
            case RetryAfter():
                await self.settling.later(notice, error.seconds)
            case InDoubt() if not self._edits(composed):
                await self.settling.in_doubt(notice)
            case Gone():
                await self.settling.gone(notice, composed.contact, error.state)
            case Moved():
                await self.settling.moved(notice, composed.contact, error.new_address)
            case Unchanged() if message is not None:
                now_shown = shown(self._rendered(notice, composed))
                now_says = says(composed.data)
                await self.settling.edited(
                    notice, message.id, now_shown, changed=False, says=now_says
                )
            case MessageLost():
                await self.settling.message_lost(notice, composed)
            case Rejected():
                await self.settling.rejected(notice, str(error))
            case NotSent() | _:  # an edit in doubt too: making it again changes nothing
                await self.settling.not_sent(notice)


async def _written(write: Callable[[], Awaitable[object]]) -> None:
    """An answer of a platform is known only here: it is kept until the database takes it."""
    while True:
        try:
            await write()
        except DatabaseDown:
            await asyncio.sleep(DATABASE_AGAIN)
        else:
            return
