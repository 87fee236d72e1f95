"""What every handler works with, and who is asking."""

from dataclasses import dataclass

from bot.domain.contacts import Caller
from bot.render.voice import View
from bot.services.bundle import Services
from handlers.telegram.answer import Answers
from handlers.telegram.incoming import Press


@dataclass(frozen=True, slots=True)
class Desk:
    """The services, the words and the way to answer."""

    services: Services
    view: View
    answers: Answers

    async def language(self, caller: Caller) -> str:
        """The language code to answer this person in."""
        return await self.services.people.language(caller)


@dataclass(frozen=True, slots=True)
class Asked:
    """Somebody typed something in the private chat. `words` follow the command; `key` is the
    effect's."""

    caller: Caller
    words: str
    key: str


@dataclass(frozen=True, slots=True)
class Pressed:
    """Somebody pressed a button."""

    caller: Caller
    press: Press
    key: str
