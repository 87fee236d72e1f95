"""`/stock help`, or nothing at all: what can be typed, as the rows say it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from bot.domain.contacts import Role
from bot.domain.forms import SlackBlocks
from bot.domain.staff import Acting, HelpLine, HelpText
from bot.domain.stock_words import Word
from bot.render import slack_words
from bot.services.bundle import Services
from handlers.verbs.act import Verb

WORD = "help"


@dataclass(frozen=True, slots=True)
class Help:
    """All of it."""


def help_of(rows: Iterable[Verb[Any]]) -> Verb[Help]:
    """The verb that explains these."""
    lines: tuple[HelpLine, ...] = tuple(line for verb in rows for line in verb.help)

    async def run(services: Services, acting: Acting, _: Help) -> HelpText:
        await services.members.admit(acting)
        return HelpText(lines)

    return Verb(
        role=Role.VIEWER,
        word=WORD,
        read=read,
        run=run,
        says={SlackBlocks: {HelpText: slack_words.help_text}},
        usage=WORD,
    )


def read(_: Sequence[Word]) -> Help:
    """Whatever follows is of no meaning."""
    return Help()
