"""`/stock low [main]`: what is at or under its alert level."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.contacts import Role
from bot.domain.forms import SlackBlocks
from bot.domain.staff import Acting, HelpLine, LowList
from bot.domain.stock_words import BadInput, Word
from bot.render import slack_card
from bot.services.bundle import Services
from handlers.verbs.act import Verb


@dataclass(frozen=True, slots=True)
class Low:
    location: str = ""


def read(words: Sequence[Word]) -> Low | BadInput:
    if len(words) > 1:
        return BadInput("usage_low")
    return Low((words[0].place or words[0].text) if words else "")


async def run(services: Services, acting: Acting, request: Low) -> LowList:
    return await services.looking.low(acting, request.location)


LOW = Verb(
    role=Role.VIEWER,
    word="low",
    read=read,
    run=run,
    says={SlackBlocks: {LowList: slack_card.low_list}},
    help=(HelpLine("low", "stockhelp.low"),),
    usage="low",
)
