"""`/stock link`: a code that makes somebody one person in Slack and Telegram; `link CODE` gives it.

Telegram's /link is the same act.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.forms import SlackBlocks
from bot.domain.joining import CodeGiven, Joined, NothingParted, Parted, Refusal, ToldHere
from bot.domain.staff import Acting, HelpLine
from bot.domain.stock_words import Word
from bot.render import slack_joining
from bot.services.bundle import Services
from handlers.verbs.act import Verb

UNDO, HERE = "undo", "here"
Linked = CodeGiven | Joined | Refusal | Parted | NothingParted | ToldHere


@dataclass(frozen=True, slots=True)
class Link:
    """`words`: nothing, a code as it was typed, or one of the words above."""

    words: str = ""


def read(words: Sequence[Word]) -> Link:
    return Link(" ".join(word.text for word in words))


async def run(services: Services, acting: Acting, request: Link) -> Linked:
    words = request.words.strip()
    if not words:
        return await services.joining.code(acting.caller, acting.key)
    if words.casefold() == UNDO:
        return await services.parting.undo(acting)
    if words.casefold() == HERE:
        return await services.parting.told_here(acting.caller)
    return await services.joining.join(acting, words)


LINK = Verb(
    role=None,
    word="link",
    read=read,
    run=run,
    says={
        SlackBlocks: {
            CodeGiven: slack_joining.code_given,
            Joined: slack_joining.joined,
            Refusal: slack_joining.refused,
            Parted: slack_joining.parted,
            NothingParted: slack_joining.nothing_parted,
            ToldHere: slack_joining.told_here,
        },
    },
    help=(HelpLine("link", "stockhelp.link"),),
    usage="link",
)
