"""`/stock health`: how the bot itself is."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.contacts import Role
from bot.domain.forms import SlackBlocks
from bot.domain.health import HealthCard
from bot.domain.staff import Acting, HelpLine
from bot.domain.stock_words import Word
from bot.render import slack_health
from bot.services.bundle import Services
from handlers.verbs.act import Verb


@dataclass(frozen=True, slots=True)
class Health:
    """All of it."""


def read(_: Sequence[Word]) -> Health:
    """Whatever follows is of no meaning."""
    return Health()


async def run(services: Services, acting: Acting, _: Health) -> HealthCard:
    return await services.watching.card(acting)


HEALTH = Verb(
    role=Role.MANAGER,
    word="health",
    read=read,
    run=run,
    says={SlackBlocks: {HealthCard: slack_health.health}},
    help=(HelpLine("health", "stockhelp.health"),),
    usage="health",
)
