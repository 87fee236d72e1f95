"""`/stock MUG-BLUE[@main]`: look it up."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.contacts import Role
from bot.domain.forms import SlackBlocks
from bot.domain.staff import Acting, Card, HelpLine, StaffNotFound, WhichLocation
from bot.domain.stock_words import QUERY_LENGTH, Word, code_and_place, joined
from bot.render import slack_card, slack_writes
from bot.services.bundle import Services
from handlers.verbs.act import Verb


@dataclass(frozen=True, slots=True)
class Show:
    """`words` is what was typed, for a search when no such code exists."""

    sku: str
    location: str = ""
    words: str = ""


def read(words: Sequence[Word]) -> Show | None:
    sku, location, rest = code_and_place(words)
    if rest or not sku or len(sku) > QUERY_LENGTH:
        return None
    return Show(sku, location, joined(words))


async def run(
    services: Services, acting: Acting, request: Show
) -> Card | StaffNotFound | WhichLocation:
    return await services.looking.show(acting, request.sku, request.words, request.location)


SHOW = Verb(
    role=Role.VIEWER,
    read=read,
    run=run,
    says={SlackBlocks: {Card: slack_card.card, **slack_writes.NOT_MEANT}},
    help=(HelpLine("MUG-BLUE", "stockhelp.show"),),
    usage="MUG-BLUE",
)
