"""The outbox worker: claim -> compose -> render -> send or edit -> settle."""

import asyncio
import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import partial

import structlog

from bot.channels.base import Channel
from bot.channels.pacer import before_wire
from bot.domain.contacts import Contact, Platform
from bot.domain.delivery import Verdict, after_doubt
from bot.domain.notices import Claimed, Rendered
from bot.domain.sending import (
    Gone,
    InDoubt,
    MessageLost,
    Moved,
    NotSent,
    Rejected,
    RetryAfter,
    SendError,
    Unchanged,
)
from bot.domain.telling import NoticeData
from bot.services.bell import Bell
from bot.services.composing import Composed, Composing, Drop
from bot.services.settling import Settling

log = structlog.get_logger(__name__)

Render = Callable[[Platform, str, NoticeData], Rendered]

# Few on the wire at a time: these are what a crash leaves in doubt. Two fill 30/s at 60 ms each.
IN_FLIGHT = 4
LOOK_AGAIN = 1.0  # seconds: what another process queued is seen at the latest by then


def shown(rendered: Rendered) -> str:
    """A hash of what a message shows, to see whether an edit would change anything."""
    text = json.dumps(asdict(replace(rendered, metadata={})), sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class OutboxWorker:
    """Empties the outbox of one platform. It decides nothing and changes no state itself."""

    platform: Platform
    channel: Channel
    settling: Settling
    composing: Composing
    render: Render
    bell: Bell

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set; what is on the wire then is waited for."""
        busy: set[asyncio.Task[None]] = set()
        while not stop.is_set():
            heard = self.bell.rings
            claimed = await self.settling.claim(self.platform, IN_FLIGHT - len(busy))
            busy |= {asyncio.create_task(self._guarded(notice)) for notice in claimed}
            if not claimed:
                await self.bell.wait(stop, heard, LOOK_AGAIN, busy)
            busy = _still_busy(busy)
        if busy:
            await asyncio.wait(busy)
            _still_busy(busy)

    async def _guarded(self, notice: Claimed) -> None:
        """One notice that cannot be told must not stop the others: recorded, and tried again."""
        try:
            await self.deliver(notice)
        except Exception:  # the outbox worker's catch-all: DESIGN section 4
            log.exception("notice failed", notice=notice.id, kind=notice.kind)
            await self.settling.broken(notice)

    async def deliver(self, notice: Claimed) -> None:
        """Tell one notice, or find that it need not be told, and settle it."""
        composed = await self.composing.compose(notice)
        if isinstance(composed, Drop):
            await self.settling.dropped(notice, composed)
            log.info("notice dropped", notice=notice.id, reason=composed.reason)
            return
        if composed.message is None and after_doubt(notice.doubtful) is Verdict.UNCERTAIN:
            await self.settling.uncertain(notice)
            return
        rendered = self.render(self.platform, composed.contact.language, composed.data)
        rendered = replace(rendered, metadata=rendered.metadata or {"notice_id": notice.id})
        try:
            await self._put(notice, composed, rendered)
        except SendError as error:
            await self._handle(notice, composed, rendered, error)

    async def _put(self, notice: Claimed, composed: Composed, rendered: Rendered) -> None:
        address = composed.contact.address.value
        if composed.message is None:
            with before_wire(partial(self.settling.on_wire, notice)):
                ref = await self.channel.send(address, rendered, notice.lane)
            await self.settling.sent(notice, composed.contact, ref, shown(rendered))
            return
        changed = composed.message.shown != shown(rendered)
        if changed:
            await self.channel.edit(address, composed.message.ref, rendered, notice.lane)
        await self.settling.edited(notice, composed.message.id, shown(rendered), changed=changed)

    async def _handle(
        self, notice: Claimed, composed: Composed, rendered: Rendered, error: SendError
    ) -> None:
        """Do what the error says; the policy itself is pure (domain.delivery)."""
        contact: Contact = composed.contact
        log.info("notice not sent", notice=notice.id, error=type(error).__name__, detail=str(error))
        match error:
            case RetryAfter():
                await self.settling.later(notice, error.seconds)
            case InDoubt() if composed.message is None:
                await self.settling.in_doubt(notice)
            case Gone():
                await self.settling.gone(notice, contact, error.state)
            case Moved():
                await self.settling.moved(notice, contact, error.new_address)
            case Unchanged() if composed.message is not None:
                message = composed.message.id
                await self.settling.edited(notice, message, shown(rendered), changed=False)
            case MessageLost():
                await self.settling.message_lost(notice, composed)
            case Rejected():
                await self.settling.rejected(notice, str(error))
            case NotSent() | _:  # an edit in doubt too: making it again changes nothing
                await self.settling.not_sent(notice)


def _still_busy(tasks: set[asyncio.Task[None]]) -> set[asyncio.Task[None]]:
    """Those not done. A guarded task that failed met a broken database: that is raised."""
    for task in tasks:
        if task.done():
            task.result()
    return {task for task in tasks if not task.done()}
