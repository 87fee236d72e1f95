"""`/stock role`: who is staff."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.contacts import Role
from bot.domain.forms import SlackBlocks
from bot.domain.staff import Acting, RoleList
from bot.domain.stock_words import Word
from bot.render import slack_writes
from bot.services.bundle import Services
from handlers.verbs.act import Verb


@dataclass(frozen=True, slots=True)
class Roles:
    """Everybody."""


def read(words: Sequence[Word]) -> Roles | None:
    """Anything longer gives a role."""
    if not words or (len(words) == 1 and words[0].folded == "list"):
        return Roles()
    return None


async def run(services: Services, acting: Acting, _: Roles) -> RoleList:
    return await services.members.roles(acting)


ROLES = Verb(
    role=Role.VIEWER,
    word="role",
    read=read,
    run=run,
    says={SlackBlocks: {RoleList: slack_writes.role_list}},
    usage="role",
)
