"""`/stock blue mug`: whatever is no other verb is searched for, and changes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.contacts import Role
from bot.domain.forms import SlackBlocks
from bot.domain.staff import Acting, Card, HelpLine, StaffNotFound
from bot.domain.stock_words import Word, joined, signed_amount
from bot.render import slack_card
from bot.services.bundle import Services
from handlers.verbs.act import Verb

MOST_WORDS = 50  # looked at for a quantity: 4,000 characters may be as many words


@dataclass(frozen=True, slots=True)
class Search:
    """`was_write`: a quantity stood among the words; it was not done."""

    words: str
    was_write: bool = False


def read(words: Sequence[Word]) -> Search:
    later = (signed_amount(words[at:])[0] for at in range(min(len(words), MOST_WORDS)))
    return Search(joined(words), was_write=any(amount is not None for amount in later))


async def run(services: Services, acting: Acting, request: Search) -> Card | StaffNotFound:
    return await services.looking.search(acting, request.words, was_write=request.was_write)


SEARCH = Verb(
    role=Role.VIEWER,
    read=read,
    run=run,
    says={SlackBlocks: {Card: slack_card.card, StaffNotFound: slack_card.not_found}},
    help=(HelpLine("blue mug", "stockhelp.search"),),
    usage="blue mug",
)
