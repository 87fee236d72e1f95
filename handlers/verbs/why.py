"""`/stock why MUG-BLUE`: the sums behind an alert and a message, or behind none."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.contacts import Role
from bot.domain.forms import SlackBlocks
from bot.domain.staff import Acting, HelpLine, StaffNotFound, StaffWhy
from bot.domain.stock_words import QUERY_LENGTH, BadInput, Word, code_and_place, joined
from bot.render import slack_card, slack_why
from bot.services.bundle import Services
from handlers.verbs.act import Verb


@dataclass(frozen=True, slots=True)
class Why:
    sku: str


def read(words: Sequence[Word]) -> Why | BadInput:
    if not words:
        return BadInput("usage_why")
    sku, _, rest = code_and_place(words)
    return Why(joined(words) if rest or not sku else sku[:QUERY_LENGTH])


async def run(services: Services, acting: Acting, request: Why) -> StaffWhy | StaffNotFound:
    return await services.looking.why(acting, request.sku)


WHY = Verb(
    role=Role.VIEWER,
    word="why",
    read=read,
    run=run,
    says={SlackBlocks: {StaffWhy: slack_why.why, StaffNotFound: slack_card.not_found}},
    help=(HelpLine("why MUG-BLUE", "stockhelp.why"),),
    usage="why MUG-BLUE",
)
