"""`/stock role @ada clerk`: make somebody staff; `none`: no longer."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.contacts import Role
from bot.domain.forms import SlackBlocks
from bot.domain.staff import Acting, HelpLine, LastAdmin, RoleSet
from bot.domain.stock_words import BadInput, Word, person_of, short
from bot.render import slack_writes
from bot.services.bundle import Services
from handlers.verbs.act import Verb

USAGE = "role @ada clerk"


@dataclass(frozen=True, slots=True)
class SetRole:
    """`person` is an address ("slack:U1", "telegram:42"); `role` None: no longer staff."""

    person: str
    role: Role | None


def read(words: Sequence[Word]) -> SetRole | BadInput:
    if len(words) != 2:
        return BadInput("usage_role")
    person, role = person_of(words[0].text), Role.from_word(words[1].folded)
    if not person:
        return BadInput("person", short(words[0].text))
    if role is None and words[1].folded != "none":
        return BadInput("role_word", short(words[1].text))
    return SetRole(person, role)


async def run(
    services: Services, acting: Acting, request: SetRole
) -> RoleSet | LastAdmin | BadInput:
    try:
        return await services.members.set_role(acting, request.person, request.role)
    except ValueError:  # it looked like an address, and there is no such way
        await services.members.admit(acting)
        return BadInput("person", short(request.person), USAGE)


ROLE = Verb(
    role=Role.ADMIN,
    word="role",
    read=read,
    run=run,
    says={SlackBlocks: {RoleSet: slack_writes.role_set, LastAdmin: slack_writes.last_admin}},
    help=(HelpLine(USAGE, "stockhelp.role"),),
    usage=USAGE,
)
