"""`/stock undo [12]`: take back the last move, or the one with this number."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.contacts import Role
from bot.domain.forms import SlackBlocks
from bot.domain.staff import Acting, HelpLine, NothingToUndo, Undone
from bot.domain.stock_words import BadInput, Word, amount_of, short
from bot.render import slack_writes
from bot.services.bundle import Services
from handlers.verbs.act import Verb


@dataclass(frozen=True, slots=True)
class Undo:
    """`move_id` None: the caller's last move."""

    move_id: int | None = None


def read(words: Sequence[Word]) -> Undo | BadInput:
    if not words:
        return Undo()
    number = amount_of(words[0].folded.removeprefix("#"))
    if len(words) > 1:
        return BadInput("usage_undo")
    if number.wrong or number.number < 1:
        return BadInput("move_number", short(words[0].text))
    return Undo(number.number)


async def run(services: Services, acting: Acting, request: Undo) -> Undone | NothingToUndo:
    return await services.undoing.undo(acting, request.move_id)


UNDO = Verb(
    role=Role.CLERK,
    word="undo",
    read=read,
    run=run,
    says={
        SlackBlocks: {Undone: slack_writes.undone, NothingToUndo: slack_writes.nothing_to_undo},
    },
    help=(HelpLine("undo", "stockhelp.undo"),),
    usage="undo",
)
