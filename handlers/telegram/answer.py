"""How handlers answer: the only place among them that sends, edits or ends a press."""

from typing import Protocol

import structlog

from bot.domain.contacts import Address
from bot.domain.forms import TelegramHtml
from bot.domain.notices import Lane
from bot.domain.sending import Gone, MessageLost, Moved, Rejected, Unchanged
from bot.services.people.people import People
from handlers.telegram.incoming import Press

log = structlog.get_logger(__name__)


class Wire(Protocol):
    """What answers need of the Telegram channel. All of it may raise SendError."""

    async def send(self, address: str, rendered: TelegramHtml, lane: Lane) -> str: ...

    async def edit(self, address: str, ref: str, rendered: TelegramHtml, lane: Lane) -> None: ...

    async def send_document(
        self, address: str, name: str, content: bytes, caption: TelegramHtml, lane: Lane
    ) -> str: ...

    async def answer_press(
        self, press_id: str, words: str = "", *, alert: bool = False
    ) -> bool: ...


class Answers:
    """Answers go out at once, in their own lane.

    Who is gone, what is lost and what cannot be sent is settled here. What may work later (no
    connection, "too many requests", no answer) is raised: the inbox then tries the update again,
    and the services answer as they did the first time.
    """

    def __init__(self, wire: Wire, people: People) -> None:
        self._wire = wire
        self._people = people

    async def say(self, to: Address, rendered: TelegramHtml) -> None:
        """Post a new message."""
        try:
            await self._wire.send(to.value, rendered, Lane.REPLY)
        except Moved as moved:
            new = Address(to.way, moved.new_address)
            await self._people.moved(to, new)
            await self._wire.send(new.value, rendered, Lane.REPLY)
        except Gone:
            await self._people.blocked(to)
        except Rejected as refused:
            log.warning("answer refused", reason=str(refused))

    async def show(self, press: Press, rendered: TelegramHtml) -> None:
        """Make the message whose button was pressed show this; if it is lost, post it anew."""
        if press.message_ref is None:
            await self.say(press.chat, rendered)
            return
        try:
            await self._wire.edit(press.chat.value, press.message_ref, rendered, Lane.REPLY)
        except Unchanged:
            log.debug("answer unchanged")
        except (MessageLost, Moved):
            await self.say(press.chat, rendered)
        except Gone:
            await self._people.blocked(press.chat)
        except Rejected as refused:
            log.warning("answer refused", reason=str(refused))

    async def close(self, press: Press, words: str = "", *, alert: bool = False) -> None:
        """End the wait that the button shows, with a few words or none. Once for each press."""
        if not await self._wire.answer_press(press.id, words, alert=alert):
            log.debug("press too old")

    async def document(self, to: Address, name: str, content: str, caption: TelegramHtml) -> None:
        """Post a text file with a short text under it."""
        try:
            await self._wire.send_document(to.value, name, content.encode(), caption, Lane.REPLY)
        except Gone:
            await self._people.blocked(to)
        except Rejected as refused:
            log.warning("answer refused", reason=str(refused))
