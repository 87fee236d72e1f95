"""`/stock threshold MUG-BLUE[@main] 10 [clear 14]`: where an alert begins and ends."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.contacts import Role
from bot.domain.forms import SlackBlocks
from bot.domain.staff import Acting, BadThreshold, HelpLine, ThresholdSet
from bot.domain.stock_words import BadInput, Word, amount_of, code_and_place
from bot.render import slack_writes
from bot.services.bundle import Services
from bot.services.staff.meaning import NotMeant
from handlers.verbs.act import Verb


@dataclass(frozen=True, slots=True)
class Threshold:
    """`point` 0 switches the rule off; `clear` None leaves the default distance."""

    sku: str
    location: str
    point: int
    clear: int | None = None


def read(words: Sequence[Word]) -> Threshold | BadInput:
    if not words:
        return BadInput("usage_threshold")
    sku, location, rest = code_and_place(words)
    if not sku or len(rest) not in (1, 3) or (len(rest) == 3 and rest[1].folded != "clear"):
        return BadInput("usage_threshold")
    if rest[0].folded in ("off", "none") and len(rest) == 1:
        return Threshold(sku, location, 0)
    numbers = [amount_of(word.folded) for word in rest[::2]]
    for number in numbers:
        if number.wrong or number.number < 0:
            return BadInput(number.wrong or "negative", number.text)
    point, *clear = (number.number for number in numbers)
    return Threshold(sku, location, point, *clear)


async def run(
    services: Services, acting: Acting, request: Threshold
) -> ThresholdSet | BadThreshold | NotMeant:
    return await services.thresholds.set(
        acting, request.sku, request.location, request.point, request.clear
    )


THRESHOLD = Verb(
    role=Role.MANAGER,
    word="threshold",
    read=read,
    run=run,
    says={
        SlackBlocks: {
            ThresholdSet: slack_writes.threshold_set,
            BadThreshold: slack_writes.bad_threshold,
            **slack_writes.NOT_MEANT,
        },
    },
    help=(HelpLine("threshold MUG-BLUE 10 clear 14", "stockhelp.threshold"),),
    usage="threshold MUG-BLUE 10 clear 14",
)
