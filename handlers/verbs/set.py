"""`/stock MUG-BLUE[@main] =40 [reason]`: what was counted."""

from collections.abc import Sequence

from bot.domain.contacts import Role
from bot.domain.forms import SlackBlocks
from bot.domain.staff import Acting, HelpLine
from bot.domain.stock_words import BadInput, Word, Written, written
from bot.render import slack_writes
from bot.services.bundle import Services
from bot.services.staff.meaning import NotMeant
from bot.services.staff.writing import Wrote
from handlers.verbs.act import Verb


def read(words: Sequence[Word]) -> Written | BadInput | None:
    return written(words, "=")


async def run(services: Services, acting: Acting, request: Written) -> Wrote | NotMeant:
    return await services.writing.set_to(
        acting, request.sku, request.location, request.number, request.reason
    )


SET = Verb(
    role=Role.CLERK,
    read=read,
    run=run,
    says={SlackBlocks: slack_writes.WROTE | slack_writes.NOT_MEANT},
    help=(
        HelpLine("MUG-BLUE =40", "stockhelp.set"),
        HelpLine("MUG-BLUE@main +5", "stockhelp.location"),  # both ways of writing name a place so
    ),
    usage="MUG-BLUE =40",
)
